//! Reports about the SDK's own errors, for Statsig: what is posted, and what was posted already. Pure.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::facts::RequestEnded;
use crate::mask::Masked;
use crate::transport::Endpoint;

/// Distinct errors remembered as posted; then all are forgotten.
pub(crate) const MAX_REMEMBERED: usize = 1_000;

/// An error of the SDK itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SdkError {
    /// The component, or what was lost.
    pub(crate) tag: &'static str,
    /// The kind of error, by the name that the official SDK has for it.
    pub(crate) exception: &'static str,
    /// What the kind says in particular.
    details: Value,
    /// What makes it a repeat of another, if not tag and kind.
    dedupe_key: Option<&'static str>,
    /// Posted however often it happens.
    bypass_dedupe: bool,
    extra: BTreeMap<&'static str, String>,
}

/// Why events were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The queue between callers and the exposure actor was full.
    QueueFull,
    /// Too many batches were waiting.
    TooManyBatches,
    /// The service refused a batch, or all attempts failed.
    DeliveryFailed,
}

impl Loss {
    /// What a reason for dropping events is to Statsig; some, such as sampling, are no loss.
    pub(crate) fn of(reason: &str) -> Option<Self> {
        match reason {
            "queue_full" => Some(Self::QueueFull),
            "too_many_batches" | "spool_full" => Some(Self::TooManyBatches),
            "delivery_failed" | "refused" | "spool_unreadable" => Some(Self::DeliveryFailed),
            _ => None,
        }
    }
}

/// The state of the pipeline that reports of losses carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pipeline {
    pub(crate) interval_ms: u128,
    pub(crate) batch_size: usize,
    pub(crate) max_pending_batches: usize,
}

impl SdkError {
    fn new(tag: &'static str, exception: &'static str, details: Value) -> Self {
        Self {
            tag,
            exception,
            details,
            dedupe_key: None,
            bypass_dedupe: false,
            extra: BTreeMap::new(),
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
        let dedupe_key = match request.endpoint {
            Endpoint::Specs => "Some(DownloadConfigSpecs)",
            Endpoint::IdLists => "Some(GetIDListSources)",
            Endpoint::IdListFile => "Some(GetIDList)",
            _ => "None",
        };
        Self {
            dedupe_key: Some(dedupe_key),
            ..Self::new("NetworkClient", exception, details)
        }
    }

    /// Specs were refused.
    pub(crate) fn refused_specs(problem: &str) -> Self {
        Self::new(
            "SpecStore",
            "JsonParseError",
            json!(["SpecsResponse", problem]),
        )
    }

    /// Initialisation ended without specs.
    pub(crate) fn initialization(problem: &str) -> Self {
        Self::new("Statsig", "InitializationError", json!(problem))
    }

    /// An actor crashed; the supervisor starts it again.
    pub(crate) fn crash(actor: &str, why: &str) -> Self {
        Self::new(
            "Statsig",
            "ThreadFailure",
            json!(format!("{actor} actor: {why}")),
        )
    }

    /// Events were lost. `flush_type` is why the batch had left that failed, if that is known.
    pub(crate) fn lost_events(
        loss: Loss,
        events: u64,
        flush_type: Option<&'static str>,
        pipeline: Pipeline,
    ) -> Self {
        let (tag, text) = match loss {
            Loss::QueueFull => (
                "statsig::log_event_dropped_event_count",
                "Dropped events due to max pending event batches limit",
            ),
            Loss::TooManyBatches => (
                "statsig::log_event_dropped_event_count",
                "Dropped events due to event queue limit",
            ),
            Loss::DeliveryFailed => ("statsig::log_event_failed", "Log event failed"),
        };
        let mut extra = BTreeMap::from([("eventCount", events.to_string())]);
        let flush_type = if loss == Loss::DeliveryFailed {
            flush_type
        } else {
            extra.extend([
                ("loggingInterval", pipeline.interval_ms.to_string()),
                ("batchSize", pipeline.batch_size.to_string()),
                (
                    "maxPendingBatches",
                    pipeline.max_pending_batches.to_string(),
                ),
            ]);
            Some("limit")
        };
        extra.extend(flush_type.map(|flush_type| ("flushType", flush_type.to_owned())));
        Self {
            bypass_dedupe: true,
            extra,
            ..Self::new(tag, "LogEventError", json!(text))
        }
    }

    /// The error as JSON text.
    pub(crate) fn info(&self, masked: &Masked<'_>) -> String {
        masked.text(&json!({ self.exception: self.details }).to_string())
    }
}

/// Remembers what was posted.
#[derive(Debug, Default)]
pub(crate) struct Posted(HashSet<String>);

impl Posted {
    /// Whether the error is to be posted: the first of its kind, or one that is never a repeat.
    pub(crate) fn is_new(&mut self, error: &SdkError) -> bool {
        if error.bypass_dedupe {
            return true;
        }
        let key = match error.dedupe_key {
            Some(key) => key.to_owned(),
            None => format!("{}:{}", error.tag, error.exception),
        };
        if self.0.len() >= MAX_REMEMBERED {
            self.0.clear();
        }
        self.0.insert(key)
    }
}

/// The body of a post.
pub(crate) fn body(error: &SdkError, options: &str, masked: &Masked<'_>) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        tag: &'a str,
        info: String,
        exception: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        dedupe_key: Option<&'a str>,
        bypass_dedupe: bool,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        extra: &'a BTreeMap<&'static str, String>,
        statsig_options: String,
    }

    let body = Body {
        tag: error.tag,
        info: error.info(masked),
        exception: error.exception,
        dedupe_key: error.dedupe_key,
        bypass_dedupe: error.bypass_dedupe,
        extra: &error.extra,
        statsig_options: masked.text(options),
    };
    // Text and numbers only: it cannot fail.
    serde_json::to_vec_pretty(&body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KEY: &str = "secret-0123456789";

    fn failed_post(status: Option<u16>) -> RequestEnded {
        RequestEnded {
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
        }
    }

    fn posted(error: &SdkError) -> Value {
        let text = body(error, r#"{"environment":"staging"}"#, &Masked::new(KEY));
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn a_failed_request_is_posted_in_the_words_of_the_protocol() {
        assert_eq!(
            posted(&SdkError::request(&failed_post(Some(500)), 1)),
            json!({
                "tag": "NetworkClient",
                "info": r#"{"RetriesExhausted":["https://host/v1/log_event",500,1,"status 500"]}"#,
                "exception": "RetriesExhausted",
                "dedupeKey": "None",
                "bypassDedupe": false,
                "statsigOptions": r#"{"environment":"staging"}"#,
            })
        );
        let refused = posted(&SdkError::request(&failed_post(Some(403)), 1));
        assert_eq!(
            refused["info"],
            r#"{"RequestNotRetryable":["https://host/v1/log_event",403,"status 403"]}"#
        );
        let silent = posted(&SdkError::request(&failed_post(None), 4));
        assert_eq!(
            silent["info"],
            r#"{"RetriesExhausted":["https://host/v1/log_event",null,4,"timed out"]}"#
        );
    }

    #[test]
    fn lost_events_are_posted_with_the_state_of_the_pipeline() {
        let pipeline = Pipeline {
            interval_ms: 1_000,
            batch_size: 10,
            max_pending_batches: 3,
        };
        let error = SdkError::lost_events(Loss::QueueFull, 171, None, pipeline);
        assert_eq!(
            posted(&error),
            json!({
                "tag": "statsig::log_event_dropped_event_count",
                "info": r#"{"LogEventError":"Dropped events due to max pending event batches limit"}"#,
                "exception": "LogEventError",
                "bypassDedupe": true,
                "extra": {
                    "eventCount": "171", "loggingInterval": "1000", "batchSize": "10", "maxPendingBatches": "3",
                    "flushType": "limit"
                },
                "statsigOptions": r#"{"environment":"staging"}"#,
            })
        );
        let failed = SdkError::lost_events(Loss::DeliveryFailed, 5, Some("manual"), pipeline);
        let failed = posted(&failed);
        assert_eq!(failed["tag"], "statsig::log_event_failed");
        assert_eq!(failed["info"], r#"{"LogEventError":"Log event failed"}"#);
        assert_eq!(
            failed["extra"],
            json!({"eventCount": "5", "flushType": "manual"})
        );
    }

    #[test]
    fn repeats_are_posted_once_and_losses_always() {
        let mut remembered = Posted::default();
        let failed = SdkError::request(&failed_post(Some(500)), 1);
        assert!(remembered.is_new(&failed));
        assert!(!remembered.is_new(&failed));
        // The same key, whatever went wrong.
        assert!(!remembered.is_new(&SdkError::request(&failed_post(Some(403)), 1)));
        assert!(remembered.is_new(&SdkError::refused_specs("not JSON")));
        assert!(!remembered.is_new(&SdkError::refused_specs("something else")));
        let pipeline = Pipeline {
            interval_ms: 1_000,
            batch_size: 10,
            max_pending_batches: 3,
        };
        let lost = SdkError::lost_events(Loss::TooManyBatches, 1, None, pipeline);
        assert!(remembered.is_new(&lost) && remembered.is_new(&lost));
    }

    #[test]
    fn after_a_thousand_kinds_all_are_forgotten() {
        let mut remembered = Posted::default();
        let failed = SdkError::request(&failed_post(Some(500)), 1);
        assert!(remembered.is_new(&failed));
        remembered
            .0
            .extend((1..MAX_REMEMBERED).map(|number| number.to_string()));
        assert!(remembered.is_new(&failed));
        assert!(!remembered.is_new(&failed));
    }

    #[test]
    fn the_key_is_masked_wherever_it_stands() {
        let error = SdkError::initialization(&format!("no answer from https://host/{KEY}.json"));
        let text = body(
            &error,
            &format!(r#"{{"service_name":"{KEY}"}}"#),
            &Masked::new(KEY),
        );
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("0123456789"), "{text}");
        assert!(text.contains("secret-01234*****.json"), "{text}");
    }
}
