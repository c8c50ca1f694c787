//! The text of a token: version, signature and claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::key::{OverrideKey, SIGNATURE_BYTES};
use super::refusal::{MAX_TOKEN_BYTES, OverrideRefusal};
use crate::overrides::RequestOverrides;

const VERSION: u8 = 1;

/// The content of a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "claims have no effect until they are signed"]
pub struct OverrideClaims {
    pub(super) audience: String,
    pub(super) expires_at_ms: u64,
    pub(super) overrides: RequestOverrides,
}

/// Overrides do not fit into a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a token of at most {MAX_TOKEN_BYTES} bytes, found {found}; force less")]
#[non_exhaustive]
pub struct SignOverridesError {
    /// The length of the token, in bytes.
    pub found: usize,
}

impl OverrideClaims {
    /// Overrides for services with this audience, until this time in epoch milliseconds.
    ///
    /// An audience is a text that a service and the makers of its tokens agree on, such as the name
    /// of the service with its environment.
    pub fn new(
        audience: impl Into<String>,
        expires_at_ms: u64,
        overrides: RequestOverrides,
    ) -> Self {
        Self {
            audience: audience.into(),
            expires_at_ms,
            overrides,
        }
    }

    /// The token with these claims.
    ///
    /// # Errors
    /// When the token would be longer than [`MAX_TOKEN_BYTES`].
    pub fn sign(&self, key: &OverrideKey) -> Result<String, SignOverridesError> {
        // Texts, numbers and JSON values can always be written.
        let claims = serde_json::to_vec(self).unwrap_or_default();
        let mut bytes = Vec::with_capacity(1 + SIGNATURE_BYTES + claims.len());
        bytes.push(VERSION);
        bytes.extend(key.sign(VERSION, &claims));
        bytes.extend(claims);
        let token = URL_SAFE_NO_PAD.encode(bytes);
        if token.len() > MAX_TOKEN_BYTES {
            return Err(SignOverridesError { found: token.len() });
        }
        Ok(token)
    }

    /// The claims of a token that one of the keys signed.
    pub(super) fn of(token: &str, keys: &[OverrideKey]) -> Result<Self, OverrideRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(OverrideRefusal::Oversized);
        }
        let malformed = OverrideRefusal::Malformed;
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| malformed)?;
        let (version, rest) = bytes.split_first().ok_or(malformed)?;
        if *version != VERSION {
            return Err(malformed);
        }
        let (signature, claims) = rest.split_at_checked(SIGNATURE_BYTES).ok_or(malformed)?;
        // Before the signature is verified, nothing reads the claims.
        if !(keys.iter()).any(|key| key.has_signed(VERSION, claims, signature)) {
            return Err(OverrideRefusal::Forged);
        }
        serde_json::from_slice(claims).map_err(|_| malformed)
    }
}
