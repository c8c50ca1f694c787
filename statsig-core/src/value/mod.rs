//! Conversions of JSON values for comparison: to text, numbers, integers and times.
//!
//! The rules are Statsig's, and all of its SDKs share them. The rules for users and for specs
//! differ slightly.

pub mod depth;

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime};
use serde_json::{Map, Number, Value};

/// The valid lengths of user times, in bytes. A text of another length is not a time.
const USER_TIME_LENGTHS: std::ops::RangeInclusive<usize> = 8..=20;

/// The text form of a user's value. `null` and objects have no text form.
///
/// Numbers convert to a double and are written without an exponent: `1.0` is `1`, `1e21` has 22
/// digits.
#[must_use]
pub fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(number) => Some(Cow::Owned(float_of_number(number).to_string())),
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Array(_) => Some(Cow::Owned(value.to_string())),
    }
}

/// The double nearest to the number.
#[must_use]
pub fn float_of_number(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

/// A value as a number. Accepts numbers, and texts that Rust parses as numbers.
#[must_use]
pub fn float_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(float_of_number(number)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value as an integer. Accepts whole numbers in range, and texts that Rust parses as integers.
#[must_use]
pub fn int_of(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => whole_number(other),
    }
}

/// A whole number in range as an integer, also one with a decimal point. Accepts no texts.
#[must_use]
pub fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(float_of_number(number))),
        _ => None,
    }
}

/// An object of these entries.
pub fn object<K: Into<String>, V: Into<Value>>(
    entries: impl IntoIterator<Item = (K, V)>,
) -> Map<String, Value> {
    let entries = entries.into_iter();
    entries
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// A double as an integer, if the conversion back gives the same double.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the conversion back detects a loss"
)]
fn whole(number: f64) -> Option<i64> {
    let integer = number as i64;
    (number.fract() == 0.0 && integer as f64 == number).then_some(integer)
}

/// A user's text as a time. An integer keeps its unit. A date becomes epoch milliseconds.
#[must_use]
pub fn user_time_of(text: &str) -> Option<i64> {
    if let Ok(integer) = text.parse() {
        return Some(integer);
    }
    let could_be_date = USER_TIME_LENGTHS.contains(&text.len()) && text.contains(['-', 'T', ':']);
    if could_be_date { date_of(text) } else { None }
}

/// A text of the specs as a time. The rules are those for users, without the length limit.
#[must_use]
pub fn target_time_of(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| date_of(text))
}

/// RFC 3339, or `YYYY-MM-DD hh:mm:ss` in UTC, as epoch milliseconds.
fn date_of(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
    Some(time.and_utc().timestamp_millis())
}

/// The text of a target element. Text stays as it is; other values are written as JSON.
///
/// A user's `1.0` becomes `1`; a target's `1.0` stays `1.0`.
#[must_use]
pub fn target_text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// Unicode lower case. Borrowed if nothing changes.
#[must_use]
pub fn lower_case(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// The overhead of an object entry or a list item, without its texts.
const ENTRY_BYTES: u64 = 72;
const ITEM_BYTES: u64 = 32;

/// The approximate memory use of a value, in bytes, without its own record. It does not recurse, so
/// any depth is safe.
#[must_use]
pub fn bytes_of(value: &Value) -> u64 {
    let mut bytes = 0;
    let mut rest = Vec::new();
    let mut next = Some(value);
    while let Some(value) = next {
        bytes += match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len() as u64,
            Value::Array(items) => {
                rest.extend(items);
                items.len() as u64 * ITEM_BYTES
            }
            Value::Object(fields) => {
                rest.extend(fields.values());
                fields.keys().map(|name| bytes_of_entry(name)).sum()
            }
        };
        next = rest.pop();
    }
    bytes
}

/// The approximate memory use of named fields, in bytes.
#[must_use]
pub fn bytes_of_fields(fields: &BTreeMap<String, Value>) -> u64 {
    let fields = fields.iter();
    fields
        .map(|(name, value)| bytes_of_entry(name) + bytes_of(value))
        .sum()
}

/// The approximate memory use of an entry with this name, in bytes, without its value.
#[must_use]
pub fn bytes_of_entry(name: &str) -> u64 {
    ENTRY_BYTES + name.len() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_read_as_plain_decimals_of_a_double() {
        let cases = [
            (json!(1), "1"),
            (json!(1.0), "1"),
            (json!(1e21), "1000000000000000000000"),
            (json!(1e-7), "0.0000001"),
            (json!(-0.0), "-0"),
            (json!(9_007_199_254_740_993_u64), "9007199254740992"),
            (json!(u64::MAX), "18446744073709552000"),
        ];
        for (value, text) in cases {
            assert_eq!(text_of(&value).as_deref(), Some(text), "{value}");
        }
    }

    #[test]
    fn user_dates_are_bounded_in_length_and_target_dates_are_not() {
        let new_year = 1_704_067_201_000;
        for text in [
            "2024-01-01T00:00:01Z",
            "2024-01-01 00:00:01",
            "2024-1-1 0:0:1",
        ] {
            assert_eq!(user_time_of(text), Some(new_year), "{text}");
        }
        for text in ["2024-01-01T00:00:01.000Z", "2024-01-01T00:00:01+00:00"] {
            assert_eq!(user_time_of(text), None, "{text}");
            assert_eq!(target_time_of(text), Some(new_year), "{text}");
        }
        assert_eq!(user_time_of("2024-01-02"), None);
        assert_eq!(user_time_of("+5"), Some(5));
    }

    #[test]
    fn only_whole_numbers_are_integers() {
        assert_eq!(int_of(&json!(5.0)), Some(5));
        assert_eq!(int_of(&json!(5.5)), None);
        assert_eq!(int_of(&json!(1e30)), None);
        assert_eq!(int_of(&json!("-7")), Some(-7));
        assert_eq!(int_of(&json!(i64::MIN)), Some(i64::MIN));
    }

    #[test]
    fn whole_numbers_may_have_a_decimal_point_and_texts_are_no_numbers() {
        let whole = [
            (json!(5.0), 5),
            (json!(-0.0), 0),
            (json!(1e15), 1_000_000_000_000_000),
        ];
        for (value, expected) in whole {
            assert_eq!(whole_number(&value), Some(expected), "{value}");
        }
        for value in [
            json!(5.5),
            json!(1e300),
            json!(u64::MAX),
            json!("5"),
            json!(true),
        ] {
            assert_eq!(whole_number(&value), None, "{value}");
        }
    }
}
