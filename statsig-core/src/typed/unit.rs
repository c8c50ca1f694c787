//! Durations: numbers with a unit.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::wrong_value::WrongValue;

/// The unit of a number that becomes a [`Duration`]: the attribute `unit`.
///
/// ```
/// use std::time::Duration;
/// use statsig::typed::TimeUnit;
///
/// assert_eq!(TimeUnit::Seconds.duration(1.5), Some(Duration::from_millis(1_500)));
/// assert_eq!(TimeUnit::Seconds.duration(-1.0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeUnit {
    /// Thousandths of a second: `"ms"`.
    Milliseconds,
    /// Seconds: `"s"`.
    Seconds,
    /// Minutes: `"m"`.
    Minutes,
    /// Hours: `"h"`.
    Hours,
}

impl TimeUnit {
    /// The name of the unit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
        }
    }

    const fn seconds(self) -> f64 {
        match self {
            Self::Milliseconds => 0.001,
            Self::Seconds => 1.0,
            Self::Minutes => 60.0,
            Self::Hours => 3_600.0,
        }
    }

    /// The duration of this many units. `None` if the count is negative or not a number, or the
    /// result does not fit a [`Duration`].
    #[must_use]
    pub fn duration(self, count: f64) -> Option<Duration> {
        Duration::try_from_secs_f64(count * self.seconds()).ok()
    }

    /// The number of units in a duration.
    #[must_use]
    pub fn count(self, duration: Duration) -> f64 {
        duration.as_secs_f64() / self.seconds()
    }

    /// Converts a count of units, or returns a duration unchanged. A negative count or a value that
    /// is not a number gives `None`.
    #[doc(hidden)]
    #[must_use]
    pub fn of(self, count: impl Count) -> Duration {
        count.duration(self)
    }

    /// A duration as the number that it decodes from.
    #[doc(hidden)]
    #[must_use]
    pub fn encode(self, duration: Duration) -> Option<Value> {
        let count = self.count(duration);
        // Rounds to a readable number: `1500`, not `1500.0000000000002`.
        let rounded = (count * 1e6).round() / 1e6;
        if rounded.fract() == 0.0 && rounded < 2f64.powi(53) {
            Some(Value::from(rounded as u64))
        } else {
            Number::from_f64(rounded).map(Value::Number)
        }
    }

    /// Like [`encode`](Self::encode), with `None` as `null`.
    #[doc(hidden)]
    #[must_use]
    pub fn encode_option(self, duration: Option<Duration>) -> Option<Value> {
        duration.map_or(Some(Value::Null), |duration| self.encode(duration))
    }

    /// Decodes a served number.
    ///
    /// # Errors
    ///
    /// [`WrongValue`] if it is not a number of this unit.
    pub fn decode(self, value: &Value) -> Result<Duration, WrongValue> {
        let duration = value.as_f64().and_then(|count| self.duration(count));
        duration.ok_or_else(|| WrongValue::expected(format!("a number of {}", self.name())))
    }

    /// Like [`decode`](Self::decode), with `null` as `None`.
    ///
    /// # Errors
    ///
    /// [`WrongValue`] if it is neither.
    pub fn decode_option(self, value: &Value) -> Result<Option<Duration>, WrongValue> {
        match value {
            Value::Null => Ok(None),
            value => self.decode(value).map(Some),
        }
    }
}

/// A default with a unit: a number or a [`Duration`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a number nor a `Duration`",
    label = "cannot be counted in the unit",
    note = "the default of a field with `unit` is a number of that unit, or a `Duration`"
)]
pub trait Count {
    /// The duration of this many units.
    fn duration(self, unit: TimeUnit) -> Duration;
}

impl Count for Duration {
    fn duration(self, _unit: TimeUnit) -> Duration {
        self
    }
}

macro_rules! counts {
    ($($ty:ty)*) => {$(
        impl Count for $ty {
            fn duration(self, unit: TimeUnit) -> Duration {
                unit.duration(self as f64).unwrap_or_default()
            }
        }
    )*};
}

counts!(f32 f64 i32 i64 u8 u16 u32 u64 usize);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_become_durations_and_back() {
        for (unit, json, millis) in [
            (TimeUnit::Milliseconds, json!(1_500), 1_500),
            (TimeUnit::Seconds, json!(1.5), 1_500),
            (TimeUnit::Minutes, json!(2), 120_000),
            (TimeUnit::Hours, json!(0.5), 1_800_000),
        ] {
            let duration = unit.decode(&json).unwrap();
            assert_eq!(duration, Duration::from_millis(millis));
            assert_eq!(unit.encode(duration), Some(json));
        }
        assert_eq!(TimeUnit::Seconds.decode_option(&json!(null)), Ok(None));
        assert_eq!(TimeUnit::Seconds.encode_option(None), Some(json!(null)));
        assert_eq!(TimeUnit::Minutes.of(2_u8), Duration::from_secs(120));
        assert_eq!(TimeUnit::Minutes.of(-2), Duration::ZERO);
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for value in [json!(-1), json!(1e300), json!("1"), json!(null)] {
            let wrong = TimeUnit::Seconds.decode(&value).unwrap_err();
            assert_eq!(wrong.into_parts().0, "a number of seconds", "{value}");
        }
    }
}
