//! The messages of the package `statsig_config_specs`, limited to the fields that this SDK reads.
//! Entities serialize to the service's JSON.

use std::collections::HashMap;

use prost::bytes::Bytes;
use prost::{Enumeration, Message, Oneof};
use serde::ser::Error;
use serde::{Serialize, Serializer};

use super::as_json;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Envelope {
    #[prost(int32, tag = "1")]
    pub(super) kind: i32,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) checksum: String,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(super) data: Option<Bytes>,
}

/// The content of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum Kind {
    Unknown = 0,
    Done = 1,
    TopLevel = 2,
    FeatureGate = 3,
    DynamicConfig = 4,
    LayerConfig = 5,
    ParamStore = 6,
    Condition = 7,
    Deletions = 8,
    Checksums = 9,
    CopyPrevious = 10,
}

#[derive(Clone, PartialEq, Message, Serialize)]
pub(super) struct TopLevel {
    #[prost(bool, tag = "1")]
    pub(super) has_updates: bool,
    #[prost(uint64, tag = "2")]
    pub(super) time: u64,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) company_id: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) response_format: String,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) checksum: String,
    /// JSON with the other fields of the top level.
    #[prost(bytes = "bytes", tag = "7")]
    #[serde(skip)]
    pub(super) rest: Bytes,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec {
    #[prost(string, tag = "1")]
    pub(super) salt: String,
    #[prost(bool, tag = "2")]
    pub(super) enabled: bool,
    #[prost(message, optional, tag = "3")]
    pub(super) default_value: Option<ReturnValue>,
    #[prost(int32, tag = "4")]
    #[serde(flatten, serialize_with = "as_json::entity")]
    pub(super) entity: i32,
    #[prost(message, optional, tag = "5")]
    #[serde(serialize_with = "id_type")]
    pub(super) id_type: Option<IdType>,
    #[prost(uint32, tag = "6")]
    pub(super) version: u32,
    #[prost(message, repeated, tag = "7")]
    pub(super) rules: Vec<Rule>,
    #[prost(bool, optional, tag = "8")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_active: Option<bool>,
    #[prost(string, repeated, tag = "9")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) explicit_parameters: Vec<String>,
    #[prost(bool, optional, tag = "10")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) has_shared_params: Option<bool>,
    #[prost(string, repeated, tag = "11")]
    #[serde(rename = "targetAppIDs", skip_serializing_if = "Vec::is_empty")]
    pub(super) target_app_ids: Vec<String>,
    #[prost(bool, optional, tag = "12")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) use_new_layer_eval: Option<bool>,
    #[prost(bool, optional, tag = "13")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) forward_all_exposures: Option<bool>,
    #[prost(string, repeated, tag = "14")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fields_used: Vec<String>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    /// The old form. `pass_percentage_float` wins over it.
    #[prost(uint32, tag = "2")]
    #[serde(skip)]
    pub(super) pass_percentage: u32,
    #[prost(string, tag = "3")]
    pub(super) id: String,
    /// An empty salt is a salt. `None` means the ID.
    #[prost(string, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) salt: Option<String>,
    #[prost(string, repeated, tag = "5")]
    pub(super) conditions: Vec<String>,
    #[prost(message, optional, tag = "6")]
    #[serde(serialize_with = "id_type")]
    pub(super) id_type: Option<IdType>,
    #[prost(message, optional, tag = "7")]
    pub(super) return_value: Option<ReturnValue>,
    #[prost(string, optional, tag = "8")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group_name: Option<String>,
    #[prost(string, optional, tag = "9")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) config_delegate: Option<String>,
    #[prost(bool, optional, tag = "10")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_experiment_group: Option<bool>,
    #[prost(float, optional, tag = "12")]
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_json::whole"
    )]
    pub(super) sampling_rate: Option<f32>,
    #[prost(double, optional, tag = "13")]
    #[serde(rename = "passPercentage")]
    pub(super) pass_percentage_float: Option<f64>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Condition {
    #[prost(int32, tag = "1")]
    #[serde(rename = "type", serialize_with = "as_json::condition_type")]
    pub(super) condition_type: i32,
    #[prost(message, optional, tag = "2")]
    #[serde(serialize_with = "id_type")]
    pub(super) id_type: Option<IdType>,
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target_value: Option<AnyValue>,
    #[prost(int32, optional, tag = "4")]
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_json::operator"
    )]
    pub(super) operator: Option<i32>,
    #[prost(string, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    /// A JSON object, as text.
    #[prost(bytes = "bytes", optional, tag = "6")]
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_json::optional_json"
    )]
    pub(super) additional_values: Option<Bytes>,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(transparent)]
pub(super) struct AnyValue {
    #[prost(oneof = "any_value::Value", tags = "1, 2, 3, 4, 5, 6")]
    pub(super) value: Option<any_value::Value>,
}

pub(super) mod any_value {
    use super::{Bytes, Oneof, Serialize, as_json};

    #[derive(Clone, PartialEq, Oneof, Serialize)]
    #[serde(untagged)]
    pub(in crate::specs::proto) enum Value {
        #[prost(string, tag = "1")]
        Text(String),
        #[prost(bool, tag = "2")]
        Bool(bool),
        #[prost(int64, tag = "3")]
        Signed(i64),
        #[prost(uint64, tag = "4")]
        Unsigned(u64),
        #[prost(double, tag = "5")]
        Double(f64),
        #[prost(bytes = "bytes", tag = "6")]
        #[serde(serialize_with = "as_json::json")]
        Json(Bytes),
    }
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(transparent)]
pub(super) struct ReturnValue {
    #[prost(oneof = "return_value::Value", tags = "1, 2")]
    #[serde(serialize_with = "some_value")]
    pub(super) value: Option<return_value::Value>,
}

pub(super) mod return_value {
    use super::{Bytes, Oneof, Serialize, as_json};

    #[derive(Clone, PartialEq, Oneof, Serialize)]
    #[serde(untagged)]
    pub(in crate::specs::proto) enum Value {
        #[prost(bool, tag = "1")]
        Bool(bool),
        #[prost(bytes = "bytes", tag = "2")]
        #[serde(serialize_with = "as_json::json")]
        Json(Bytes),
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct IdType {
    #[prost(oneof = "id_type::Value", tags = "1, 2")]
    pub(super) value: Option<id_type::Value>,
}

pub(super) mod id_type {
    use super::Oneof;

    #[derive(Clone, PartialEq, Oneof)]
    pub(in crate::specs::proto) enum Value {
        /// An enumeration: unknown 0, userID 1, stableID 2.
        #[prost(int32, tag = "1")]
        Known(i32),
        #[prost(string, tag = "2")]
        Custom(String),
    }
}

fn id_type<S: Serializer>(id_type: &Option<IdType>, serializer: S) -> Result<S::Ok, S::Error> {
    let name = match id_type.as_ref().and_then(|id_type| id_type.value.as_ref()) {
        None | Some(id_type::Value::Known(0)) => "",
        Some(id_type::Value::Known(number)) => {
            as_json::named("ID type", &as_json::ID_TYPES, *number)?
        }
        Some(id_type::Value::Custom(name)) => name,
    };
    serializer.serialize_str(name)
}

fn some_value<S: Serializer>(
    value: &Option<return_value::Value>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let no_kind = || S::Error::custom("expected a value, found one without a kind");
    value.as_ref().ok_or_else(no_kind)?.serialize(serializer)
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Deletions {
    #[prost(string, repeated, tag = "1")]
    pub(super) dynamic_configs: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(super) feature_gates: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    pub(super) layer_configs: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    pub(super) experiment_to_layer: Vec<String>,
    #[prost(string, repeated, tag = "5")]
    pub(super) condition_map: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    pub(super) sdk_configs: Vec<String>,
    #[prost(string, repeated, tag = "7")]
    pub(super) param_stores: Vec<String>,
    #[prost(string, repeated, tag = "8")]
    pub(super) cmab_configs: Vec<String>,
    #[prost(string, repeated, tag = "9")]
    pub(super) override_rules: Vec<String>,
    #[prost(string, repeated, tag = "10")]
    pub(super) overrides: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Checksums {
    #[prost(map = "string, uint64", tag = "1")]
    pub(super) field_checksums: HashMap<String, u64>,
}
