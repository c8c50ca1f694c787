//! What a response, or the lack of one, means for another attempt. Pure.

use serde_json::Value;

use super::{Response, TransportError};

/// Statuses that another attempt with the same request cannot change.
const FINAL_STATUSES: [u16; 5] = [400, 403, 405, 413, 501];
const PAYLOAD_TOO_LARGE: u16 = 413;

/// Whether the service accepted a request.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether the same request may succeed later. 429 (too many requests) counts as temporary: that is what it says.
pub(crate) fn is_worth_retrying(status: u16) -> bool {
    !is_success(status) && !FINAL_STATUSES.contains(&status)
}

/// What became of a batch of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The service has the events.
    Accepted,
    /// Smaller batches may pass.
    TooLarge,
    /// The service will never take this batch.
    Refused,
    /// Another attempt may succeed.
    Failed,
}

/// Reads the answer to a `log_event` request.
///
/// A success status means success unless the body says `"success": false` (or something that is no boolean): an empty body
/// or one that is no JSON came from something between us and the service, and sending again would double the events.
pub(crate) fn judge_delivery(answer: &Result<Response, TransportError>) -> Delivery {
    match answer {
        Ok(response) if is_success(response.status) => {
            if says_failure(&response.body) {
                Delivery::Failed
            } else {
                Delivery::Accepted
            }
        }
        Ok(response) if response.status == PAYLOAD_TOO_LARGE => Delivery::TooLarge,
        Ok(response) if is_worth_retrying(response.status) => Delivery::Failed,
        Ok(_) => Delivery::Refused,
        // An endless answer to a batch, too, comes from something else than the service; the next one would be the same.
        Err(error) if error.is_final() => Delivery::Refused,
        Err(_) => Delivery::Failed,
    }
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
    use std::time::Duration;

    use super::*;

    fn answer(status: u16, body: &'static str) -> Result<Response, TransportError> {
        Ok(Response {
            status,
            headers: Vec::new(),
            body: body.into(),
        })
    }

    #[test]
    fn statuses_are_judged_as_the_protocol_says() {
        for status in [400, 403, 405, 501] {
            assert_eq!(
                judge_delivery(&answer(status, "")),
                Delivery::Refused,
                "{status}"
            );
            assert!(!is_worth_retrying(status), "{status}");
        }
        for status in [304, 401, 404, 408, 429, 500, 502, 503, 504] {
            assert_eq!(
                judge_delivery(&answer(status, "")),
                Delivery::Failed,
                "{status}"
            );
            assert!(is_worth_retrying(status), "{status}");
        }
        assert_eq!(judge_delivery(&answer(413, "")), Delivery::TooLarge);
        assert!(!is_worth_retrying(413));
        assert!(!is_worth_retrying(200));
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
            assert_eq!(
                judge_delivery(&answer(202, body)),
                Delivery::Accepted,
                "{body}"
            );
        }
        for body in [
            r#"{"success":false}"#,
            r#"{"success":"no"}"#,
            r#"{"success":0}"#,
        ] {
            assert_eq!(
                judge_delivery(&answer(200, body)),
                Delivery::Failed,
                "{body}"
            );
        }
    }

    #[test]
    fn a_broken_connection_is_retried_and_an_unusable_request_is_not() {
        let cases = [
            (
                TransportError::TimedOut {
                    limit: Duration::from_secs(1),
                },
                Delivery::Failed,
            ),
            (
                TransportError::Connection {
                    problem: "reset".into(),
                },
                Delivery::Failed,
            ),
            (
                TransportError::Unusable {
                    problem: "no scheme".into(),
                },
                Delivery::Refused,
            ),
            (TransportError::TooLarge { limit: 1 }, Delivery::Refused),
        ];
        for (error, expected) in cases {
            assert_eq!(judge_delivery(&Err(error.clone())), expected, "{error}");
        }
    }
}
