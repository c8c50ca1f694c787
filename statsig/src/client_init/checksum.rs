//! Identifies what a response contains: the same for equal content, on every server that runs this version.

use sha2::{Digest, Sha256};

use crate::hash::leading_u64;

/// The checksum of a text: 64 bits, as decimal text.
pub(super) fn checksum_of(text: &str) -> String {
    leading_u64(&Sha256::digest(text)).to_string()
}
