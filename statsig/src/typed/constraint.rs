//! What a parameter's value must be beyond its type.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

use super::decode::WrongValue;
use super::schema::ParamSchema;

/// A number or text known at compile time: a bound of a [`ParamRange`], or one of the values that a parameter may have.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ParamLiteral {
    /// `true` or `false`.
    Bool(bool),
    /// A number without a fractional part.
    Integer(i128),
    /// Any number.
    Float(f64),
    /// Text.
    Text(&'static str),
}

impl ParamLiteral {
    /// Whether a JSON value is this one. Numbers compare by value, so `1.0` is `1`.
    fn is(self, value: &Value) -> bool {
        match self {
            Self::Bool(bool) => value.as_bool() == Some(bool),
            Self::Text(text) => value.as_str() == Some(text),
            Self::Integer(_) | Self::Float(_) => {
                value.as_number().is_some_and(|number| self.equals(number))
            }
        }
    }

    fn equals(self, number: &Number) -> bool {
        match (self, number.as_i128()) {
            (Self::Integer(this), Some(other)) => this == other,
            _ => number.as_f64() == self.as_f64(),
        }
    }

    fn as_f64(self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(integer as f64),
            Self::Float(float) => Some(float),
            Self::Bool(_) | Self::Text(_) => None,
        }
    }

    /// The literal as JSON. A number that JSON cannot express is `null`.
    #[must_use]
    pub fn to_json(self) -> Value {
        match self {
            Self::Bool(bool) => Value::Bool(bool),
            Self::Text(text) => Value::from(text),
            Self::Float(float) => Value::from(float),
            Self::Integer(integer) => Number::from_i128(integer).map_or(Value::Null, Value::Number),
        }
    }
}

/// As in code: text is quoted, floats have a decimal point.
impl fmt::Display for ParamLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(bool) => bool.fmt(f),
            Self::Integer(integer) => integer.fmt(f),
            Self::Float(float) => write!(f, "{float:?}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// The numbers that a parameter may have: the attribute `range`.
///
/// ```
/// use statsig::typed::ParamRange;
///
/// const SHARE: ParamRange = ParamRange::floats(Some(0.0), Some(1.0)).without_max();
///
/// assert_eq!(SHARE.to_string(), "0.0..1.0");
/// assert!(SHARE.contains(0.5) && !SHARE.contains(1.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParamRange {
    /// The smallest number; `None` for any.
    #[serde(default, with = "bound", skip_serializing_if = "bound::is_open")]
    pub min: Option<ParamLiteral>,
    /// The largest number; `None` for any.
    #[serde(default, with = "bound", skip_serializing_if = "bound::is_open")]
    pub max: Option<ParamLiteral>,
    /// Whether `max` itself is out of range.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub excludes_max: bool,
}

impl ParamRange {
    /// Between two whole numbers, both included.
    #[must_use]
    pub const fn integers(min: Option<i128>, max: Option<i128>) -> Self {
        Self {
            min: match min {
                Some(min) => Some(ParamLiteral::Integer(min)),
                None => None,
            },
            max: match max {
                Some(max) => Some(ParamLiteral::Integer(max)),
                None => None,
            },
            excludes_max: false,
        }
    }

    /// Between two numbers, both included.
    #[must_use]
    pub const fn floats(min: Option<f64>, max: Option<f64>) -> Self {
        Self {
            min: match min {
                Some(min) => Some(ParamLiteral::Float(min)),
                None => None,
            },
            max: match max {
                Some(max) => Some(ParamLiteral::Float(max)),
                None => None,
            },
            excludes_max: false,
        }
    }

    /// The same with the maximum left out, as in `0..10`.
    #[must_use]
    pub const fn without_max(mut self) -> Self {
        self.excludes_max = true;
        self
    }

    /// Whether a number is in range.
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        Number::from_f64(number).is_some_and(|number| self.allows(&number))
    }

    /// The same for a number in JSON.
    pub(crate) fn allows(&self, number: &Number) -> bool {
        self.nearest(number).is_none()
    }

    /// The bound that a number is beyond; `None` if it is in range.
    fn nearest(&self, number: &Number) -> Option<ParamLiteral> {
        let is_below = |bound: ParamLiteral| match (number.as_i128(), bound) {
            (Some(number), ParamLiteral::Integer(bound)) => number < bound,
            _ => number.as_f64() < bound.as_f64(),
        };
        if let Some(min) = self.min
            && is_below(min)
        {
            return Some(min);
        }
        let max = self.max?;
        let is_within = is_below(max) || (!self.excludes_max && max.equals(number));
        (!is_within).then_some(max)
    }

    /// The nearest number in range; `None` for a value that is no number, or without one: beyond a maximum that is left out.
    pub(crate) fn clamp(&self, value: &Value) -> Option<Value> {
        let bound = self.nearest(value.as_number()?)?;
        let is_excluded = self.excludes_max && Some(bound) == self.max;
        (!is_excluded).then(|| bound.to_json())
    }
}

/// A bound of a range as a JSON number.
mod bound {
    use super::{Deserialize, Deserializer, Number, ParamLiteral, Serialize, Serializer, Value};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for a reference"
    )]
    pub(super) fn is_open(bound: &Option<ParamLiteral>) -> bool {
        !bound.is_some_and(|bound| bound.to_json().is_number())
    }

    pub(super) fn serialize<S: Serializer>(
        bound: &Option<ParamLiteral>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bound
            .map_or(Value::Null, ParamLiteral::to_json)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ParamLiteral>, D::Error> {
        let number = Option::<Number>::deserialize(deserializer)?;
        Ok(number.and_then(|number| match number.as_i128() {
            Some(integer) => Some(ParamLiteral::Integer(integer)),
            None => number.as_f64().map(ParamLiteral::Float),
        }))
    }
}

impl fmt::Display for ParamRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(min) = self.min {
            min.fmt(f)?;
        }
        f.write_str("..")?;
        if let Some(max) = self.max {
            if !self.excludes_max {
                f.write_str("=")?;
            }
            max.fmt(f)?;
        }
        Ok(())
    }
}

impl ParamSchema {
    /// Whether there is more to check than the type.
    #[inline]
    pub(crate) const fn is_constrained(&self) -> bool {
        self.range.is_some() || self.non_empty || !self.one_of.is_empty()
    }

    /// What the value must be, when its type alone does not say it.
    pub(crate) fn constraint(&self) -> Option<String> {
        if let Some(range) = self.range {
            let unit = self.unit.map(|unit| format!(" of {}", unit.name()));
            return Some(format!("a number{} in {range}", unit.unwrap_or_default()));
        }
        if !self.one_of.is_empty() {
            let listed: Vec<_> = self.one_of.iter().map(ToString::to_string).collect();
            return Some(format!("one of {}", listed.join(", ")));
        }
        self.non_empty.then(|| {
            let what = match self.kind {
                super::schema::ParamKind::Array => "a list",
                super::schema::ParamKind::Object => "an object",
                _ => "a string",
            };
            format!("{what} that is not empty")
        })
    }

    /// Says of a value of the wrong type all that was expected.
    pub(crate) fn explain(&self, wrong: WrongValue) -> WrongValue {
        match self.constraint() {
            Some(expected) if self.range.is_some() => WrongValue::expected(expected),
            _ => wrong,
        }
    }

    /// Checks a value of the right type.
    pub(crate) fn check_constraint(&self, value: &Value) -> Result<(), WrongValue> {
        let is_absent = self.nullable && value.is_null();
        if is_absent || self.is_allowed(value) {
            return Ok(());
        }
        let expected = self.constraint().unwrap_or_default();
        Err(WrongValue::expected(expected))
    }

    fn is_allowed(&self, value: &Value) -> bool {
        let is_in_range = match (self.range, value.as_number()) {
            (Some(range), Some(number)) => range.allows(number),
            _ => true,
        };
        let is_listed = self.one_of.is_empty() || self.one_of.iter().any(|one| one.is(value));
        let is_empty = match value {
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(object) => object.is_empty(),
            _ => false,
        };
        is_in_range && is_listed && !(self.non_empty && is_empty)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::typed::schema::ParamKind;

    #[test]
    fn ranges_compare_integers_exactly() {
        let big = 9_007_199_254_740_993_i128;
        let range = ParamRange::integers(Some(0), Some(big - 1));
        assert_eq!(range.clamp(&json!(9_007_199_254_740_992_u64)), None);
        assert_eq!(
            range.clamp(&json!(9_007_199_254_740_993_u64)),
            Some(json!(9_007_199_254_740_992_u64))
        );
        assert_eq!(range.clamp(&json!(-1)), Some(json!(0)));
        assert_eq!(range.clamp(&json!("x")), None);
    }

    #[test]
    fn ranges_may_be_open() {
        let from = ParamRange::floats(Some(0.5), None);
        let below = ParamRange::integers(None, Some(10)).without_max();
        assert!(from.contains(0.5) && from.contains(1e300) && !from.contains(0.49));
        assert!(below.contains(9.9) && below.contains(-1e9) && !below.contains(10.0));
        assert_eq!(
            (from.to_string(), below.to_string()),
            ("0.5..".to_owned(), "..10".to_owned())
        );
        assert_eq!(below.clamp(&json!(11)), None, "there is no nearest number");
        assert!(!from.contains(f64::NAN));
    }

    #[test]
    fn constraints_say_what_they_expect() {
        const PLAIN: ParamSchema = ParamSchema::new("a", "a", ParamKind::Array);
        let expected = |schema: ParamSchema, value: Value| {
            let wrong = schema.check_constraint(&value).err()?;
            Some(wrong.into_parts().0)
        };
        let listed = PLAIN.one_of(&[ParamLiteral::Text("a"), ParamLiteral::Integer(1)]);
        assert_eq!(expected(listed, json!(1.0)), None);
        assert_eq!(
            expected(listed, json!(2)).as_deref(),
            Some("one of \"a\", 1")
        );
        let filled = PLAIN.non_empty();
        assert_eq!(expected(filled, json!([1])), None);
        assert_eq!(
            expected(filled, json!([])).as_deref(),
            Some("a list that is not empty")
        );
        let ranged = PLAIN
            .range(ParamRange::floats(Some(0.0), Some(0.9)))
            .nullable(true);
        assert_eq!(expected(ranged, json!(null)), None);
        assert_eq!(
            expected(ranged, json!(1.2)).as_deref(),
            Some("a number in 0.0..=0.9")
        );
    }
}
