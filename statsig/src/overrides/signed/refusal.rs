//! Why a service refuses overrides.

/// The longest token, in bytes. It fits into a header and a cookie.
pub const MAX_TOKEN_BYTES: usize = 4_000;

/// Why a service refuses the overrides of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideRefusal {
    /// The token is longer than [`MAX_TOKEN_BYTES`].
    #[error("expected a token of at most {MAX_TOKEN_BYTES} bytes, found a longer one")]
    Oversized,
    /// The text is no token of a known version.
    #[error("expected a token as `statsig-local sign` writes it, found another text")]
    Malformed,
    /// None of the keys made the signature.
    #[error("expected the signature of an accepted key, found another signature")]
    Forged,
    /// The token is for another audience.
    #[error("expected a token for this audience, found one for another")]
    Foreign,
    /// The token has expired.
    #[error("expected a token that has not expired, found an expired one")]
    Expired,
    /// The service does not let this request have overrides.
    #[error("expected a request that may have overrides, found one that may not")]
    NotAuthorized,
}

impl OverrideRefusal {
    /// All reasons.
    pub const ALL: [Self; 6] = [
        Self::Oversized,
        Self::Malformed,
        Self::Forged,
        Self::Foreign,
        Self::Expired,
        Self::NotAuthorized,
    ];

    /// The reason as one word, for headers and metrics: `oversized`, `malformed`, `forged`,
    /// `foreign`, `expired` or `not_authorized`.
    ///
    /// ```
    /// use statsig::overrides::signed::OverrideRefusal;
    ///
    /// assert_eq!(OverrideRefusal::Expired.as_str(), "expired");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oversized => "oversized",
            Self::Malformed => "malformed",
            Self::Forged => "forged",
            Self::Foreign => "foreign",
            Self::Expired => "expired",
            Self::NotAuthorized => "not_authorized",
        }
    }
}
