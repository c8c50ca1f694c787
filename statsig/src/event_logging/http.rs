//! Events posted to Statsig.

use std::time::Duration;

use serde_json::Value;

use super::{EventBatch, EventLoggingAdapter, EventLoggingError};
use crate::transport::retry::{is_success, is_worth_retrying, retry_after};
use crate::transport::service::Service;
use crate::transport::{BoxFuture, Endpoint, Method, Request, Response, TransportError};

/// The limit of an answer in bytes. The answer to a batch has a few bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

const BAD_REQUEST: u16 = 400;
const PAYLOAD_TOO_LARGE: u16 = 413;

/// Posts batches to the service's `log_event` endpoint.
#[derive(Debug)]
pub(crate) struct HttpEvents {
    pub(crate) service: Service,
    pub(crate) url: String,
    pub(crate) timeout: Duration,
    pub(crate) reuses_connection: bool,
}

impl HttpEvents {
    fn request(&self, batch: &EventBatch) -> Request {
        let request = (self.service)
            .request(Endpoint::Events, Method::Post, &self.url)
            .header("statsig-event-count", batch.event_count().to_string())
            .header("statsig-retry-count", batch.retries().to_string())
            .header("content-type", "application/json")
            .header("content-encoding", EventBatch::CONTENT_ENCODING)
            .body(batch.compressed())
            .timeout(self.timeout)
            .max_response_bytes(MAX_ANSWER_BYTES);
        if self.reuses_connection {
            request
        } else {
            request.header("connection", "close")
        }
    }
}

impl EventLoggingAdapter for HttpEvents {
    fn log_events(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>> {
        Box::pin(async move {
            let answer = self.service.transport.send(self.request(&batch)).await;
            judge(answer, self.service.now_ms())
        })
    }
}

/// Reads the answer to a `log_event` request.
///
/// A success status means success unless the body says `"success": false` (or a value that is not a
/// boolean): an empty body or a body that is not JSON comes from a server between the client and
/// the service, and another attempt would duplicate the events.
fn judge(answer: Result<Response, TransportError>, now_ms: u64) -> Result<(), EventLoggingError> {
    let response = match answer {
        Ok(response) => response,
        // An endless answer does not come from the service. The next answer would be the same.
        Err(error) if error.is_final() => return Err(EventLoggingError::refused(error)),
        Err(error) => return Err(EventLoggingError::temporary(error)),
    };
    let status = response.status;
    let problem = format!("status {status}");
    if is_success(status) {
        return if says_failure(&response.body) {
            Err(EventLoggingError::temporary(
                "the service answered that it failed",
            ))
        } else {
            Ok(())
        };
    }
    Err(match status {
        BAD_REQUEST => EventLoggingError::malformed(problem),
        PAYLOAD_TOO_LARGE => EventLoggingError::TooLarge,
        _ if is_worth_retrying(status) => {
            EventLoggingError::temporary(problem).after(retry_after(&response.headers, now_ms))
        }
        _ => EventLoggingError::refused(problem),
    })
}

fn says_failure(body: &[u8]) -> bool {
    let answer = serde_json::from_slice::<Value>(body).unwrap_or_default();
    match answer.get("success") {
        None | Some(Value::Null) => false,
        Some(success) => *success != Value::Bool(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Result<Response, TransportError> {
        Ok(Response::new(status, body))
    }

    fn judged(answer: Result<Response, TransportError>) -> Result<(), EventLoggingError> {
        judge(answer, 0)
    }

    #[test]
    fn statuses_are_judged_as_the_protocol_says() {
        for status in [403, 405, 501] {
            let judged = judged(answer(status, ""));
            assert!(
                matches!(judged, Err(EventLoggingError::Refused { .. })),
                "{status}"
            );
        }
        for status in [304, 401, 404, 408, 429, 500, 502, 503, 504] {
            let judged = judged(answer(status, ""));
            assert!(
                matches!(judged, Err(EventLoggingError::Temporary { .. })),
                "{status}"
            );
        }
        assert_eq!(judged(answer(413, "")), Err(EventLoggingError::TooLarge));
        assert!(matches!(
            judged(answer(400, "")),
            Err(EventLoggingError::Malformed { .. })
        ));
    }

    #[test]
    fn only_an_explicit_no_in_the_body_fails_a_success_status() {
        for body in [
            "",
            "OK",
            "{}",
            r#"{"success":true}"#,
            r#"{"success":null}"#,
            "[1]",
        ] {
            assert_eq!(judged(answer(202, body)), Ok(()), "{body}");
        }
        for body in [
            r#"{"success":false}"#,
            r#"{"success":"no"}"#,
            r#"{"success":0}"#,
        ] {
            let judged = judged(answer(200, body));
            assert!(
                matches!(judged, Err(EventLoggingError::Temporary { .. })),
                "{body}"
            );
        }
    }

    #[test]
    fn a_broken_connection_is_retried_and_an_unusable_request_is_not() {
        let limit = Duration::from_secs(1);
        let broken = TransportError::connection("reset");
        for error in [TransportError::TimedOut { limit }, broken] {
            let judged = judged(Err(error.clone()));
            assert!(
                matches!(judged, Err(EventLoggingError::Temporary { .. })),
                "{error}"
            );
        }
        let unusable = TransportError::unusable("no scheme");
        for error in [unusable, TransportError::TooLarge { limit: 1 }] {
            let judged = judged(Err(error.clone()));
            assert!(
                matches!(judged, Err(EventLoggingError::Refused { .. })),
                "{error}"
            );
        }
    }
}
