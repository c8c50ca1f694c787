//! Writes fields of messages as in the service's JSON, where serde's own form differs.

use prost::bytes::Bytes;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Indexed by number. An empty text marks a number without a meaning.
pub(super) const ENTITIES: [&str; 8] = [
    "",
    "feature_gate",
    "dynamic_config",
    "autotune",
    "experiment",
    "layer",
    "segment",
    "holdout",
];
pub(super) const ID_TYPES: [&str; 3] = ["", "userID", "stableID"];
pub(super) const CONDITION_TYPES: [&str; 12] = [
    "",
    "public",
    "fail_gate",
    "pass_gate",
    "ua_based",
    "ip_based",
    "user_field",
    "environment_field",
    "current_time",
    "user_bucket",
    "target_app",
    "unit_id",
];
pub(super) const OPERATORS: [&str; 32] = [
    "",
    "gt",
    "gte",
    "lt",
    "lte",
    "version_gt",
    "version_gte",
    "version_lt",
    "version_lte",
    "version_eq",
    "version_neq",
    "any",
    "none",
    "str_starts_with_any",
    "str_ends_with_any",
    "str_contains_any",
    "str_contains_none",
    "any_case_sensitive",
    "none_case_sensitive",
    "str_matches",
    "before",
    "after",
    "on",
    "eq",
    "neq",
    "in_segment_list",
    "not_in_segment_list",
    "array_contains_any",
    "array_contains_none",
    "array_contains_all",
    "not_array_contains_all",
    "encoded_any",
];

/// Writes the entity of a spec, and its type, which follows from the entity.
pub(super) fn entity<S: Serializer>(number: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct TypeAndEntity {
        r#type: &'static str,
        entity: &'static str,
    }

    let entity = named("entity", &ENTITIES, *number)?;
    let r#type = match entity {
        "feature_gate" | "segment" | "holdout" => "feature_gate",
        _ => "dynamic_config",
    };
    TypeAndEntity { r#type, entity }.serialize(serializer)
}

pub(super) fn condition_type<S: Serializer>(number: &i32, to: S) -> Result<S::Ok, S::Error> {
    named("condition type", &CONDITION_TYPES, *number)?.serialize(to)
}

pub(super) fn operator<S: Serializer>(number: &Option<i32>, to: S) -> Result<S::Ok, S::Error> {
    let name = number.map(|number| named("operator", &OPERATORS, number));
    name.transpose()?.serialize(to)
}

/// The name of a number.
pub(super) fn named<E: Error>(
    what: &'static str,
    names: &[&'static str],
    number: i32,
) -> Result<&'static str, E> {
    let name = usize::try_from(number).ok().and_then(|at| names.get(at));
    name.copied()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            E::custom(format_args!(
                "expected a known {what}, found the number {number}"
            ))
        })
}

/// Bytes that are JSON.
pub(super) fn json<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    let json: &RawValue = serde_json::from_slice(bytes)
        .map_err(|error| S::Error::custom(format_args!("malformed JSON within: {error}")))?;
    json.serialize(serializer)
}

pub(super) fn optional_json<S: Serializer>(
    bytes: &Option<Bytes>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => json(bytes, serializer),
        None => serializer.serialize_none(),
    }
}

/// Sampling rates in JSON are whole numbers.
pub(super) fn whole<S: Serializer>(rate: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    match *rate {
        Some(rate) if rate.is_finite() && rate >= 0.0 && rate.fract() == 0.0 => {
            serializer.serialize_u64(rate as u64)
        }
        Some(rate) => Err(S::Error::custom(format_args!(
            "expected a whole sampling rate, found {rate}"
        ))),
        None => serializer.serialize_none(),
    }
}
