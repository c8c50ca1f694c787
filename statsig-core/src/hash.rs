//! The hashes of Statsig's protocol, and the fast hashes for use inside this process.

use std::hash::{BuildHasher, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// How a client initialize response hides the names of gates, configs, experiments and layers.
///
/// Client SDKs hash a requested name in the same way. The response's `hash_used` names the
/// algorithm.
///
/// ```
/// use statsig::client_init::HashAlgorithm;
///
/// assert_eq!("sha256".parse(), Ok(HashAlgorithm::Sha256));
/// assert_eq!(HashAlgorithm::default(), HashAlgorithm::Djb2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HashAlgorithm {
    /// Plain names. Everybody who receives the response can read them.
    None,
    /// 32 bits, as decimal text. Short, and sufficient for most client SDKs.
    #[default]
    Djb2,
    /// SHA-256 in base64.
    Sha256,
}

impl HashAlgorithm {
    pub(crate) fn hash(self, text: &str) -> String {
        match self {
            Self::None => text.to_owned(),
            Self::Djb2 => djb2(text),
            Self::Sha256 => sha256_base64(text),
        }
    }

    /// The protocol's name of the algorithm.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Djb2 => "djb2",
            Self::Sha256 => "sha256",
        }
    }
}

/// A hash algorithm other than `none`, `djb2` and `sha256`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of none, djb2, sha256, found `{found}`")]
pub struct UnknownHashAlgorithm {
    found: String,
}

impl std::str::FromStr for HashAlgorithm {
    type Err = UnknownHashAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" | "None" | "NONE" => Ok(Self::None),
            "djb2" | "Djb2" | "DJB2" => Ok(Self::Djb2),
            "sha256" | "Sha256" | "SHA256" => Ok(Self::Sha256),
            _ => Err(UnknownHashAlgorithm {
                found: text.to_owned(),
            }),
        }
    }
}

/// The first eight bytes of a SHA-256, big endian. All buckets derive from this number.
#[must_use]
pub fn leading_u64(digest: &[u8]) -> u64 {
    let first = digest.first_chunk();
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The evaluation hash of `salt.unit`. The salt is hashed in advance.
///
/// Most salts are longer than one SHA-256 block of 64 bytes. Keeping the state after the salt
/// halves the work.
#[derive(Debug, Clone)]
pub struct SaltedHash {
    salted: Sha256,
}

impl SaltedHash {
    /// `salt` must end with the dot that separates it from the unit ID.
    #[must_use]
    pub fn new(salt: &str) -> Self {
        Self {
            salted: Sha256::new_with_prefix(salt),
        }
    }

    /// The hash of the salt and an ID.
    #[must_use]
    pub fn of(&self, unit_id: &str) -> u64 {
        leading_u64(&self.salted.clone().chain_update(unit_id).finalize())
    }
}

/// SHA-256 in standard base64 with padding.
#[must_use]
pub fn sha256_base64(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// A unit ID as in ID lists: the first 48 bits of its SHA-256. The protocol writes them as eight
/// characters of base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdLookup([u8; 6]);

impl IdLookup {
    pub(crate) const BITS: u32 = 48;

    /// The lookup of an ID.
    #[must_use]
    pub fn of(unit_id: &str) -> Self {
        let [a, b, c, d, e, f, ..] = Sha256::digest(unit_id).0;
        Self([a, b, c, d, e, f])
    }

    /// Reads the eight characters. Returns `None` for any other text.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        // Without this check, shorter texts with padding would be valid.
        let text: &[u8; 8] = text.try_into().ok()?;
        let mut bytes = [0; 6];
        let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
        (length == bytes.len()).then_some(Self(bytes))
    }

    /// Appends the eight characters.
    pub fn append_to(self, text: &mut String) {
        STANDARD.encode_string(self.0, text);
    }

    /// The number orders like the bytes.
    #[must_use]
    pub fn number(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}

impl Ord for IdLookup {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Comparing numbers is much faster than comparing bytes.
        self.number().cmp(&other.number())
    }
}

impl PartialOrd for IdLookup {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// djb2 over Unicode scalar values, as decimal text of its low 32 bits.
#[must_use]
pub fn djb2(text: &str) -> String {
    djb2_number(text).to_string()
}

/// djb2 over Unicode scalar values, low 32 bits.
#[must_use]
pub fn djb2_number(text: &str) -> u32 {
    text.chars().fold(0_u32, |hash, character| {
        hash.wrapping_mul(31).wrapping_add(u32::from(character))
    })
}

/// The hasher for maps and keys inside this process. Each process has a new seed.
pub type FastState = foldhash::fast::RandomState;

/// A map with text keys and many readers.
pub type FastMap<K, V> = std::collections::HashMap<K, V, FastState>;

/// A 64-bit hash of text. It is stable within one process.
#[inline]
#[must_use]
pub fn text_hash(text: &str) -> u64 {
    let mut hasher = process_state().build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// A hasher that combines several values into one number. It is stable within one process.
#[must_use]
pub fn process_hasher() -> impl Hasher {
    process_state().build_hasher()
}

/// `foldhash` draws its secrets once per process. With a fixed seed, equal input gives equal output
/// everywhere in the process.
fn process_state() -> foldhash::fast::FixedState {
    foldhash::fast::FixedState::with_seed(0x5747_4154_5349_4721)
}

/// Mixes one more number into a hash.
#[inline]
#[must_use]
pub fn mix(hash: u64, part: u64) -> u64 {
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
        for (id, text) in [
            ("123", "pmWkWSBC"),
            ("Marcos", "2Tv4fIVX"),
            ("a-user", "Z/hEKLio"),
        ] {
            let lookup = IdLookup::of(id);
            assert_eq!(IdLookup::parse(text.as_bytes()), Some(lookup));
            let mut written = String::new();
            lookup.append_to(&mut written);
            assert_eq!(written, text);
            assert_eq!(&sha256_base64(id)[..8], text);
        }
        for text in [
            "",
            "2Tv4fIV",
            "2Tv4fIVXX",
            "2Tv4fIV=",
            "2Tv4fI==",
            "2Tv4-IVX",
        ] {
            assert_eq!(IdLookup::parse(text.as_bytes()), None, "{text}");
        }
        assert!(IdLookup::parse(b"AAAAAAAB") < IdLookup::parse(b"AAABAAAA"));
    }
}
