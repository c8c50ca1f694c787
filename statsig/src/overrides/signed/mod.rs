//! Signed tokens that carry the overrides of a request (feature `signed-overrides`).
//!
//! A tester sends a token with a request. The service verifies it
//! ([`Statsig::verify_overrides`](crate::Statsig::verify_overrides)) and serves the request with a
//! [pinned client that has these overrides](crate::PinnedStatsig::with_overrides). `statsig-axum`
//! does this for axum and tower services, and `statsig-local sign` makes tokens.
//!
//! ```
//! use statsig::overrides::RequestOverrides;
//! use statsig::overrides::signed::{OverrideClaims, OverrideKey, OverrideVerifier};
//!
//! # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
//! # use statsig::clock::{Clock, SystemClock};
//! # let now_ms = SystemClock.now_ms();
//! let secret = "9hTq1sW0bN3kD7xV5yR2cF8mJ4gL6pZa"; // from a secret store
//! let overrides = RequestOverrides::new().gate("new_checkout", true);
//! let in_one_hour_ms = now_ms + 3_600_000;
//! let claims = OverrideClaims::new("checkout/staging", in_one_hour_ms, overrides);
//! let token = claims.sign(&OverrideKey::new(secret)?)?;
//!
//! let verifier = OverrideVerifier::new([OverrideKey::new(secret)?], "checkout/staging");
//! let tester = statsig.pin().with_overrides(statsig.verify_overrides(&token, &verifier)?);
//! # let user = statsig::StatsigUser::with_user_id("a-user");
//! assert!(tester.check_gate(&user, "new_checkout"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The token
//!
//! A token is base64url text without padding, of at most [`MAX_TOKEN_BYTES`] bytes. It encodes a
//! version byte (1), a signature of 32 bytes, and the claims as JSON:
//!
//! ```json
//! {
//!   "audience": "checkout/staging",
//!   "expires_at_ms": 1800000000000,
//!   "overrides": {
//!     "gates": {"new_checkout": true},
//!     "layers": {"promo": {"title": "Hi"}}
//!   }
//! }
//! ```
//!
//! The signature is HMAC-SHA256 of the text `statsig-overrides`, the version byte and the JSON, one
//! after the other. The claims are signed, not encrypted: everybody who has the token can read
//! them. A token can be used again until it expires. To end it earlier, remove its key from the
//! verifier.

mod key;
mod refusal;
#[cfg(test)]
mod tests;
mod token;
mod verifier;

pub use key::{OverrideKey, OverrideKeyError};
pub use refusal::{MAX_TOKEN_BYTES, OverrideRefusal};
pub use token::{OverrideClaims, SignOverridesError};
pub use verifier::OverrideVerifier;
