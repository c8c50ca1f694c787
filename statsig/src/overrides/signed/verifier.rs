//! What a service accepts.

use super::key::OverrideKey;
use super::refusal::OverrideRefusal;
use super::token::OverrideClaims;
use crate::overrides::RequestOverrides;

/// The keys and the audience of a service.
///
/// To change the key, add the new one to the services, sign
/// with it, and remove the old one when its last token has expired. Without keys, the verifier
/// refuses every token.
#[derive(Debug, Clone)]
pub struct OverrideVerifier {
    keys: Vec<OverrideKey>,
    audience: String,
}

impl OverrideVerifier {
    /// Accepts tokens that one of these keys signed for this audience.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = OverrideKey>, audience: impl Into<String>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            audience: audience.into(),
        }
    }

    /// The overrides of a token, at this time in epoch milliseconds.
    pub(crate) fn verify(
        &self,
        token: &str,
        now_ms: u64,
    ) -> Result<RequestOverrides, OverrideRefusal> {
        let claims = OverrideClaims::of(token, &self.keys)?;
        if claims.audience != self.audience {
            return Err(OverrideRefusal::Foreign);
        }
        if claims.expires_at_ms <= now_ms {
            return Err(OverrideRefusal::Expired);
        }
        Ok(claims.overrides.bounded())
    }
}
