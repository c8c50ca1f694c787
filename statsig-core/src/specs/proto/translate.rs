//! Converts one entity from protobuf to the service's JSON.

use prost::Message;
use serde::Serialize;
use serde_json::value::RawValue;

use super::messages::{self, Kind, any_value, id_type, return_value};
use crate::mask::shown;

const KNOWN_ID_TYPES: [&str; 3] = ["", "userID", "stableID"];
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

/// Why an entity was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum EntityProblem {
    #[error("expected data, found none")]
    NoData,
    #[error("malformed protobuf: {0}")]
    Protobuf(String),
    #[error("malformed JSON within: {0}")]
    Json(String),
    #[error("expected a known {what}, found the number {number}")]
    UnknownNumber { what: &'static str, number: i32 },
    #[error("expected a value, found one without a kind")]
    NoValue,
    #[error("expected a whole sampling rate, found {0}")]
    SamplingRate(String),
}

impl From<prost::DecodeError> for EntityProblem {
    fn from(error: prost::DecodeError) -> Self {
        Self::Protobuf(shown(error))
    }
}

impl From<serde_json::Error> for EntityProblem {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(shown(error))
    }
}

/// The JSON of an entity. Kinds other than entities have none.
pub(super) fn entity_to_json(kind: Kind, data: &[u8]) -> Result<Box<RawValue>, EntityProblem> {
    let json = match kind {
        Kind::Condition => condition(&messages::Condition::decode(data)?)?,
        Kind::ParamStore => serde_json::from_slice(data)?,
        _ => spec(&messages::Spec::decode(data)?)?,
    };
    Ok(json)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    salt: &'a str,
    enabled: bool,
    default_value: Json<'a>,
    entity: &'static str,
    id_type: &'a str,
    version: u32,
    rules: Vec<Rule<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_active: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    explicit_parameters: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    has_shared_params: Option<bool>,
    #[serde(rename = "targetAppIDs", skip_serializing_if = "<[_]>::is_empty")]
    target_app_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    use_new_layer_eval: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forward_all_exposures: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields_used: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    name: &'a str,
    id: &'a str,
    pass_percentage: f64,
    return_value: Json<'a>,
    conditions: &'a [String],
    id_type: &'a str,
    /// An empty salt is a salt. `None` means the ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_delegate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_experiment_group: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sampling_rate: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Condition<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_value: Option<Json<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_values: Option<&'a RawValue>,
}

/// A value of the type in the message.
#[derive(Serialize)]
#[serde(untagged)]
enum Json<'a> {
    Null,
    Bool(bool),
    Text(&'a str),
    Signed(i64),
    Unsigned(u64),
    Double(f64),
    Raw(&'a RawValue),
}

fn spec(spec: &messages::Spec) -> Result<Box<RawValue>, EntityProblem> {
    let entity = named("entity", &ENTITIES, spec.entity)?;
    let kind = match entity {
        "feature_gate" | "segment" | "holdout" => "feature_gate",
        _ => "dynamic_config",
    };
    let rules: Result<Vec<_>, EntityProblem> = spec.rules.iter().map(rule).collect();
    raw(&Spec {
        kind,
        salt: &spec.salt,
        enabled: spec.enabled,
        default_value: returned(spec.default_value.as_ref())?,
        entity,
        id_type: id_type_text(spec.id_type.as_ref())?,
        version: spec.version,
        rules: rules?,
        is_active: spec.is_active,
        explicit_parameters: &spec.explicit_parameters,
        has_shared_params: spec.has_shared_params,
        target_app_ids: &spec.target_app_ids,
        use_new_layer_eval: spec.use_new_layer_eval,
        forward_all_exposures: spec.forward_all_exposures,
        fields_used: &spec.fields_used,
    })
}

fn rule(rule: &messages::Rule) -> Result<Rule<'_>, EntityProblem> {
    Ok(Rule {
        name: &rule.name,
        id: &rule.id,
        pass_percentage: rule
            .pass_percentage_float
            .unwrap_or_else(|| f64::from(rule.pass_percentage)),
        return_value: returned(rule.return_value.as_ref())?,
        conditions: &rule.conditions,
        id_type: id_type_text(rule.id_type.as_ref())?,
        salt: rule.salt.as_deref(),
        group_name: rule.group_name.as_deref(),
        config_delegate: rule.config_delegate.as_deref(),
        is_experiment_group: rule.is_experiment_group,
        sampling_rate: rule.sampling_rate.map(whole).transpose()?,
    })
}

fn condition(condition: &messages::Condition) -> Result<Box<RawValue>, EntityProblem> {
    let operator = condition
        .operator
        .map(|number| named("operator", &OPERATORS, number))
        .transpose()?;
    let additional_values = condition
        .additional_values
        .as_deref()
        .map(serde_json::from_slice)
        .transpose()?;
    raw(&Condition {
        kind: named("condition type", &CONDITION_TYPES, condition.condition_type)?,
        id_type: id_type_text(condition.id_type.as_ref())?,
        target_value: condition.target_value.as_ref().map(any).transpose()?,
        operator,
        field: condition.field.as_deref(),
        additional_values,
    })
}

fn raw(json: &impl Serialize) -> Result<Box<RawValue>, EntityProblem> {
    Ok(serde_json::value::to_raw_value(json)?)
}

fn named(
    what: &'static str,
    names: &[&'static str],
    number: i32,
) -> Result<&'static str, EntityProblem> {
    usize::try_from(number)
        .ok()
        .and_then(|index| names.get(index).copied())
        .filter(|name| !name.is_empty())
        .ok_or(EntityProblem::UnknownNumber { what, number })
}

fn id_type_text(id_type: Option<&messages::IdType>) -> Result<&str, EntityProblem> {
    match id_type.and_then(|id_type| id_type.value.as_ref()) {
        None | Some(id_type::Value::Known(0)) => Ok(""),
        Some(id_type::Value::Known(number)) => named("ID type", &KNOWN_ID_TYPES, *number),
        Some(id_type::Value::Custom(name)) => Ok(name),
    }
}

fn returned(value: Option<&messages::ReturnValue>) -> Result<Json<'_>, EntityProblem> {
    let Some(value) = value else {
        return Ok(Json::Null);
    };
    match value.value.as_ref().ok_or(EntityProblem::NoValue)? {
        return_value::Value::Bool(value) => Ok(Json::Bool(*value)),
        return_value::Value::Json(json) => Ok(Json::Raw(serde_json::from_slice(json)?)),
    }
}

fn any(value: &messages::AnyValue) -> Result<Json<'_>, EntityProblem> {
    Ok(match &value.value {
        None => Json::Null,
        Some(any_value::Value::Text(text)) => Json::Text(text),
        Some(any_value::Value::Bool(value)) => Json::Bool(*value),
        Some(any_value::Value::Signed(value)) => Json::Signed(*value),
        Some(any_value::Value::Unsigned(value)) => Json::Unsigned(*value),
        Some(any_value::Value::Double(value)) => Json::Double(*value),
        Some(any_value::Value::Json(json)) => Json::Raw(serde_json::from_slice(json)?),
    })
}

/// Sampling rates in JSON are whole numbers.
fn whole(rate: f32) -> Result<u64, EntityProblem> {
    if rate.is_finite() && rate >= 0.0 && rate.fract() == 0.0 {
        Ok(rate as u64)
    } else {
        Err(EntityProblem::SamplingRate(rate.to_string()))
    }
}
