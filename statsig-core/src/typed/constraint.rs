//! The constraints on a parameter's value besides its type.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

/// A number or text that is known at compile time: a bound of a [`ParamRange`], or an allowed value
/// of a parameter.
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
    /// Whether a JSON value equals this literal. Numbers compare by value, so `1.0` equals `1`.
    pub(super) fn is(self, value: &Value) -> bool {
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

/// The form in code: text has quotes, floats have a decimal point.
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

/// The allowed numbers of a parameter: the attribute `range`.
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
    /// The smallest number. `None` for no limit.
    #[serde(default, with = "bound", skip_serializing_if = "bound::is_open")]
    pub min: Option<ParamLiteral>,
    /// The largest number. `None` for no limit.
    #[serde(default, with = "bound", skip_serializing_if = "bound::is_open")]
    pub max: Option<ParamLiteral>,
    /// Whether `max` itself is out of range.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub excludes_max: bool,
}

impl ParamRange {
    /// A range between two whole numbers, both included.
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

    /// A range between two numbers, both included.
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

    /// The same range without its maximum, as in `0..10`.
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

    /// Whether a JSON number is in range.
    pub(crate) fn allows(&self, number: &Number) -> bool {
        self.nearest(number).is_none()
    }

    /// The bound that a number exceeds. `None` if it is in range.
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

    /// The nearest number in range. `None` if the value is not a number, or if no nearest number
    /// exists: above an excluded maximum.
    pub(crate) fn clamp(&self, value: &Value) -> Option<Value> {
        let bound = self.nearest(value.as_number()?)?;
        let is_excluded = self.excludes_max && Some(bound) == self.max;
        (!is_excluded).then(|| bound.to_json())
    }
}

/// A bound of a range as a JSON number.
mod bound {
    use super::{Deserialize, Deserializer, Number, ParamLiteral, Serialize, Serializer, Value};

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
}
