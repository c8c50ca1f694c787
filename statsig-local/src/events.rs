//! Events as they arrived: checking a batch, and one readable line for each event.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::body::{Decoded, Refusal};
use crate::clock;
use crate::headers::Headers;
use crate::own_events;

/// What came with the events of one `log_event` request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceivedBatch {
    /// Number of the batch since the server started, from 1.
    pub number: u64,
    /// When it had arrived completely.
    pub received_at: SystemTime,
    /// The request's headers.
    pub headers: Headers,
    /// The body's `statsigMetadata`; empty if there was none.
    pub metadata: Map<String, Value>,
    /// How many events it held.
    pub event_count: usize,
    /// Size of the body as sent, in bytes.
    pub sent_bytes: usize,
}

/// One event, with the batch that brought it. Cheap to clone.
///
/// `Display` is one readable line: the time (UTC), the event's name, what was exposed, to whom and
/// why. For events of the SDK about itself, it shows how a start or sync went, or which names were
/// read without an exposure.
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

    /// What came with it.
    #[must_use]
    pub fn batch(&self) -> &ReceivedBatch {
        &self.batch
    }

    /// `eventName`, such as `statsig::gate_exposure` or a name of your own.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("/eventName").unwrap_or_default()
    }

    /// A text of the event's `metadata`, such as `gate` or `ruleID`.
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

    fn text(&self, pointer: &str) -> Option<&str> {
        self.json.pointer(pointer)?.as_str()
    }

    fn when(&self) -> String {
        let sent = self.json.get("time");
        let received = || clock::epoch_millis(self.batch.received_at);
        match sent {
            Some(Value::String(time)) => quoted(time),
            _ => {
                let millis = sent.and_then(Value::as_u64).unwrap_or_else(received);
                clock::time_of_day(millis).unwrap_or_else(|| millis.to_string())
            }
        }
    }

    /// `userID`, or the first custom ID with its name.
    fn who(&self) -> Option<String> {
        self.user_id().map(|id| quoted(&id)).or_else(|| {
            let custom = self.json.pointer("/user/customIDs")?.as_object()?;
            let (name, id) = custom.iter().next()?;
            Some(format!("{}:{}", quoted(name), quoted(&plain(id)?)))
        })
    }
}

impl fmt::Display for ReceivedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.when(), quoted(self.name()))?;
        let mut field = |name: &str, value: Option<&str>| match value {
            Some(value) => write!(f, " {name}={}", quoted(value)),
            None => Ok(()),
        };
        field("gate", self.metadata("gate"))?;
        match self.metadata("parameterName") {
            Some(parameter) => {
                field("layer", self.metadata("config"))?;
                field("parameter", Some(parameter))?;
                let experiment = self.metadata("allocatedExperiment");
                field("experiment", experiment.filter(|name| !name.is_empty()))?;
            }
            None => field("config", self.metadata("config"))?,
        }
        let value = self.json.get("value").and_then(plain);
        field("value", value.as_deref().or(self.metadata("gateValue")))?;
        field("passed", self.metadata("rulePassed"))?;
        field("rule", self.metadata("ruleID"))?;
        field("reason", self.metadata("reason"))?;
        f.write_str(&own_events::fields(self))?;
        if let Some(user) = self.who() {
            write!(f, " user={user}")?;
        }
        Ok(())
    }
}

/// A scalar as text; `None` for null, objects and arrays.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Text that cannot break the line or be taken for another field.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"' && c != '=';
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

/// The events of one batch with the size of each one's JSON text.
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

/// Reads a `log_event` body. One bad event refuses the whole batch, so that a mistake is noticed.
pub(crate) fn parse(number: u64, headers: Headers, body: &Decoded) -> Result<Batch, Refusal> {
    let wire: WireBatch<'_> = serde_json::from_slice(&body.bytes).map_err(|error| {
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
        sent_bytes: body.sent_bytes,
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
        // An empty name is odd, and yet SDKs send what they are given.
        Some(Value::String(_)) => Ok(event),
        Some(other) => Err(format!("has `eventName` {other}; expected a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(body: &str) -> Result<Batch, Refusal> {
        let body = Decoded {
            bytes: body.as_bytes().to_vec(),
            sent_bytes: body.len(),
        };
        parse(1, Headers::default(), &body)
    }

    fn line(event: &Value) -> String {
        let batch = batch(&json!({ "events": [event] }).to_string()).unwrap();
        batch.events[0].1.to_string()
    }

    #[test]
    fn lines_show_what_was_exposed_to_whom() {
        for (event, expected) in [
            (
                json!({"eventName": "statsig::gate_exposure", "value": null, "time": 1_767_981_050_123_u64, "user": {"userID": "u-1"},
                    "metadata": {"gate": "new_checkout", "gateValue": "true", "ruleID": "6Ml", "reason": "Network:Recognized"}}),
                "17:50:50.123Z statsig::gate_exposure gate=new_checkout value=true rule=6Ml reason=Network:Recognized user=u-1",
            ),
            (
                json!({"eventName": "statsig::config_exposure", "time": 0, "user": {"userID": 7},
                    "metadata": {"config": "prices", "rulePassed": "false", "ruleID": "default"}}),
                "00:00:00.000Z statsig::config_exposure config=prices passed=false rule=default user=7",
            ),
            (
                json!({"eventName": "statsig::layer_exposure", "time": 0, "user": {"customIDs": {"companyID": "c 9"}},
                    "metadata": {"config": "home", "parameterName": "title", "allocatedExperiment": "exp", "ruleID": "r"}}),
                "00:00:00.000Z statsig::layer_exposure layer=home parameter=title experiment=exp rule=r user=companyID:\"c 9\"",
            ),
            (
                json!({"eventName": "two\nlines", "time": "2026-01-01", "value": 9.5, "user": {}}),
                "2026-01-01 \"two\\nlines\" value=9.5",
            ),
            (
                json!({"eventName": "statsig::diagnostics", "time": 0, "user": {}, "metadata": {
                    "context": "initialize",
                    "markers": json!([
                        {"key": "overall", "action": "start", "timestamp": 1_000},
                        {"key": "download_config_specs", "action": "end", "timestamp": 1_080, "success": true},
                        {"key": "overall", "action": "end", "timestamp": 1_084, "success": true, "source": "Network"},
                    ]).to_string(),
                }}),
                "00:00:00.000Z statsig::diagnostics context=initialize success=true source=Network ms=84",
            ),
            (
                json!({"eventName": "statsig::diagnostics", "time": 0, "user": {}, "metadata": {
                    "context": "config_sync",
                    "markers": json!([
                        {"key": "download_config_specs", "action": "start", "timestamp": 1_000},
                        {"key": "download_config_specs", "action": "end", "timestamp": 1_010, "success": false,
                            "error": {"name": "NetworkError", "message": "status 503", "code": "503"}},
                    ]).to_string(),
                }}),
                "00:00:00.000Z statsig::diagnostics context=config_sync success=false ms=10 error=\"status 503\"",
            ),
            (
                json!({"eventName": "statsig::non_exposed_checks", "time": 0, "user": {},
                    "metadata": {"checks": r#"{"a gate":2,"storefront":3}"#}}),
                "00:00:00.000Z statsig::non_exposed_checks \"a gate\"=2 storefront=3",
            ),
            (
                json!({"eventName": "statsig::non_exposed_checks", "time": 0, "user": {}, "metadata": {"checks": "broken"}}),
                "00:00:00.000Z statsig::non_exposed_checks",
            ),
        ] {
            assert_eq!(line(&event), expected);
        }
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
