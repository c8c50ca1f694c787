//! Formats the findings of shares and conditions. It shortens long values and hides private values.

use serde_json::Value;

use super::Explainer;
use crate::evaluation::bucket::bucket_of;
use crate::evaluation::fields::user_field;
use crate::evaluation::operators::Observed;
use crate::results::explanation::{Found, ShareTried};
use crate::specs::compiled::condition::{BucketSet, Source, Subject};
use crate::specs::compiled::{Share, UnitIdType};
use crate::specs::describe::{shortened, time};
use crate::value::text_of;

/// The maximum size of a found value, in bytes of JSON. A larger value is shown as a shortened
/// text.
const MAX_VALUE_BYTES: usize = 200;
/// The threshold that includes all users.
const ALL_BUCKETS: f64 = 10_000.0;

impl<'a> Explainer<'a> {
    pub(super) fn share(&self, share: &Share, unit: &UnitIdType, is_in: bool) -> ShareTried {
        let (threshold, bucket) = match share {
            Share::All => (ALL_BUCKETS, None),
            Share::Nobody => (0.0, None),
            Share::Part { salt, threshold } => (*threshold, Some(bucket_of(salt, unit, self.user))),
        };
        ShareTried {
            // A threshold is the percentage times 100. Rounding removes its floating-point error.
            pass_percentage: (threshold * 1e6).round() / 1e8,
            bucket,
            threshold,
            id_type: unit.exact.clone(),
            id: self.unit_id(unit),
            is_in,
        }
    }

    fn unit_id(&self, unit: &UnitIdType) -> Option<String> {
        let id = self.user.unit_id(unit.is_user_id, &unit.exact, &unit.lower);
        id.and_then(text_of).map(|id| shortened(&id))
    }

    /// Whether the private attributes contain this exact value (by address).
    fn is_private(&self, value: &Value) -> bool {
        let attributes = self.user.data().private_attributes.as_ref();
        attributes.is_some_and(|attributes| {
            attributes
                .values()
                .any(|attribute| std::ptr::eq(attribute, value))
        })
    }

    /// The user's private value behind a condition's finding, if it must not be shown.
    pub(super) fn private_source<'s>(
        &'s self,
        subject: &Subject,
        found: &'s Observed<'_>,
    ) -> Option<&'s Value> {
        let value = match (subject, found) {
            (_, Observed::Json(value)) => *value,
            (Subject::Derived { from, .. }, Observed::Text(_)) => self.source(from)?,
            _ => return None,
        };
        self.is_private(value).then_some(value)
    }

    fn source(&self, from: &Source) -> Option<&'a Value> {
        let (Source::Ip(field) | Source::UserAgent(field)) = from;
        let globals = &self.scope.snapshot.global_custom_fields;
        user_field(self.user, globals, field)
    }

    pub(super) fn found(&self, subject: &Subject, found: &Observed<'_>) -> Found {
        match (found, subject) {
            (Observed::Missing, _) => Found::Nothing,
            (Observed::Json(value), _) => Found::Value(shortened_value(value)),
            (Observed::Text(text), Subject::Derived { from, .. }) => {
                let (Source::Ip(field) | Source::UserAgent(field)) = from;
                Found::Derived {
                    value: shortened(text),
                    from: field.exact.clone(),
                }
            }
            (Observed::Text(text), _) => Found::Value(Value::from(shortened(text))),
            (Observed::Bucket(bucket), subject) => Found::Bucket {
                bucket: *bucket,
                of: BucketSet::BUCKETS,
                id: match subject {
                    Subject::UserBucket(bucket) => self.unit_id(&bucket.unit),
                    _ => None,
                },
            },
            (Observed::Now(ms), _) => Found::Time(time(*ms)),
        }
    }
}

fn shortened_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(shortened(text)),
        Value::Array(_) | Value::Object(_) => {
            let text = value.to_string();
            if text.len() > MAX_VALUE_BYTES {
                Value::from(shortened(&text))
            } else {
                value.clone()
            }
        }
        scalar => scalar.clone(),
    }
}

/// Whether a text of the specs reveals a private value. It does if it equals the value's text, a
/// text inside it, or a text derived from it.
pub(super) fn tells(source: &Value, found: &Observed<'_>, text: &str) -> bool {
    let text = text.to_lowercase();
    match found {
        Observed::Text(derived) if derived.to_lowercase() == text => true,
        _ => contains(source, &text),
    }
}

fn contains(value: &Value, text: &str) -> bool {
    let same = |of: &str| of.to_lowercase() == text;
    match value {
        Value::Array(items) => {
            same(&value.to_string()) || items.iter().any(|item| contains(item, text))
        }
        Value::Object(entries) => {
            same(&value.to_string()) || entries.values().any(|item| contains(item, text))
        }
        scalar => text_of(scalar).is_some_and(|of| same(&of)),
    }
}
