//! The answers that a scripted network gives.

use std::time::Duration;

use bytes::Bytes;

use crate::transport::{Response, TransportError};

/// How the network answers one request.
///
/// ```
/// use std::time::Duration;
/// use statsig::testing::Answer;
///
/// let slow_failure = Answer::status(503).after(Duration::from_secs(2));
/// let dead_line = Answer::hang();
/// # let _ = (slow_failure, dead_line);
/// ```
#[derive(Debug, Clone)]
#[must_use = "an answer does nothing until it is given to `ScriptedTransport`"]
pub struct Answer {
    pub(super) delay: Duration,
    /// `None` if there is no answer.
    pub(super) result: Option<Result<Response, TransportError>>,
}

impl Answer {
    fn new(result: Option<Result<Response, TransportError>>) -> Self {
        Self {
            delay: Duration::ZERO,
            result,
        }
    }

    /// A response with this status and body.
    pub fn response(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(Some(Ok(Response::new(status, body))))
    }

    /// Adds a header to a response. Its name is in lower case. Other answers have no headers.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Some(Ok(response)) = &mut self.result {
            response.headers.add(name.into(), value);
        }
        self
    }

    /// A response with this status and an empty body.
    pub fn status(status: u16) -> Self {
        Self::response(status, Bytes::new())
    }

    /// A success with this JSON, always complete, for any `sinceTime`.
    pub fn json(json: impl Into<String>) -> Self {
        Self::response(200, json.into())
    }

    /// A success with the first half of this body.
    pub fn truncated(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let half = body.len() / 2;
        Self::response(200, body.slice(..half))
    }

    /// The connection is refused.
    pub fn refuse_connection() -> Self {
        Self::new(Some(Err(TransportError::connection("connection refused"))))
    }

    /// No answer, until the SDK times out.
    pub fn hang() -> Self {
        Self::new(None)
    }

    /// The same answer after this delay.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}
