//! The readable line of an event.

use std::fmt;

use serde_json::{Map, Value};

use crate::clock;
use crate::events::{ReceivedEvent, plain};

/// How many names a line shows with their counts. It only counts the others.
const MAX_NAMES: usize = 10;

impl fmt::Display for ReceivedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.when(), quoted(self.name()))?;
        let parameter = self.metadata("parameterName");
        let config = parameter.map_or("config", |_| "layer");
        let experiment = self.metadata("allocatedExperiment");
        let experiment = experiment.filter(|name| parameter.is_some() && !name.is_empty());
        let value = self.json().get("value").and_then(plain);
        for (name, value) in [
            ("gate", self.metadata("gate")),
            (config, self.metadata("config")),
            ("parameter", parameter),
            ("experiment", experiment),
            ("value", value.as_deref().or(self.metadata("gateValue"))),
            ("passed", self.metadata("rulePassed")),
            ("rule", self.metadata("ruleID")),
            ("reason", self.metadata("reason")),
        ] {
            if let Some(value) = value {
                write!(f, " {name}={}", quoted(value))?;
            }
        }
        let own = match self.name() {
            "statsig::diagnostics" => diagnostics(self),
            "statsig::non_exposed_checks" => non_exposed_checks(self),
            _ => None,
        };
        for (name, value) in own.unwrap_or_default() {
            write!(f, " {}={}", quoted(&name), quoted(&value))?;
        }
        if let Some(user) = self.who() {
            write!(f, " user={user}")?;
        }
        Ok(())
    }
}

impl ReceivedEvent {
    fn when(&self) -> String {
        let sent = self.json().get("time");
        let received = || clock::epoch_millis(self.batch().received_at);
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
            let custom = self.json().pointer("/user/customIDs")?.as_object()?;
            let (name, id) = custom.iter().next()?;
            Some(format!("{}:{}", quoted(name), quoted(&plain(id)?)))
        })
    }
}

/// The result of an initialisation or sync, its duration and its error.
fn diagnostics(event: &ReceivedEvent) -> Option<Vec<(String, String)>> {
    let markers: Vec<Value> = serde_json::from_str(event.metadata("markers")?).ok()?;
    let text = |marker: &Value, pointer| Some(marker.pointer(pointer)?.as_str()?.to_owned());
    let is = |marker: &Value, field, value| marker.get(field).is_some_and(|found| found == value);
    let ends = || markers.iter().filter(|marker| is(marker, "action", "end"));
    let overall = ends().find(|marker| is(marker, "key", "overall"));
    let last = overall.or_else(|| ends().next_back());
    let success = last.and_then(|end| end.get("success")?.as_bool());
    let time = |marker: &Value| marker.get("timestamp")?.as_u64();
    let times = || markers.iter().filter_map(time);
    let duration = times().max().zip(times().min());
    let mut errors = markers
        .iter()
        .filter_map(|marker| text(marker, "/error/message"));
    let context = event.metadata("context").unwrap_or_default();
    let fields = [
        ("context", Some(context.to_owned())),
        ("success", success.map(|success| success.to_string())),
        ("source", overall.and_then(|end| text(end, "/source"))),
        (
            "ms",
            duration.map(|(last, first)| (last - first).to_string()),
        ),
        ("error", errors.next_back()),
    ];
    let known = |(name, value): (&str, Option<String>)| Some((name.to_owned(), value?));
    Some(fields.into_iter().filter_map(known).collect())
}

/// How often each name was read without an exposure.
fn non_exposed_checks(event: &ReceivedEvent) -> Option<Vec<(String, String)>> {
    let sent = event.json().pointer("/metadata/checks")?;
    // Server SDKs send text, client SDKs an object.
    let checks: Map<String, Value> = match sent {
        Value::String(text) => serde_json::from_str(text).ok()?,
        Value::Object(checks) => checks.clone(),
        _ => return None,
    };
    let others = checks.len().saturating_sub(MAX_NAMES);
    let others = (others > 0).then(|| ("others".to_owned(), others.to_string()));
    let checks = checks.into_iter().take(MAX_NAMES);
    let checks = checks.map(|(name, count)| (name, count.to_string()));
    Some(checks.chain(others).collect())
}

/// Text that cannot break the line or be taken for another field.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"' && c != '=';
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events;
    use crate::headers::Headers;
    use serde_json::json;

    fn line(event: &Value) -> String {
        let body = json!({ "events": [event] }).to_string();
        let batch = events::parse(1, Headers::default(), body.as_bytes(), body.len()).unwrap();
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
                json!({"eventName": "statsig::non_exposed_checks", "time": 0, "user": null, "metadata": {"checks": {"storefront": 3}}}),
                "00:00:00.000Z statsig::non_exposed_checks storefront=3",
            ),
            (
                json!({"eventName": "statsig::non_exposed_checks", "time": 0, "user": {}, "metadata": {"checks": "broken"}}),
                "00:00:00.000Z statsig::non_exposed_checks",
            ),
        ] {
            assert_eq!(line(&event), expected);
        }
    }
}
