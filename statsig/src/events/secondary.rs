//! Nested gates logged as exposures of their own, which the service rolls out by a number of its own.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::hash::leading_u64;

/// The flag that takes part, followed by an id.
const FLAG: &str = "sec_expo_as_primary:";
/// The rollout counts in so many parts.
const BUCKETS: u64 = 1_000;

/// Which part of the rollout a client with these flags belongs to; `None` if to none.
pub(crate) fn rollout_bucket(flags: &BTreeSet<String>) -> Option<u64> {
    let mut ids = flags.iter().filter_map(|flag| flag.strip_prefix(FLAG));
    // The set is in order, so the smallest id comes first.
    let id = ids.find(|id| !id.is_empty())?;
    Some(leading_u64(&Sha256::digest(id)) % BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(flags: &[&str]) -> Option<u64> {
        rollout_bucket(&flags.iter().map(|flag| (*flag).to_owned()).collect())
    }

    #[test]
    fn the_bucket_comes_from_the_smallest_id() {
        assert_eq!(bucket(&["sec_expo_as_primary:abc123"]), Some(307));
        let several = [
            "sec_expo_as_primary:xyz",
            "sec_expo_as_primary:abc123",
            "sec_expo_as_primary:",
        ];
        assert_eq!(bucket(&several), Some(307));
        assert_eq!(bucket(&["sec_expo_as_primary:", "other:abc123"]), None);
        assert_eq!(bucket(&[]), None);
    }
}
