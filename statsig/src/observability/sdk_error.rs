//! The SDK's own errors, as observability clients receive them.

use serde_json::{Value, json};

use crate::counters::DropReason;
use crate::facts::RequestEnded;
use crate::mask::Masked;

/// An error of the SDK itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SdkError {
    /// The component, or the kind of loss.
    pub(crate) tag: &'static str,
    /// The official SDK's name of this kind of error.
    pub(crate) exception: &'static str,
    details: Value,
}

impl SdkError {
    fn new(tag: &'static str, exception: &'static str, details: Value) -> Self {
        Self {
            tag,
            exception,
            details,
        }
    }

    /// A request failed for good, after so many attempts.
    pub(crate) fn request(request: &RequestEnded, attempts: u32) -> Self {
        let (url, status, problem) = (&request.url, request.status, request.problem());
        let (exception, details) = if request.is_final {
            ("RequestNotRetryable", json!([url, status, problem]))
        } else {
            ("RetriesExhausted", json!([url, status, attempts, problem]))
        };
        Self::new("NetworkClient", exception, details)
    }

    pub(crate) fn refused_specs(problem: &str) -> Self {
        let details = json!(["SpecsResponse", problem]);
        Self::new("SpecStore", "JsonParseError", details)
    }

    /// Initialization ended without specs.
    pub(crate) fn initialization(problem: &str) -> Self {
        Self::new("Statsig", "InitializationError", json!(problem))
    }

    /// An actor crashed; the supervisor starts it again.
    pub(crate) fn crash(actor: &str, why: &str) -> Self {
        let details = json!(format!("{actor} actor: {why}"));
        Self::new("Statsig", "ThreadFailure", details)
    }

    /// Events were dropped for this reason. `None` for reasons that are no error, such as sampling.
    pub(crate) fn lost_events(reason: DropReason) -> Option<Self> {
        const DROPPED: &str = "statsig::log_event_dropped_event_count";
        const FAILED: &str = "statsig::log_event_failed";
        use DropReason as R;
        let (tag, text) = match reason {
            R::QueueFull => (
                DROPPED,
                "Dropped events due to max pending event batches limit",
            ),
            R::TooManyBatches | R::SpoolFull => {
                (DROPPED, "Dropped events due to event queue limit")
            }
            R::DeliveryFailed | R::Refused | R::SpoolUnreadable => (FAILED, "Log event failed"),
            _ => return None,
        };
        Some(Self::new(tag, "LogEventError", json!(text)))
    }

    /// The error as JSON text.
    pub(crate) fn info(&self, masked: &Masked<'_>) -> String {
        masked.text(&json!({ self.exception: self.details }).to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::transport::Endpoint;

    const KEY: &str = "secret-0123456789";

    fn info(error: &SdkError) -> String {
        error.info(&Masked::new(KEY))
    }

    #[test]
    fn a_failed_request_has_the_official_format() {
        let failed = |status: Option<u16>, attempts| {
            let request = RequestEnded {
                endpoint: Endpoint::Events,
                url: "https://host/v1/log_event".to_owned(),
                started_ms: 1,
                ended_ms: 2,
                duration: Duration::from_millis(1),
                status,
                error: status.is_none().then(|| "timed out".to_owned()),
                is_final: status == Some(403),
                region: None,
                content_type: None,
                content_encoding: None,
                deltas_used: false,
            };
            info(&SdkError::request(&request, attempts))
        };
        assert_eq!(
            failed(Some(500), 1),
            r#"{"RetriesExhausted":["https://host/v1/log_event",500,1,"status 500"]}"#
        );
        assert_eq!(
            failed(Some(403), 1),
            r#"{"RequestNotRetryable":["https://host/v1/log_event",403,"status 403"]}"#
        );
        assert_eq!(
            failed(None, 4),
            r#"{"RetriesExhausted":["https://host/v1/log_event",null,4,"timed out"]}"#
        );
    }

    #[test]
    fn some_reasons_for_dropping_events_are_errors() {
        let failed = SdkError::lost_events(DropReason::Refused).unwrap();
        assert_eq!(failed.tag, "statsig::log_event_failed");
        assert_eq!(info(&failed), r#"{"LogEventError":"Log event failed"}"#);
        assert_eq!(SdkError::lost_events(DropReason::AfterShutdown), None);
    }

    #[test]
    fn the_key_is_masked() {
        let error = SdkError::initialization(&format!("no answer from https://host/{KEY}.json"));
        let text = info(&error);
        assert!(!text.contains("0123456789"), "{text}");
        assert!(text.contains("secret-01234*****.json"), "{text}");
    }
}
