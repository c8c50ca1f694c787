//! The wire format of specs (`dcs-v2`): one struct for each JSON object. The structs borrow from
//! the payload.
//!
//! Maps of entities keep each entity as raw JSON. So a malformed entity does not affect other
//! entities.

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::compiled::origins::Fingerprint;
use super::lenient::{self, Entries, Text};

/// Entries whose values are parsed later, one at a time.
pub(crate) type RawEntries<'a> = Entries<'a, &'a RawValue>;

/// The entities of one kind.
pub(crate) type RawEntities<'a> = Entries<'a, RawEntity<'a>>;

/// An entity that is parsed later, unless its fingerprint equals that of the known entity with this
/// name.
#[derive(Debug, Clone, Copy)]
pub struct RawEntity<'a> {
    pub(super) json: &'a [u8],
    pub(super) from: Fingerprint,
}

impl<'a> RawEntity<'a> {
    pub(super) fn new(json: &'a [u8]) -> Self {
        Self {
            json,
            from: Fingerprint::of(json),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawEntity<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json: &'de RawValue = Deserialize::deserialize(deserializer)?;
        Ok(Self::new(json.get().as_bytes()))
    }
}

/// The whole response.
#[derive(Debug, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct Payload<'a> {
    pub has_updates: bool,
    pub time: u64,
    pub feature_gates: RawEntities<'a>,
    pub dynamic_configs: RawEntities<'a>,
    pub layer_configs: RawEntities<'a>,
    pub condition_map: RawEntities<'a>,
    /// Required by the protocol, and unused.
    #[serde(rename = "experiment_to_layer")]
    pub _experiment_to_layer: RawEntries<'a>,
    #[serde(default, deserialize_with = "lenient::optional")]
    pub checksum: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient::optional")]
    pub param_stores: Option<RawEntities<'a>>,
    #[serde(default, deserialize_with = "lenient::optional")]
    pub cmab_configs: Option<RawEntities<'a>>,
    #[serde(default, deserialize_with = "lenient::optional")]
    pub overrides: Option<RawEntries<'a>>,
    #[serde(default, deserialize_with = "lenient::optional")]
    pub override_rules: Option<RawEntries<'a>>,
    #[serde(default, deserialize_with = "lenient::optional")]
    pub default_environment: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient::value")]
    pub app_id: Option<Value>,
    pub sdk_keys_to_app_ids: Option<&'a RawValue>,
    pub hashed_sdk_keys_to_app_ids: Option<&'a RawValue>,
    pub session_replay_info: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub sdk_configs: Map<String, Value>,
    /// Rates by name. Other values are ignored.
    #[serde(default, deserialize_with = "lenient::object")]
    pub diagnostics: Map<String, Value>,
}

/// The only field that is read from a response without updates.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct HasUpdates {
    pub has_updates: bool,
}

/// A gate, dynamic config, experiment, layer, segment or holdout.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct Spec<'a> {
    #[serde(rename = "type")]
    pub _type: Text<'a>,
    pub salt: Text<'a>,
    pub default_value: &'a RawValue,
    pub enabled: bool,
    pub rules: Vec<Rule<'a>>,
    pub id_type: Text<'a>,
    pub entity: Text<'a>,
    pub explicit_parameters: Option<Vec<Text<'a>>>,
    pub has_shared_params: Option<bool>,
    pub is_active: Option<bool>,
    pub version: Option<u32>,
    #[serde(rename = "targetAppIDs")]
    pub target_app_ids: Option<Vec<Text<'a>>>,
    pub forward_all_exposures: Option<bool>,
    #[serde(rename = "fieldsUsed")]
    pub fields_used: Option<Vec<Text<'a>>>,
    pub use_new_layer_eval: Option<bool>,
}

/// One rule of a spec, or of `override_rules`.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct Rule<'a> {
    pub name: Text<'a>,
    pub id: Text<'a>,
    pub pass_percentage: f64,
    pub return_value: &'a RawValue,
    pub conditions: Vec<Text<'a>>,
    pub id_type: Text<'a>,
    pub salt: Option<Text<'a>>,
    pub group_name: Option<Text<'a>>,
    pub config_delegate: Option<Text<'a>>,
    pub is_experiment_group: Option<bool>,
    pub sampling_rate: Option<u64>,
}

/// One condition. Rules refer to it by ID.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct Condition<'a> {
    #[serde(rename = "type")]
    pub kind: Text<'a>,
    pub id_type: Text<'a>,
    pub target_value: Option<Value>,
    pub operator: Option<Text<'a>>,
    pub field: Option<Text<'a>>,
    pub additional_values: Option<Entries<'a, Text<'a>>>,
}

/// A parameter store.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct ParamStore<'a> {
    pub parameters: RawEntries<'a>,
    #[serde(rename = "targetAppIDs")]
    pub target_app_ids: Option<Vec<Text<'a>>>,
}

/// One parameter of a store. The optional fields that are present decide what it refers to.
#[derive(Debug, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct Parameter<'a> {
    pub ref_type: Text<'a>,
    pub param_type: Text<'a>,
    /// `Some(Null)` is the value `null`. `None` is no value.
    #[serde(default, deserialize_with = "present")]
    pub value: Option<Value>,
    pub gate_name: Option<Text<'a>>,
    #[serde(default, deserialize_with = "present")]
    pub pass_value: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub fail_value: Option<Value>,
    pub config_name: Option<Text<'a>>,
    pub experiment_name: Option<Text<'a>>,
    pub layer_name: Option<Text<'a>>,
    pub param_name: Option<Text<'a>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A contextual bandit.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct Cmab<'a> {
    pub salt: Text<'a>,
    pub default_value: &'a RawValue,
    pub id_type: Text<'a>,
    pub enabled: bool,
    pub version: u32,
    pub sample_rate: f64,
    pub higher_is_better: bool,
    pub groups: Vec<CmabGroup<'a>>,
    pub config: Option<Entries<'a, CmabWeights<'a>>>,
    pub targeting_gate_name: Option<Text<'a>>,
    #[serde(rename = "targetAppIDs")]
    pub target_app_ids: Option<Vec<Text<'a>>>,
}

/// One arm of a contextual bandit.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct CmabGroup<'a> {
    pub name: Text<'a>,
    pub parameter_values: &'a RawValue,
    pub id: Text<'a>,
}

/// The training result of a contextual bandit for an arm.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct CmabWeights<'a> {
    pub alpha: f64,
    pub intercept: f64,
    pub records: u64,
    pub weights_numerical: Entries<'a, f64>,
    pub weights_categorical: Entries<'a, Entries<'a, f64>>,
}

/// One redirection from a config to another.
#[derive(Debug, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct ConfigMapping<'a> {
    pub new_config_name: Text<'a>,
    pub rules: Vec<MappingRule<'a>>,
}

/// A rule of a redirection.
#[derive(Debug, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct MappingRule<'a> {
    pub rule_name: Text<'a>,
    pub start_time: Option<i64>,
}
