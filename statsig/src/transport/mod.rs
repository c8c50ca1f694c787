//! How bytes travel: the [`Transport`] trait and its requests, responses and errors.

#[cfg(feature = "http")]
pub(crate) mod http;

pub(crate) mod backoff;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

/// A future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends HTTP requests for the SDK.
///
/// The SDK brings one built on reqwest (feature `http`, on by default) and a scripted one in memory for tests
/// (`statsig::testing::ScriptedTransport`). Implement it to route the SDK's traffic through a client of your own.
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends one request and reads the whole response. No retries: those are the SDK's.
    ///
    /// # Errors
    /// When no response could be had. A response with an error status is not an error here.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;
}

/// The method of a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// One HTTP request.
///
/// Its `Debug` hides the SDK key, which travels in a header and in the path of specs requests.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The complete URL, query included.
    pub url: String,
    /// Header names (lower case) and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// The limit for the whole exchange, response body included.
    pub timeout: Duration,
    /// The largest response body to accept, in bytes, after decompression.
    pub max_response_bytes: usize,
}

/// One HTTP response, body included and decompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names (lower case) and values; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// Why no response could be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The limit of the request passed.
    #[error("expected a response within {} ms, found none", limit.as_millis())]
    TimedOut {
        /// The request's limit.
        limit: Duration,
    },
    /// The connection failed, or broke off before the response was complete.
    #[error("the connection failed: {problem}")]
    Connection {
        /// What the HTTP library says, without the URL.
        problem: String,
    },
    /// The response is larger than the limit.
    #[error("expected a response of at most {limit} bytes, found more")]
    TooLarge {
        /// The request's limit in bytes.
        limit: usize,
    },
    /// The request cannot be sent at all; retrying does not help.
    #[error("the request cannot be sent: {problem}")]
    Unusable {
        /// Why.
        problem: String,
    },
}
