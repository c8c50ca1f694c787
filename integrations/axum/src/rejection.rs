//! The rejection of the extractors.

use std::fmt;

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;

/// The rejection for a request that passed no [`FlagsLayer`](crate::FlagsLayer): a mistake in the
/// router, so the response is a 500 that names the layer.
///
/// ```
/// use statsig_axum::Flags;
///
/// let missing = Flags::from_extensions(&http::Extensions::new()).unwrap_err();
/// assert_eq!(missing.status(), 500);
/// assert!(missing.body_text().contains("FlagsLayer"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingFlagsLayer;

impl MissingFlagsLayer {
    const BODY: &str = "Expected a request that passed `statsig_axum::FlagsLayer`, found one that did not. \
         Add `.layer(FlagsLayer::new(statsig))` to the router, after its routes and after \
         layers that need it, such as `RequireGate`.";

    /// The text of the response.
    #[must_use]
    pub fn body_text(&self) -> String {
        self.to_string()
    }

    /// The status of the response: 500.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

impl fmt::Display for MissingFlagsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::BODY)
    }
}

impl std::error::Error for MissingFlagsLayer {}

impl IntoResponse for MissingFlagsLayer {
    fn into_response(self) -> Response {
        // The target and the fields of axum's own rejections.
        tracing::event!(
            target: "axum::rejection",
            tracing::Level::TRACE,
            status = self.status().as_u16(),
            body = Self::BODY,
            rejection_type = std::any::type_name::<Self>(),
            "rejecting request",
        );
        (self.status(), Self::BODY).into_response()
    }
}
