//! Compares JSON in which the record masks some parts.

use serde_json::Value;
use statsig_tests::json;

const MASKED: &str = "<masked>";

/// The fields in which two values differ. A masked field must exist, with any value.
pub(crate) fn differences(context: &str, expected: &Value, found: &Value) -> Vec<String> {
    let mut found = found.clone();
    parse_checks(&mut found);
    mask(expected, &mut found);
    match (expected, &found) {
        (Value::Object(_), Value::Object(_)) => {
            let mut differences = json::differences(context, expected, &found);
            // Here an absent key differs from `null` and from an empty list.
            if differences.is_empty() && !json::is_same(expected, &found) {
                differences.push(format!("{context}: expected {expected}, found {found}"));
            }
            differences
        }
        _ if json::is_same(expected, &found) => Vec::new(),
        _ => vec![format!("{context}: expected {expected}, found {found}")],
    }
}

fn mask(expected: &Value, found: &mut Value) {
    match (expected, found) {
        (Value::String(text), found) if text == MASKED && !found.is_null() => {
            *found = expected.clone();
        }
        (Value::Object(expected), Value::Object(found)) => {
            for (key, expected) in expected {
                if let Some(found) = found.get_mut(key) {
                    mask(expected, found);
                }
            }
        }
        _ => {}
    }
}

/// The counts of checks are a JSON text on the wire, but JSON in the record.
fn parse_checks(event: &mut Value) {
    if let Some(Value::String(checks)) = event.pointer("/metadata/checks")
        && event["eventName"] == "statsig::non_exposed_checks"
    {
        let parsed: Value = checks.parse().expect("counts in JSON");
        event["metadata"]["checks"] = parsed;
    }
}
