//! The requests of the SDK.

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::time::Duration;

use bytes::Bytes;

use super::address;
use super::headers::Headers;

/// The default time limit of a request.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The default limit of a response body.
const DEFAULT_MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// The purpose of a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// Downloads specs.
    Specs,
    /// Downloads the manifest of the ID lists.
    IdLists,
    /// Downloads the file of an ID list, or a part of it.
    IdListFile,
    /// Posts events.
    Events,
    /// Asks which ID lists a user is in.
    UserEnrichment,
    /// Another purpose. The SDK sends no such request.
    Other,
}

/// The method of a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// One HTTP request.
///
/// `Debug` hides the SDK key, which is in a header and in the path of specs requests.
///
/// ```
/// use std::time::Duration;
/// use statsig::transport::{Endpoint, Method, Request};
///
/// let request = Request::new(Endpoint::Other, Method::Post, "https://example.com/v1/hook")
///     .header("content-type", "application/json")
///     .body("{}")
///     .timeout(Duration::from_secs(3));
/// assert_eq!(request.headers.get("content-type"), Some("application/json"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The purpose of the request.
    pub endpoint: Endpoint,
    /// The method.
    pub method: Method,
    /// The complete URL, query included.
    pub url: String,
    /// The headers. The SDK writes their names in lower case.
    pub headers: Headers,
    /// The body; may be empty.
    pub body: Bytes,
    /// The time limit for the whole exchange, response body included.
    pub timeout: Duration,
    /// The largest response body to accept, in bytes, after decompression.
    pub max_response_bytes: usize,
}

impl Request {
    /// A request without headers or body, with a time limit of 10 s and a limit of 64 MiB for the
    /// response.
    pub fn new(endpoint: Endpoint, method: Method, url: impl Into<String>) -> Self {
        Self {
            endpoint,
            method,
            url: url.into(),
            headers: Headers::new(),
            body: Bytes::new(),
            timeout: DEFAULT_TIMEOUT,
            max_response_bytes: DEFAULT_MAX_RESPONSE_BYTES,
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

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the time limit for the whole exchange. Default: 10 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the largest response body to accept, in bytes. Default: 64 MiB.
    #[must_use]
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }
}

impl Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("endpoint", &self.endpoint)
            .field("method", &self.method)
            .field("url", &address::shown_without_file(&self.url))
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_key() {
        let url =
            "https://user:pw@example.com/v2/download_config_specs/secret-abc.json?sinceTime=1";
        let request = Request::new(Endpoint::Specs, Method::Get, url)
            .header("statsig-api-key", "secret-abc")
            .header("x-request-service", "shop")
            .body("secret-abc");
        let shown = format!("{request:?}");
        assert!(!shown.contains("abc") && !shown.contains("pw"), "{shown}");
        assert!(shown.contains("shop"), "{shown}");
        assert!(
            shown.contains("https://example.com/v2/download_config_specs/*****"),
            "{shown}"
        );
    }
}
