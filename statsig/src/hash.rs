//! The hashes that Statsig's service and SDKs agree on, and the fast ones that stay inside this process.

use std::hash::{BuildHasher, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The first eight bytes of a SHA-256, big endian: the number that every bucket is taken from.
fn leading_u64(digest: &[u8]) -> u64 {
    digest
        .iter()
        .take(8)
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// The evaluation hash of `salt.unit`, with the salt's part done in advance.
///
/// Salts are mostly longer than the 64 bytes that SHA-256 takes at once, so keeping the state behind them halves the work.
#[derive(Clone)]
pub(crate) struct SaltedHash {
    salted: Sha256,
}

impl SaltedHash {
    /// `salt` must end with the dot that separates it from the unit ID.
    pub(crate) fn new(salt: &str) -> Self {
        Self {
            salted: Sha256::new_with_prefix(salt),
        }
    }

    pub(crate) fn of(&self, unit_id: &str) -> u64 {
        leading_u64(&self.salted.clone().chain_update(unit_id).finalize())
    }
}

impl std::fmt::Debug for SaltedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaltedHash")
    }
}

/// SHA-256 in standard base64 with padding.
pub(crate) fn sha256_base64(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// The form in which ID lists hold a unit ID: the first eight characters of its SHA-256 in base64.
pub(crate) fn id_list_lookup(unit_id: &str) -> [u8; 8] {
    // Eight base64 characters stand for six bytes.
    let digest = Sha256::digest(unit_id);
    let mut lookup = [0; 8];
    let leading = digest.as_slice().get(..6).unwrap_or_default();
    // The output is exactly as long as six bytes encode to, so this cannot fail.
    let _ = STANDARD.encode_slice(leading, &mut lookup);
    lookup
}

/// djb2 over Unicode scalar values, as decimal text of its low 32 bits.
pub(crate) fn djb2(text: &str) -> String {
    djb2_number(text).to_string()
}

/// djb2 over Unicode scalar values, low 32 bits.
pub(crate) fn djb2_number(text: &str) -> u32 {
    text.chars().fold(0_u32, |hash, character| {
        hash.wrapping_mul(31).wrapping_add(u32::from(character))
    })
}

/// The hasher of maps and keys that never leave this process. Seeded anew for each process.
pub(crate) type FastState = foldhash::fast::RandomState;

/// A map keyed by text that many readers look up.
pub(crate) type FastMap<K, V> = std::collections::HashMap<K, V, FastState>;

/// A 64-bit hash of text, the same within one process.
pub(crate) fn text_hash(text: &str) -> u64 {
    let mut hasher = process_state().build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Hashes more than one thing into one number, the same within one process.
pub(crate) fn process_hasher() -> impl Hasher {
    process_state().build_hasher()
}

/// `foldhash` draws its process-wide secrets once; with a fixed seed on top, equal input gives equal output everywhere in it.
fn process_state() -> foldhash::fast::FixedState {
    foldhash::fast::FixedState::with_seed(0x5747_4154_5349_4721)
}

/// Mixes one more number into a hash.
pub(crate) fn mix(hash: u64, part: u64) -> u64 {
    let mixed = (hash ^ part.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_come_from_the_leading_bytes_of_sha256() {
        let of = |salt: &str, unit: &str| SaltedHash::new(salt).of(unit);
        assert_eq!(of("", ""), 0xE3B0_C442_98FC_1C14);
        assert_eq!(of("", "unicode 🗻"), 0xD460_740C_1295_9D83);
        assert_eq!(of("spec_salt.rule_salt.", "user_1"), 0x1c70_10e6_00b2_1d74);
        assert_eq!(of("spec_salt..", "user_1") % 10_000, 1738);
    }

    #[test]
    fn names_hash_as_other_sdks_hash_them() {
        assert_eq!(djb2("test_public"), "3968762550");
        assert_eq!(djb2("🗻"), "128507");
        assert_eq!(
            sha256_base64("test_public"),
            "cPaGkTiRBuP1SfwoxRtTvhT6Vxpa4v/342Z1N0pXUlc="
        );
    }

    #[test]
    fn id_lists_hold_the_start_of_the_base64() {
        for (id, lookup) in [
            ("123", "pmWkWSBC"),
            ("Marcos", "2Tv4fIVX"),
            ("a-user", "Z/hEKLio"),
        ] {
            assert_eq!(id_list_lookup(id), lookup.as_bytes());
            assert_eq!(&sha256_base64(id)[..8], lookup);
        }
    }
}
