//! The rollout of nested gates as exposures of their own, which the service controls by a number.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::hash::leading_u64;

/// The prefix of the flag that takes part in the rollout; an ID follows.
const FLAG: &str = "sec_expo_as_primary:";
/// The rollout has this many buckets.
const BUCKETS: u64 = 1_000;

/// The rollout bucket of a client with these flags. `None` if it does not take part.
pub(crate) fn rollout_bucket(flags: &BTreeSet<String>) -> Option<u64> {
    let mut ids = flags.iter().filter_map(|flag| flag.strip_prefix(FLAG));
    // The set is sorted, so the smallest ID comes first.
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
