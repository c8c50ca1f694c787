//! The names of the local Statsigs that forwarded a batch of events. They reveal upstreams that
//! form a circle.

use std::hash::{BuildHasher, RandomState};

use axum::http::HeaderMap;

use crate::limits::MAX_HOPS;

/// The header with the names, separated by commas, the first one first.
pub(crate) const HEADER: &str = "statsig-local-hops";

/// The random name of one local Statsig.
#[derive(Debug, Clone)]
pub(crate) struct Hop(String);

impl Hop {
    pub(crate) fn new() -> Self {
        // The seeds of this hasher are random.
        Self(format!("{:016x}", RandomState::new().hash_one(0_u8)))
    }

    /// The header for forwarding; `None` if the events came through here before, or through too
    /// many servers.
    pub(crate) fn following(&self, headers: &HeaderMap) -> Option<String> {
        let mut hops: Vec<&str> = headers
            .get_all(HEADER)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        if hops.contains(&self.0.as_str()) || hops.len() >= MAX_HOPS {
            return None;
        }
        hops.push(&self.0);
        Some(hops.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(hops: &str) -> HeaderMap {
        [(HEADER.parse().unwrap(), hops.parse().unwrap())]
            .into_iter()
            .collect()
    }

    #[test]
    fn events_that_come_back_or_came_too_far_are_not_sent_on() {
        let (near, far) = (Hop::new(), Hop::new());
        let once = near.following(&HeaderMap::new()).unwrap();
        let twice = far.following(&headers(&once)).unwrap();
        assert_eq!(twice.split(", ").count(), 2);
        assert_eq!(near.following(&headers(&twice)), None);
        assert_eq!(far.following(&headers(&twice)), None);

        let chain = |hops: usize| headers(&vec!["x"; hops].join(","));
        assert!(near.following(&chain(MAX_HOPS - 1)).is_some());
        assert_eq!(near.following(&chain(MAX_HOPS)), None);
    }
}
