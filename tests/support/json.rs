//! Compares JSON by the rules for recorded answers.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Whether two values are equal. Numbers are compared by value: `1e2` equals `100`.
#[must_use]
pub fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || is_same_number(left, right) || is_same_number(right, left)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => is_same_object(left, right),
        _ => left == right,
    }
}

/// Whether two objects have equal entries.
#[must_use]
pub fn is_same_object(left: &Map<String, Value>, right: &Map<String, Value>) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .all(|(key, value)| right.get(key).is_some_and(|other| is_same(value, other)))
}

/// Whether an integer and a double are exactly equal.
fn is_same_number(integer: &serde_json::Number, double: &serde_json::Number) -> bool {
    let (Some(integer), true, Some(double)) = (integer.as_i128(), double.is_f64(), double.as_f64())
    else {
        return false;
    };
    double.fract() == 0.0 && double.abs() < 1e30 && double as i128 == integer
}

/// Describes the fields in which two objects differ. An absent field, `null` and an empty list are
/// equal.
#[must_use]
pub fn differences(context: &str, expected: &Value, found: &Value) -> Vec<String> {
    let empty = Map::new();
    let expected = expected.as_object().unwrap_or(&empty);
    let found = found.as_object().unwrap_or(&empty);
    let fields: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let mut differences = Vec::new();
    for field in fields {
        let expected = present(expected.get(field));
        let found = present(found.get(field));
        if !is_same(expected, found) {
            differences.push(format!(
                "{context}, {field}: expected {expected}, found {found}"
            ));
        }
    }
    differences
}

fn present(value: Option<&Value>) -> &Value {
    value
        .filter(|value| value.as_array().is_none_or(|array| !array.is_empty()))
        .unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_what_they_are_worth() {
        let same = |left: &str, right: &str| {
            is_same(
                &left.parse().expect("a number"),
                &right.parse().expect("a number"),
            )
        };
        assert!(same("1e2", "100"));
        assert!(same("1e21", "1000000000000000000000"));
        assert!(same("123.0", "123"));
        assert!(!same("9007199254740993", "9007199254740992.0"));
        assert!(!same("18446744073709551615", "18446744073709551616"));
        assert!(!same("1", "1.5"));
    }

    #[test]
    fn a_difference_names_its_field() {
        let differences = differences(
            "gate g",
            &json!({"value": true, "empty": []}),
            &json!({"value": false, "absent": null}),
        );
        assert_eq!(differences, ["gate g, value: expected true, found false"]);
    }
}
