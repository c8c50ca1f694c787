//! A served value that its field could not take, as it is found while reading.

use std::fmt;

use serde_json::Value;

use super::decode::WrongValue;

/// Characters of a served value that a report shows.
const MAX_FOUND_CHARS: usize = 80;

/// A served value that its field could not take.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// Of the parameter.
    pub(crate) index: usize,
    /// The field inside of a nested struct, such as `.color`; else empty.
    pub(crate) inside: String,
    pub(crate) wrong: WrongValue,
    /// The value as JSON, shortened.
    pub(crate) found: String,
    /// Whether the nearest value in range was taken instead of the default.
    pub(crate) is_clamped: bool,
}

impl Misfit {
    #[cold]
    pub(crate) fn new(index: usize, wrong: WrongValue, value: &Value) -> Self {
        Self {
            index,
            inside: String::new(),
            wrong,
            found: shorten(value, MAX_FOUND_CHARS),
            is_clamped: false,
        }
    }

    /// The same, seen from the struct that this one is nested in.
    pub(crate) fn within(self, index: usize, field: &str) -> Self {
        Self {
            index,
            inside: format!(".{field}{}", self.inside),
            ..self
        }
    }
}

/// Writes a value without ever writing all of a large one.
pub(crate) fn shorten(value: impl fmt::Display, max_chars: usize) -> String {
    struct Shortened {
        text: String,
        chars_left: usize,
    }

    impl fmt::Write for Shortened {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            for char in part.chars() {
                self.chars_left = self.chars_left.checked_sub(1).ok_or(fmt::Error)?;
                self.text.push(char);
            }
            Ok(())
        }
    }

    let mut shortened = Shortened {
        text: String::new(),
        chars_left: max_chars,
    };
    if fmt::write(&mut shortened, format_args!("{value}")).is_err() {
        shortened.text.pop();
        shortened.text.push('…');
    }
    shortened.text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shortened_to_the_limit() {
        let exact = "x".repeat(78);
        assert_eq!(shorten(json!(exact), 80), format!("\"{exact}\""));
        let long = shorten(json!("ü".repeat(79)), 80);
        assert_eq!(long.chars().count(), 80);
        assert!(long.ends_with("ü…"));
        let huge: Value = (0..1_000).collect();
        assert_eq!(shorten(huge, 10), "[0,1,2,3,…");
    }
}
