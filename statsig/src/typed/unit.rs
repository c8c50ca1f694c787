//! Durations: numbers with a unit.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decode::WrongValue;

/// What a number counts that becomes a [`Duration`]: the attribute `unit`.
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
    /// The unit in words.
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

    /// So many of them; `None` if that is negative, no number, or more than a [`Duration`] holds.
    #[must_use]
    pub fn duration(self, count: f64) -> Option<Duration> {
        Duration::try_from_secs_f64(count * self.seconds()).ok()
    }

    /// How many of them a duration is.
    #[must_use]
    pub fn count(self, duration: Duration) -> f64 {
        duration.as_secs_f64() / self.seconds()
    }

    /// Decodes a served number.
    ///
    /// # Errors
    ///
    /// [`WrongValue`] if it is no number of this unit.
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
