//! Verifies tokens with overrides.

use super::Statsig;
use crate::overrides::RequestOverrides;
use crate::overrides::signed::{OverrideRefusal, OverrideVerifier};

impl Statsig {
    /// The overrides of a [signed token](crate::overrides::signed), at the time of the client's
    /// clock. Pass them to [`PinnedStatsig::with_overrides`](crate::PinnedStatsig::with_overrides).
    ///
    /// ```
    /// use statsig::overrides::signed::{OverrideKey, OverrideRefusal, OverrideVerifier};
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let key = OverrideKey::new("9hTq1sW0bN3kD7xV5yR2cF8mJ4gL6pZa")?;
    /// let verifier = OverrideVerifier::new([key], "checkout/staging");
    /// let refusal = statsig.verify_overrides("a-token", &verifier).unwrap_err();
    /// assert_eq!(refusal, OverrideRefusal::Malformed);
    /// # Ok::<(), statsig::overrides::signed::OverrideKeyError>(())
    /// ```
    ///
    /// # Errors
    /// When the token is too long, is malformed, has no valid signature, is for another audience, or
    /// has expired. If several apply, the error names the first in this order.
    pub fn verify_overrides(
        &self,
        token: &str,
        verifier: &OverrideVerifier,
    ) -> Result<RequestOverrides, OverrideRefusal> {
        verifier.verify(token, self.now_ms())
    }

    /// The time of the client's clock, in epoch milliseconds.
    #[doc(hidden)]
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.inner.shared.clock.now_ms()
    }
}
