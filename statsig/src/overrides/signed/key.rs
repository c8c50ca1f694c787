//! The secret that signs and verifies tokens.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Is part of each signature, so that signatures of other uses of the same key are never valid.
const PURPOSE: &[u8] = b"statsig-overrides";

/// The length of a signature, in bytes.
pub(super) const SIGNATURE_BYTES: usize = 32;

/// A secret that signs tokens and verifies them. `Debug` does not show it.
///
/// Everybody who has it can force any gate and parameter of the services that accept it. Make it
/// with a random generator, such as `openssl rand -base64 32`.
#[derive(Clone)]
pub struct OverrideKey(Hmac<Sha256>);

/// A secret is too short for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a key of at least {} bytes, found {found}; make one with `openssl rand -base64 32`",
    OverrideKey::MIN_BYTES
)]
#[non_exhaustive]
pub struct OverrideKeyError {
    /// The length of the secret, in bytes.
    pub found: usize,
}

impl OverrideKey {
    /// The shortest secret, in bytes.
    pub const MIN_BYTES: usize = 32;

    /// A key from a secret: a text or bytes. White space at its ends, such as the line break of a
    /// file, is not part of it.
    ///
    /// ```
    /// use statsig::overrides::signed::OverrideKey;
    ///
    /// assert!(OverrideKey::new("9hTq1sW0bN3kD7xV5yR2cF8mJ4gL6pZa\n").is_ok());
    /// assert!(OverrideKey::new("too short").is_err());
    /// ```
    ///
    /// # Errors
    /// When the secret has fewer than [`MIN_BYTES`](Self::MIN_BYTES) bytes.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, OverrideKeyError> {
        let secret = secret.as_ref().trim_ascii();
        let too_short = OverrideKeyError {
            found: secret.len(),
        };
        if secret.len() < Self::MIN_BYTES {
            return Err(too_short);
        }
        // It accepts every length.
        let state = Hmac::new_from_slice(secret).map_err(|_| too_short)?;
        Ok(Self(state))
    }

    fn over(&self, version: u8, claims: &[u8]) -> Hmac<Sha256> {
        self.0
            .clone()
            .chain_update(PURPOSE)
            .chain_update([version])
            .chain_update(claims)
    }

    pub(super) fn sign(&self, version: u8, claims: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.over(version, claims).finalize().into_bytes().into()
    }

    /// Whether this key made the signature. Takes the same time for each wrong signature.
    pub(super) fn has_signed(&self, version: u8, claims: &[u8], signature: &[u8]) -> bool {
        self.over(version, claims).verify_slice(signature).is_ok()
    }
}

impl fmt::Debug for OverrideKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverrideKey").finish_non_exhaustive()
    }
}
