//! Checks whether a value fits a parameter, and describes the problem if not.

use serde_json::{Number, Value};

use super::super::schema::{ParamKind, is_empty};
use super::super::wrong_value::WrongValue;
use super::document::ParamDocument;
use super::report::DriftKind;

/// Why a value does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ValueDrift {
    pub(super) kind: DriftKind,
    pub(super) expected: String,
    /// For a nested parameter, the path from the outer parameter, such as `.color`. Otherwise
    /// empty.
    pub(super) path: String,
    /// The exact problem, if it is not obvious.
    pub(super) problem: Option<String>,
}

impl ParamDocument {
    /// The problem of a value. If this program contains the struct, the field itself decides, so
    /// that a check and a load agree.
    pub(super) fn drift(&self, value: &Value) -> Option<ValueDrift> {
        match self.decode(value) {
            None => self.described_drift(value),
            Some(Ok(())) => None,
            Some(Err(wrong)) => Some(self.decoding_drift(value, wrong)),
        }
    }

    /// The problem, as far as the document describes the field.
    fn described_drift(&self, value: &Value) -> Option<ValueDrift> {
        let kind = self.problem(value);
        if kind.is_none()
            && let Value::Object(object) = value
        {
            return self.nested.iter().find_map(|inside| {
                let drift =
                    inside.described_drift(inside.names().find_map(|name| object.get(name))?)?;
                let path = format!(".{}{}", inside.name, drift.path);
                Some(ValueDrift { path, ..drift })
            });
        }
        Some(ValueDrift {
            kind: kind?,
            expected: self.expectation(),
            path: String::new(),
            problem: None,
        })
    }

    /// The problem, after the field's own decoding refused the value.
    fn decoding_drift(&self, value: &Value, wrong: WrongValue) -> ValueDrift {
        let (expected, problem) = wrong.into_parts();
        if let Some(known) = self.described_drift(value) {
            // The document separates the path in an object from the expectation. Decoding combines
            // both.
            return if known.path.is_empty() {
                ValueDrift {
                    expected,
                    problem,
                    ..known
                }
            } else {
                known
            };
        }
        let is_number =
            value.is_number() && matches!(self.kind, ParamKind::Integer | ParamKind::Number);
        ValueDrift {
            kind: if is_number {
                DriftKind::OutOfRange
            } else {
                DriftKind::RejectedValue
            },
            expected,
            path: String::new(),
            problem,
        }
    }

    fn problem(&self, value: &Value) -> Option<DriftKind> {
        if value.is_null() && self.kind != ParamKind::Any {
            return (!self.nullable).then_some(DriftKind::NullValue);
        }
        if !self.has_shape(value) {
            return Some(DriftKind::WrongType);
        }
        if let Value::Number(number) = value {
            let is_negative =
                self.unit.is_some() && number.as_f64().is_some_and(|count| count < 0.0);
            let is_in_range = self.range.as_ref().is_none_or(|range| range.allows(number));
            if is_negative || !is_in_range {
                return Some(DriftKind::OutOfRange);
            }
        }
        let is_known =
            |text: &str| self.names.is_empty() || self.names.iter().any(|name| name == text);
        let is_listed = self.one_of.is_empty() || self.one_of.iter().any(|one| equal(one, value));
        if !is_listed || value.as_str().is_some_and(|text| !is_known(text)) {
            return Some(DriftKind::UnknownName);
        }
        (self.non_empty && is_empty(value)).then_some(DriftKind::EmptyValue)
    }

    fn has_shape(&self, value: &Value) -> bool {
        match self.kind {
            ParamKind::Bool => value.is_boolean(),
            ParamKind::Integer => value.as_number().is_some_and(is_whole),
            ParamKind::Number => value.is_number(),
            ParamKind::String => value.is_string(),
            ParamKind::Array => value.is_array(),
            ParamKind::Object => value.is_object(),
            ParamKind::Any => true,
        }
    }

    /// The values that the field accepts, in words.
    pub(super) fn expectation(&self) -> String {
        let listed: Vec<_> = if self.one_of.is_empty() {
            self.names.iter().map(|name| format!("{name:?}")).collect()
        } else {
            self.one_of.iter().map(Value::to_string).collect()
        };
        if !listed.is_empty() {
            return format!("one of {}", listed.join(", "));
        }
        let mut text = match self.kind {
            ParamKind::Bool => "true or false",
            ParamKind::Integer => "an integer",
            ParamKind::Number => "a number",
            ParamKind::String => "a string",
            ParamKind::Array => "a list",
            ParamKind::Object => "an object",
            ParamKind::Any => "a value",
        }
        .to_owned();
        if let Some(unit) = self.unit {
            text.push_str(&format!(" of {}", unit.name()));
        }
        if let Some(range) = &self.range {
            text.push_str(&format!(" in {range}"));
        }
        if self.non_empty {
            text.push_str(" that is not empty");
        }
        text
    }
}

fn is_whole(number: &Number) -> bool {
    let is_integer = number.is_i64() || number.is_u64();
    is_integer || number.as_f64().is_some_and(|float| float.trunc() == float)
}

/// Whether two values are equivalent: `1` and `1.0`, or lists in another order, because sets are
/// written as lists.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            let count = |list: &[Value], one| list.iter().filter(|other| equal(other, one)).count();
            a.len() == b.len() && a.iter().all(|one| count(a, one) == count(b, one))
        }
        (Value::Object(a), Value::Object(b)) => {
            let has_equal = |(key, a): (&String, &Value)| b.get(key).is_some_and(|b| equal(a, b));
            a.len() == b.len() && a.iter().all(has_equal)
        }
        _ => a == b,
    }
}
