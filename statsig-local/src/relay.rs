//! The connection to an upstream: downloads while it exists, and forwards events.

use std::hash::{BuildHasher, RandomState};

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use statsig::Statsig;
use statsig::transport::{Endpoint, HttpTransport, Method, Request, Transport};

use crate::limits::{MAX_HOPS, MAX_UPSTREAM_ANSWER_BYTES, UPSTREAM_LIMIT};

/// The headers that describe a batch of events.
const EVENT_HEADERS: [&str; 10] = [
    "content-encoding",
    "content-type",
    "statsig-api-key",
    "statsig-client-time",
    "statsig-event-count",
    "statsig-retry-count",
    "statsig-sdk-type",
    "statsig-sdk-version",
    "statsig-server-session-id",
    "x-request-service",
];

/// The header with the names of the local Statsigs that forwarded a batch, separated by commas, the
/// first one first.
const HOPS_HEADER: &str = "statsig-local-hops";

/// The connection to an upstream.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Downloads while it exists.
    _client: Statsig,
    transport: HttpTransport,
    log_event_url: String,
    hop: Hop,
}

impl Relay {
    pub(crate) fn new(client: Statsig, log_event_url: String) -> Self {
        Self {
            _client: client,
            transport: HttpTransport::default(),
            log_event_url,
            hop: Hop::new(),
        }
    }

    /// Forwards events and returns the upstream's answer. Returns 502 if there is no answer, and
    /// 508 if the events have passed through this server before.
    pub(crate) async fn forward(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        body: Bytes,
    ) -> Response {
        let Some(hops) = self.hop.following(headers) else {
            return StatusCode::LOOP_DETECTED.into_response();
        };
        let headers = EVENT_HEADERS.into_iter().filter_map(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((name, value))
        });
        // A client SDK describes its events there.
        let url = match query {
            Some(query) => format!("{}?{query}", self.log_event_url),
            None => self.log_event_url.clone(),
        };
        let request = Request::new(Endpoint::Events, Method::Post, &url)
            .headers(headers.collect())
            .header(HOPS_HEADER, hops)
            .body(body)
            .timeout(UPSTREAM_LIMIT)
            .max_response_bytes(MAX_UPSTREAM_ANSWER_BYTES);
        let Ok(answer) = self.transport.send(request).await else {
            return StatusCode::BAD_GATEWAY.into_response();
        };
        let status = StatusCode::from_u16(answer.status);
        let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = (status, answer.body).into_response();
        // The other headers describe the connection that ends here.
        for name in ["content-type", "retry-after"] {
            let value = answer.headers.get(name);
            if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// The random name of one local Statsig. Names reveal upstreams that form a circle.
#[derive(Debug)]
struct Hop(String);

impl Hop {
    fn new() -> Self {
        // The seeds of this hasher are random.
        Self(format!("{:016x}", RandomState::new().hash_one(0_u8)))
    }

    /// The header for forwarding; `None` if the events came through here before, or through too
    /// many servers.
    fn following(&self, headers: &HeaderMap) -> Option<String> {
        let mut hops: Vec<&str> = headers
            .get_all(HOPS_HEADER)
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
        [(HOPS_HEADER.parse().unwrap(), hops.parse().unwrap())]
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
