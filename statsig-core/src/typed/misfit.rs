//! A served value that does not fit its field, as recorded during loading.

use serde_json::Value;

use super::wrong_value::WrongValue;
use crate::mask::shown_within;

/// The maximum number of characters of a served value in a report.
const MAX_FOUND_CHARS: usize = 80;

/// A served value that does not fit its field.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// The index of the parameter.
    pub(crate) index: usize,
    /// The field in a nested struct, such as `.color`. Otherwise empty.
    pub(crate) inside: String,
    pub(crate) wrong: WrongValue,
    /// The value as JSON, shortened.
    pub(crate) found: String,
    /// Whether the field has the nearest value in range instead of the default.
    pub(crate) is_clamped: bool,
}

impl Misfit {
    #[cold]
    pub(crate) fn new(index: usize, wrong: WrongValue, value: &Value) -> Self {
        Self {
            index,
            inside: String::new(),
            wrong,
            found: shown_within(value, MAX_FOUND_CHARS),
            is_clamped: false,
        }
    }

    /// The same misfit, relative to the outer struct.
    pub(crate) fn within(self, index: usize, field: &str) -> Self {
        Self {
            index,
            inside: format!(".{field}{}", self.inside),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shortened_to_the_limit() {
        let exact = "x".repeat(78);
        assert_eq!(shown_within(json!(exact), 80), format!("\"{exact}\""));
        let long = shown_within(json!("ü".repeat(79)), 80);
        assert_eq!(long.chars().count(), 80);
        assert!(long.ends_with("ü…"));
        let huge: Value = (0..1_000).collect();
        assert_eq!(shown_within(huge, 10), "[0,1,2,3,…");
    }
}
