//! `any`, `none` and their case-sensitive variants: whether a set contains a text.

use super::Observed;
use crate::specs::compiled::condition::{BucketSet, Members};
use crate::value::lower_case;

/// A value without a text form is the empty text.
pub(super) fn is_any(members: &Members, observed: &Observed<'_>) -> bool {
    let text = observed.text();
    members.contains(&lower_case(text.as_deref().unwrap_or("")))
}

pub(super) fn is_any_case_sensitive(members: &Members, observed: &Observed<'_>) -> bool {
    let text = observed.text();
    members.contains(text.as_deref().unwrap_or(""))
}

pub(super) fn is_any_bucket(buckets: BucketSet, observed: &Observed<'_>) -> bool {
    matches!(observed, Observed::Bucket(bucket) if buckets.contains(*bucket))
}
