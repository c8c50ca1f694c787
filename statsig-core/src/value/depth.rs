//! A limit on the nesting of values, so that recursion over a value does not overflow the stack.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::notice::{self, Notice};

/// The maximum number of lists and objects around a value. JSON parsers often stop at 128, and
/// events add a few levels around a user's values.
pub const MAX_DEPTH: usize = 100;

/// Returns the value if its nesting is within the limit. Otherwise drops it and warns with its
/// place.
#[inline]
pub fn bounded(value: Value, place: impl fmt::Display) -> Option<Value> {
    if !is_too_deep(&value) {
        return Some(value);
    }
    warn_of(place);
    discard(value);
    None
}

/// Drops the entries that are nested deeper than the limit.
pub fn bounded_entries(entries: Map<String, Value>, of: impl fmt::Display) -> Map<String, Value> {
    if !entries.values().any(is_too_deep) {
        return entries;
    }
    let bounded = entries.into_iter().filter_map(|(name, value)| {
        let value = bounded(value, format_args!("{of}, entry {name}"))?;
        Some((name, value))
    });
    bounded.collect()
}

/// Shared entries without those that are nested deeper than the limit.
pub fn bounded_shared(
    entries: Arc<Map<String, Value>>,
    of: impl fmt::Display,
) -> Arc<Map<String, Value>> {
    if !entries.values().any(is_too_deep) {
        return entries;
    }
    warn_of(format_args!("part of {of}"));
    let kept = entries.iter().filter(|(_, value)| !is_too_deep(value));
    Arc::new(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

#[inline]
fn is_too_deep(value: &Value) -> bool {
    exceeds(value, MAX_DEPTH)
}

/// Stops when no levels are left.
fn exceeds(value: &Value, levels: usize) -> bool {
    let Some(within) = levels.checked_sub(1) else {
        return matches!(value, Value::Array(_) | Value::Object(_));
    };
    match value {
        Value::Array(items) => items.iter().any(|item| exceeds(item, within)),
        Value::Object(fields) => fields.values().any(|field| exceeds(field, within)),
        _ => false,
    }
}

#[cold]
fn warn_of(place: impl fmt::Display) {
    notice::give(&Notice::TooDeep {
        place: format_args!("{place}"),
        max_depth: MAX_DEPTH,
    });
}

/// Drops a value of any depth. The default drop recurses and would overflow the stack.
fn discard(value: Value) {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(fields) => rest.extend(fields.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}

/// Alternating lists and objects around a number.
#[cfg(any(test, feature = "testing"))]
#[must_use]
pub fn nested(levels: usize) -> Value {
    (0..levels).fold(Value::from(1), |value, level| {
        if level % 2 == 0 {
            Value::Array(vec![value])
        } else {
            Value::Object(Map::from_iter([("in".to_owned(), value)]))
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_kept_up_to_the_limit() {
        assert!(bounded(json!("text"), "it").is_some());
        assert!(bounded(nested(MAX_DEPTH), "it").is_some());
        assert!(bounded(nested(MAX_DEPTH + 1), "it").is_none());
        assert!(bounded(json!([1, {"deep": nested(MAX_DEPTH)}]), "it").is_none());
        let entries = Map::from_iter([
            ("deep".to_owned(), nested(MAX_DEPTH + 1)),
            ("flat".to_owned(), json!(2)),
        ]);
        let kept = bounded_entries(entries, "it");
        assert_eq!(Value::Object(kept), json!({"flat": 2}));
    }

    #[test]
    fn a_value_of_any_depth_is_left_out_on_a_small_stack() {
        let small = std::thread::Builder::new().stack_size(128 * 1024);
        let thread = small.spawn(|| bounded(nested(200_000), "it").is_none());
        assert!(thread.unwrap().join().unwrap());
    }
}
