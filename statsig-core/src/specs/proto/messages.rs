//! The messages of the package `statsig_config_specs`, limited to the fields that this SDK reads.

use std::collections::HashMap;

use prost::bytes::Bytes;
use prost::{Enumeration, Message, Oneof};

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

#[derive(Clone, PartialEq, Message)]
pub(super) struct TopLevel {
    #[prost(bool, tag = "1")]
    pub(super) has_updates: bool,
    #[prost(uint64, tag = "2")]
    pub(super) time: u64,
    #[prost(string, tag = "3")]
    pub(super) company_id: String,
    #[prost(string, tag = "4")]
    pub(super) response_format: String,
    #[prost(string, tag = "5")]
    pub(super) checksum: String,
    /// JSON with the other fields of the top level.
    #[prost(bytes = "bytes", tag = "7")]
    pub(super) rest: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Spec {
    #[prost(string, tag = "1")]
    pub(super) salt: String,
    #[prost(bool, tag = "2")]
    pub(super) enabled: bool,
    #[prost(message, optional, tag = "3")]
    pub(super) default_value: Option<ReturnValue>,
    #[prost(int32, tag = "4")]
    pub(super) entity: i32,
    #[prost(message, optional, tag = "5")]
    pub(super) id_type: Option<IdType>,
    #[prost(uint32, tag = "6")]
    pub(super) version: u32,
    #[prost(message, repeated, tag = "7")]
    pub(super) rules: Vec<Rule>,
    #[prost(bool, optional, tag = "8")]
    pub(super) is_active: Option<bool>,
    #[prost(string, repeated, tag = "9")]
    pub(super) explicit_parameters: Vec<String>,
    #[prost(bool, optional, tag = "10")]
    pub(super) has_shared_params: Option<bool>,
    #[prost(string, repeated, tag = "11")]
    pub(super) target_app_ids: Vec<String>,
    #[prost(bool, optional, tag = "12")]
    pub(super) use_new_layer_eval: Option<bool>,
    #[prost(bool, optional, tag = "13")]
    pub(super) forward_all_exposures: Option<bool>,
    #[prost(string, repeated, tag = "14")]
    pub(super) fields_used: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Rule {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    /// The old form. `pass_percentage_float` wins over it.
    #[prost(uint32, tag = "2")]
    pub(super) pass_percentage: u32,
    #[prost(string, tag = "3")]
    pub(super) id: String,
    #[prost(string, optional, tag = "4")]
    pub(super) salt: Option<String>,
    #[prost(string, repeated, tag = "5")]
    pub(super) conditions: Vec<String>,
    #[prost(message, optional, tag = "6")]
    pub(super) id_type: Option<IdType>,
    #[prost(message, optional, tag = "7")]
    pub(super) return_value: Option<ReturnValue>,
    #[prost(string, optional, tag = "8")]
    pub(super) group_name: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub(super) config_delegate: Option<String>,
    #[prost(bool, optional, tag = "10")]
    pub(super) is_experiment_group: Option<bool>,
    #[prost(float, optional, tag = "12")]
    pub(super) sampling_rate: Option<f32>,
    #[prost(double, optional, tag = "13")]
    pub(super) pass_percentage_float: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Condition {
    #[prost(int32, tag = "1")]
    pub(super) condition_type: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) id_type: Option<IdType>,
    #[prost(message, optional, tag = "3")]
    pub(super) target_value: Option<AnyValue>,
    #[prost(int32, optional, tag = "4")]
    pub(super) operator: Option<i32>,
    #[prost(string, optional, tag = "5")]
    pub(super) field: Option<String>,
    /// A JSON object, as text.
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub(super) additional_values: Option<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AnyValue {
    #[prost(oneof = "any_value::Value", tags = "1, 2, 3, 4, 5, 6")]
    pub(super) value: Option<any_value::Value>,
}

pub(super) mod any_value {
    use super::{Bytes, Oneof};

    #[derive(Clone, PartialEq, Oneof)]
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
        Json(Bytes),
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReturnValue {
    #[prost(oneof = "return_value::Value", tags = "1, 2")]
    pub(super) value: Option<return_value::Value>,
}

pub(super) mod return_value {
    use super::{Bytes, Oneof};

    #[derive(Clone, PartialEq, Oneof)]
    pub(in crate::specs::proto) enum Value {
        #[prost(bool, tag = "1")]
        Bool(bool),
        #[prost(bytes = "bytes", tag = "2")]
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
