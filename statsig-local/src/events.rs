//! Events as they arrive, and the check of a batch.

use std::sync::Arc;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::body::Refusal;
use crate::clock;
use crate::headers::Headers;

/// The batch of one `log_event` request, without its events.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceivedBatch {
    /// Number of the batch since the server started, from 1.
    pub number: u64,
    /// When the batch had arrived completely.
    pub received_at: SystemTime,
    /// The headers of the request.
    pub headers: Headers,
    /// The body's `statsigMetadata`; empty if the body has none.
    pub metadata: Map<String, Value>,
    /// The number of its events.
    pub event_count: usize,
    /// Size of the body as sent, in bytes.
    pub sent_bytes: usize,
}

/// One event, with the batch that brought it. Cheap to clone.
///
/// `Display` is one readable line: the time (UTC), the event's name, what was exposed, the user and
/// the reason. For events of the SDK about itself, the line shows the result of a start or sync, or
/// the names that were read without an exposure.
#[derive(Debug, Clone)]
pub struct ReceivedEvent {
    json: Arc<Value>,
    batch: Arc<ReceivedBatch>,
}

impl ReceivedEvent {
    /// The event object exactly as sent.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The batch of this event.
    #[must_use]
    pub fn batch(&self) -> &ReceivedBatch {
        &self.batch
    }

    /// `eventName`, such as `statsig::gate_exposure` or a name of your own.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.json.get("eventName").and_then(Value::as_str);
        name.unwrap_or_default()
    }

    /// A string in the event's `metadata`, such as `gate` or `ruleID`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.json.get("metadata")?.get(key)?.as_str()
    }

    /// `user.userID` as text, whether it was sent as a string or as a number.
    #[must_use]
    pub fn user_id(&self) -> Option<String> {
        self.json.pointer("/user/userID").and_then(plain)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "batch": self.batch.number,
            "receivedAt": clock::epoch_millis(self.batch.received_at),
            "event": &*self.json,
        })
    }
}

/// A scalar as text; `None` for null, objects and arrays.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The events of one batch, each with the size of its JSON text.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) info: Arc<ReceivedBatch>,
    pub(crate) info_bytes: usize,
    pub(crate) events: Vec<(usize, ReceivedEvent)>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `events` and `statsigMetadata`")]
struct WireBatch<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
    #[serde(rename = "statsigMetadata", borrow)]
    metadata: Option<&'a RawValue>,
}

/// Reads a `log_event` body. One invalid event makes the server refuse the whole batch, so that the
/// mistake is visible.
pub(crate) fn parse(
    number: u64,
    headers: Headers,
    body: &[u8],
    sent_bytes: usize,
) -> Result<Batch, Refusal> {
    let wire: WireBatch<'_> = serde_json::from_slice(body).map_err(|error| {
        Refusal::Malformed(format!("the body is not a batch of events: {error}"))
    })?;
    if wire.events.is_empty() {
        return Err(Refusal::Malformed(
            "`events` is empty; expected at least one".to_owned(),
        ));
    }
    let metadata_text = wire.metadata.map_or("{}", RawValue::get);
    let info = Arc::new(ReceivedBatch {
        number,
        received_at: clock::now(),
        metadata: serde_json::from_str(metadata_text).map_err(|error| {
            Refusal::Malformed(format!("`statsigMetadata` is not an object: {error}"))
        })?,
        event_count: wire.events.len(),
        sent_bytes,
        headers,
    });
    let events = wire.events.iter().enumerate().map(|(index, raw)| {
        let json = event(raw.get())
            .map_err(|problem| Refusal::Malformed(format!("events[{index}] {problem}")))?;
        let event = ReceivedEvent {
            json: Arc::new(json),
            batch: Arc::clone(&info),
        };
        Ok((raw.get().len(), event))
    });
    Ok(Batch {
        events: events.collect::<Result<_, Refusal>>()?,
        info_bytes: metadata_text.len() + info.headers.bytes(),
        info,
    })
}

fn event(text: &str) -> Result<Value, String> {
    let event: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if !event.is_object() {
        return Err(format!("is {event}; expected an object"));
    }
    match event.get("eventName") {
        None => Err("lacks `eventName`".to_owned()),
        // An empty name is odd, but SDKs send the name that the caller gives.
        Some(Value::String(_)) => Ok(event),
        Some(other) => Err(format!("has `eventName` {other}; expected a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(body: &str) -> Result<Batch, Refusal> {
        parse(1, Headers::default(), body.as_bytes(), body.len())
    }

    #[test]
    fn malformed_batches_are_refused_with_the_reason() {
        for (body, reason) in [
            ("", "the body is not a batch of events: EOF"),
            (
                "{}",
                "the body is not a batch of events: missing field `events`",
            ),
            (
                "7",
                "the body is not a batch of events: invalid type: integer `7`, expected an object with `events`",
            ),
            (r#"{"events": []}"#, "`events` is empty"),
            (
                r#"{"events": [{"eventName":"a"}], "statsigMetadata": []}"#,
                "`statsigMetadata` is not an object",
            ),
            (
                r#"{"events": [{"eventName":"a"}, 5]}"#,
                "events[1] is 5; expected an object",
            ),
            (
                r#"{"events": [{"name":"a"}]}"#,
                "events[0] lacks `eventName`",
            ),
            (
                r#"{"events": [{"eventName":5}]}"#,
                "events[0] has `eventName` 5; expected a string",
            ),
        ] {
            let refusal = batch(body).unwrap_err().to_string();
            assert!(refusal.starts_with(reason), "{body}: {refusal}");
        }
    }
}
