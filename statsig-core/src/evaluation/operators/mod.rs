//! Operators test a value. Each file has one family.

mod array;
mod equality;
mod number;
mod text;
mod time;
mod version;

use std::borrow::Cow;

use serde_json::Value;

use crate::specs::compiled::condition::Test;
use crate::value::{float_of, int_of, lower_case, text_of, user_time_of};

/// The value that a condition tests.
#[derive(Debug, Clone)]
pub enum Observed<'a> {
    Missing,
    Json(&'a Value),
    Text(Cow<'a, str>),
    /// A bucket out of 1000.
    Bucket(u64),
    /// The current time in epoch milliseconds. It is neither a text nor a number.
    Now(i64),
}

impl<'a> From<Option<&'a Value>> for Observed<'a> {
    fn from(value: Option<&'a Value>) -> Self {
        value.map_or(Self::Missing, Self::Json)
    }
}

impl Observed<'_> {
    /// `None` for a value without a text form.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Missing | Self::Now(_) => None,
            Self::Json(value) => text_of(value),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Bucket(bucket) => Some(Cow::Owned(bucket.to_string())),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "buckets are below 1000")]
    fn float(&self) -> Option<f64> {
        match self {
            Self::Missing | Self::Now(_) => None,
            Self::Json(value) => float_of(value),
            Self::Text(text) => text.parse().ok(),
            Self::Bucket(bucket) => Some(*bucket as f64),
        }
    }

    /// The value as a time in its own unit, otherwise as an integer.
    fn time(&self) -> Option<i64> {
        match self {
            Self::Missing => None,
            Self::Json(Value::String(text)) => user_time_of(text),
            Self::Json(value) => int_of(value),
            Self::Text(text) => user_time_of(text),
            Self::Bucket(bucket) => i64::try_from(*bucket).ok(),
            Self::Now(now) => Some(*now),
        }
    }

    fn array(&self) -> Option<&[Value]> {
        match self {
            Self::Json(Value::Array(elements)) => Some(elements),
            _ => None,
        }
    }
}

/// Whether the value passes, before a negation. `None` if this SDK does not know the test, or the
/// test needs more than the value.
pub(super) fn passes(test: &Test, observed: &Observed<'_>) -> Option<bool> {
    Some(match test {
        Test::Number { order, target } => number::passes(*order, *target, observed),
        Test::Version { order, target } => version::passes(*order, target.as_ref(), observed),
        // A value without a text form is the empty text.
        Test::Any(members) => members.contains(&lower_case(&observed.text().unwrap_or_default())),
        Test::AnyCaseSensitive(members) => members.contains(&observed.text().unwrap_or_default()),
        Test::BucketAny(buckets) => {
            matches!(observed, Observed::Bucket(bucket) if buckets.contains(*bucket))
        }
        Test::Part { place, parts } => text::has_part(*place, parts, observed),
        Test::Matches(pattern) => text::matches(pattern.as_deref(), observed),
        Test::Time { order, target } => time::passes(*order, *target, observed),
        Test::Equals(target) => equality::equals(target, observed),
        Test::Array { wanted, members } => array::passes(*wanted, members.as_deref(), observed),
        Test::IdList(_) | Test::Unsupported => return None,
    })
}
