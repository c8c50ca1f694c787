//! Converts an evaluation context to a user.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};

use open_feature::{
    EvaluationContext, EvaluationContextFieldValue, EvaluationError, EvaluationErrorCode,
    StructValue,
};
use serde_json::{Map, Value};
use statsig::storage::UserPersistedValues;
use statsig::{EntityKind, StatsigUser, StatsigUserBuilder};

use crate::failure::failure;
use crate::values::{json_of, json_of_struct};

/// The content of an evaluation context.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) user: StatsigUser,
    pub(crate) feature_config: Option<FeatureConfig>,
    pub(crate) stored: Option<&'a UserPersistedValues>,
}

/// The entity whose parameter a flag is, as the community providers for Java and Go name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeatureConfig {
    pub(crate) kinds: &'static [EntityKind],
    pub(crate) name: String,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(context: &'a EvaluationContext) -> Result<Self, EvaluationError> {
        let mut user = match &context.targeting_key {
            Some(key) => StatsigUser::builder(key.as_str()),
            None => StatsigUserBuilder::default(),
        };
        let (mut feature_config, mut stored) = (None, None);
        for (field, value) in &context.custom_fields {
            match field.as_str() {
                "userID" => {
                    if context.targeting_key.is_none()
                        && let Some(id) = json_of_field(value)
                    {
                        user = user.user_id(id);
                    }
                }
                "customIDs" => {
                    for (id_type, id) in entries(field, value)? {
                        user = user.custom_id(id_type, id);
                    }
                }
                "privateAttributes" => {
                    for (name, attribute) in entries(field, value)? {
                        user = user.private(name, attribute);
                    }
                }
                "feature_config" => feature_config = Some(FeatureConfig::of(field, value)?),
                "userPersistedValues" => stored = Some(persisted(field, value)?),
                _ => {
                    // Other libraries may put values into a context that mean nothing here.
                    let Some(value) = json_of_field(value) else {
                        continue;
                    };
                    user = match field.as_str() {
                        "email" => user.email(value),
                        "ip" => user.ip(value),
                        "userAgent" => user.user_agent(value),
                        "country" => user.country(value),
                        "locale" => user.locale(value),
                        "appVersion" => user.app_version(value),
                        // A `null` means that the field is absent, as in the specification.
                        _ if value.is_null() => user,
                        name => user.custom(name, value),
                    };
                }
            }
        }
        Ok(Self {
            user: user.build(),
            feature_config,
            stored,
        })
    }
}

impl FeatureConfig {
    fn of(field: &str, value: &EvaluationContextFieldValue) -> Result<Self, EvaluationError> {
        let entries = entries(field, value)?;
        let text = |key: &str| entries.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = text("type");
        let kinds: &'static [EntityKind] = match kind.to_ascii_uppercase().as_str() {
            "CONFIG" | "DYNAMIC_CONFIG" | "EXPERIMENT" => {
                &[EntityKind::DynamicConfig, EntityKind::Experiment]
            }
            "LAYER" => &[EntityKind::Layer],
            "PARAM_STORE" | "PARAMETER_STORE" => &[EntityKind::ParameterStore],
            _ => {
                let expected = r#"the type "CONFIG", "LAYER" or "PARAM_STORE""#;
                return Err(invalid(field, expected, &format!("{kind:?}")));
            }
        };
        Ok(Self {
            kinds,
            name: text("name").to_owned(),
        })
    }
}

/// The entries of a field that has to be an object. The error contains no value: it may be private.
fn entries(
    field: &str,
    value: &EvaluationContextFieldValue,
) -> Result<Map<String, Value>, EvaluationError> {
    match json_of_field(value) {
        Some(Value::Object(entries)) => Ok(entries),
        Some(Value::Null) => Ok(Map::new()),
        _ => {
            let expected = "a struct with a `serde_json::Value` that is an object, or with a map";
            Err(invalid(field, expected, "another value"))
        }
    }
}

fn persisted<'a>(
    field: &str,
    value: &'a EvaluationContextFieldValue,
) -> Result<&'a UserPersistedValues, EvaluationError> {
    let values = match value {
        EvaluationContextFieldValue::Struct(value) => value.downcast_ref(),
        _ => None,
    };
    let expected = "a struct with `UserPersistedValues`";
    values.ok_or_else(|| invalid(field, expected, "another value"))
}

#[cold]
fn invalid(field: &str, expected: &str, found: &str) -> EvaluationError {
    failure(
        EvaluationErrorCode::InvalidContext,
        format!("context field {field:?}: expected {expected}, found {found}"),
    )
}

/// A field as JSON. `None` for a struct of a type that cannot be read here.
fn json_of_field(value: &EvaluationContextFieldValue) -> Option<Value> {
    Some(match value {
        EvaluationContextFieldValue::Bool(value) => (*value).into(),
        EvaluationContextFieldValue::Int(value) => (*value).into(),
        EvaluationContextFieldValue::Float(value) => (*value).into(),
        EvaluationContextFieldValue::String(value) => value.as_str().into(),
        EvaluationContextFieldValue::DateTime(time) => {
            let milliseconds = time.unix_timestamp_nanos() / 1_000_000;
            i64::try_from(milliseconds).unwrap_or(i64::MAX).into()
        }
        EvaluationContextFieldValue::Struct(value) => return json_of_any(&**value),
    })
}

fn json_of_any(any: &(dyn Any + Send + Sync)) -> Option<Value> {
    if let Some(value) = any.downcast_ref::<Value>() {
        return Some(value.clone());
    }
    if let Some(value) = any.downcast_ref::<Map<String, Value>>() {
        return Some(Value::Object(value.clone()));
    }
    if let Some(value) = any.downcast_ref::<StructValue>() {
        return Some(Value::Object(json_of_struct(value)));
    }
    if let Some(value) = any.downcast_ref::<open_feature::Value>() {
        return Some(json_of(value));
    }
    map_of::<String>(any, |text| Some(text.as_str().into()))
        .or_else(|| map_of::<Value>(any, |value| Some(value.clone())))
        .or_else(|| map_of::<open_feature::Value>(any, |value| Some(json_of(value))))
        .or_else(|| map_of::<EvaluationContextFieldValue>(any, json_of_field))
        .or_else(|| list_of::<String>(any))
        .or_else(|| list_of::<Value>(any))
}

/// A map of the standard library.
fn map_of<T: Any>(
    any: &(dyn Any + Send + Sync),
    json: impl Fn(&T) -> Option<Value>,
) -> Option<Value> {
    let entry = |(key, value): (&String, &T)| Some((key.clone(), json(value)?));
    if let Some(map) = any.downcast_ref::<HashMap<String, T>>() {
        return Some(Value::Object(map.iter().filter_map(entry).collect()));
    }
    let map = any.downcast_ref::<BTreeMap<String, T>>()?;
    Some(Value::Object(map.iter().filter_map(entry).collect()))
}

fn list_of<T: Any + Clone + Into<Value>>(any: &(dyn Any + Send + Sync)) -> Option<Value> {
    let list = any.downcast_ref::<Vec<T>>()?;
    Some(Value::Array(list.iter().cloned().map(Into::into).collect()))
}
