//! The responses to requests.

use std::borrow::Cow;
use std::fmt::{self, Debug};

use bytes::Bytes;

use super::headers::Headers;

/// One HTTP response, body included and decompressed. `Debug` shows the size of the body only.
///
/// ```
/// use statsig::transport::Response;
///
/// let response = Response::new(200, r#"{"has_updates": false}"#)
///     .header("content-type", "application/json");
/// assert_eq!(response.headers.get("content-type"), Some("application/json"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers. `HttpTransport` leaves out values that are not text.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// A response without headers.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Headers::new(),
            body: body.into(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Sets all headers.
    #[must_use]
    pub fn headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }
}

impl Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
