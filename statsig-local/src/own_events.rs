//! Summarises the events that SDKs send about themselves. Their metadata is JSON within JSON.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::events::ReceivedEvent;
use crate::quoted::quoted;

/// How many names the line shows with their counts. It only counts the others.
const MAX_NAMES: usize = 10;

/// The fields of a line, each with a space before it. Empty for all other events.
pub(crate) fn fields(event: &ReceivedEvent) -> String {
    let summary = match event.name() {
        "statsig::diagnostics" => diagnostics(event),
        "statsig::non_exposed_checks" => non_exposed_checks(event),
        _ => None,
    };
    summary.unwrap_or_default()
}

/// The result of an initialisation or sync, its duration and its error.
fn diagnostics(event: &ReceivedEvent) -> Option<String> {
    let markers: Vec<Value> = serde_json::from_str(event.metadata("markers")?).ok()?;
    let mut line = String::new();
    let mut add = |name: &str, value: &str| {
        // Writing to a `String` cannot fail.
        let _ = write!(line, " {name}={}", quoted(value));
    };
    add("context", event.metadata("context").unwrap_or_default());
    let text = |marker: &Value, field: &str| marker.get(field)?.as_str().map(str::to_owned);
    let is = |marker: &&Value, field: &str, value: &str| {
        text(marker, field).is_some_and(|found| found == value)
    };
    let ends = || markers.iter().filter(|marker| is(marker, "action", "end"));
    let overall = ends().find(|marker| is(marker, "key", "overall"));
    let last = overall.or_else(|| ends().next_back());
    if let Some(success) = last.and_then(|end| end.get("success")?.as_bool()) {
        add("success", &success.to_string());
    }
    if let Some(source) = overall.and_then(|end| text(end, "source")) {
        add("source", &source);
    }
    let time = |marker: &Value| marker.get("timestamp")?.as_u64();
    let times = || markers.iter().filter_map(time);
    if let (Some(first), Some(last)) = (times().min(), times().max()) {
        add("ms", &(last - first).to_string());
    }
    let errors = markers.iter().filter_map(|marker| marker.get("error"));
    if let Some(error) = errors
        .filter_map(|error| text(error, "message"))
        .next_back()
    {
        add("error", &error);
    }
    Some(line)
}

/// How often each name was read without an exposure.
fn non_exposed_checks(event: &ReceivedEvent) -> Option<String> {
    let sent = event.json().pointer("/metadata/checks")?;
    // Server SDKs send text, client SDKs an object.
    let checks: Map<String, Value> = match sent {
        Value::String(text) => serde_json::from_str(text).ok()?,
        Value::Object(checks) => checks.clone(),
        _ => return None,
    };
    let mut line = String::new();
    for (name, count) in checks.iter().take(MAX_NAMES) {
        let _ = write!(line, " {}={count}", quoted(name));
    }
    let others = checks.len().saturating_sub(MAX_NAMES);
    if others > 0 {
        let _ = write!(line, " others={others}");
    }
    Some(line)
}
