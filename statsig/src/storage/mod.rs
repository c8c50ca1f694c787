//! Sticky assignments: a user keeps the group of an experiment even if the specs change.

mod error;
mod file;
mod memory;
mod shared_file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub use error::PersistentStorageError;
pub use file::FilePersistentStorage;
pub use memory::InMemoryPersistentStorage;

use crate::text::SharedStr;
use crate::user::StatsigUser;
use crate::value::text_of;

/// The stored values of one user (or other unit), by the name of the experiment or layer.
pub type UserPersistedValues = BTreeMap<String, StickyValues>;

/// Stores sticky assignments. Use it if users must stay in their group although allocation,
/// targeting or their own attributes change.
///
/// Set it with
/// [`StatsigOptionsBuilder::persistent_storage`](crate::StatsigOptionsBuilder::persistent_storage).
/// The SDK never loads values itself. Load a user's values once for a request, where the code may
/// wait, and pass them in [`ExperimentEvaluationOptions`](crate::ExperimentEvaluationOptions) or
/// [`LayerEvaluationOptions`](crate::LayerEvaluationOptions). Then
/// * a stored value is served while the experiment runs, with the reason `Persisted`;
/// * without a stored value, the client [saves](Self::save) the value of a user who is in a group
///   of a running experiment;
/// * **a call without values [deletes](Self::delete)** the stored value of that user and name. A
///   call for an experiment that no longer runs does the same.
///
/// The client saves and deletes within `get_experiment` and `get_layer`, on the caller's thread. So
/// an implementation should only record the change, and must not block. If it panics, the client
/// logs the panic, and the caller gets its result. Typed parameters use stored values only with
/// [`TypedEvaluationOptions`](crate::TypedEvaluationOptions). Parameter stores and other reads
/// neither serve nor change stored values.
///
/// ```
/// use std::sync::Arc;
/// use statsig::storage::{InMemoryPersistentStorage, PersistentStorage};
/// use statsig::ExperimentEvaluationOptions;
/// use statsig::{Statsig, StatsigOptions, StatsigUser};
///
/// let storage = Arc::new(InMemoryPersistentStorage::new());
/// let options = StatsigOptions::builder().persistent_storage(storage.clone()).build()?;
/// let statsig = Statsig::new("secret-key", options);
///
/// let user = StatsigUser::with_user_id("a-user");
/// let stored = storage.get_values_for_user(&user, "userID");
/// let options = ExperimentEvaluationOptions::new().user_persisted_values(stored);
/// let experiment = statsig.get_experiment_with_options(&user, "an_experiment", options);
/// # let _ = experiment;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
pub trait PersistentStorage: Debug + Send + Sync + 'static {
    /// All values under a key; empty if there are none.
    ///
    /// The SDK does not call this. If a storage cannot be reached, it should return the last known
    /// values. If it returns nothing, the next evaluation overwrites the stored values.
    fn load(&self, key: &str) -> Arc<UserPersistedValues>;

    /// Stores the values of one experiment or layer under a key. Replaces the previous values.
    fn save(&self, key: &str, config_name: &str, values: StickyValues);

    /// Deletes the values of one experiment or layer under a key. In most calls there are none.
    fn delete(&self, key: &str, config_name: &str);

    /// The stored values of the user's ID of this type (`userID`, or the name of a custom ID);
    /// empty without such an ID.
    fn get_values_for_user(&self, user: &StatsigUser, id_type: &str) -> Arc<UserPersistedValues> {
        let is_user_id = id_type.eq_ignore_ascii_case("userid");
        match storage_key(user, is_user_id, id_type) {
            Some(key) => self.load(&key),
            None => Arc::default(),
        }
    }
}

/// The key of a user's ID of a type: `<id>:<id type>`. Without an ID there is no key, because all
/// such users would share it.
pub(crate) fn storage_key(user: &StatsigUser, is_user_id: bool, id_type: &str) -> Option<String> {
    let id = user.unit_id(is_user_id, id_type, &id_type.to_lowercase())?;
    let id = text_of(id).filter(|id| !id.is_empty())?;
    Some(format!("{id}:{id_type}"))
}

/// The result of an experiment or layer at the time of the assignment.
///
/// Its JSON is the format of the other Statsig SDKs:
///
/// ```
/// let stored = r#"{"value":true,"json_value":{"a":"e1"},"rule_id":"er","group_name":"G1",
///     "secondary_exposures":[{"gate":"n","gateValue":"true","ruleID":"nr"}],
///     "undelegated_secondary_exposures":null,"config_delegate":null,"explicit_parameters":["a"],
///     "time":1700000000000,"config_version":3}"#;
/// let values: statsig::storage::StickyValues = serde_json::from_str(stored)?;
/// assert_eq!(values.group_name.as_deref(), Some("G1"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StickyValues {
    /// Whether a rule passed.
    pub value: bool,
    /// The parameters.
    pub json_value: Option<Arc<Map<String, Value>>>,
    /// The rule that decided.
    pub rule_id: Option<SharedStr>,
    /// The group.
    pub group_name: Option<SharedStr>,
    /// The nested gates of the evaluation.
    pub secondary_exposures: Vec<StickyExposure>,
    /// For a layer: the nested gates before it delegated.
    pub undelegated_secondary_exposures: Option<Vec<StickyExposure>>,
    /// For a layer: the experiment that it allocated the user to.
    pub config_delegate: Option<SharedStr>,
    /// The parameters that the experiment itself sets.
    pub explicit_parameters: Option<Vec<SharedStr>>,
    /// The specs' own time (`lcut`), in epoch milliseconds.
    #[serde(deserialize_with = "lenient_time")]
    pub time: Option<u64>,
    /// The version of the experiment or layer.
    pub config_version: Option<u32>,
}

/// A nested gate of a stored assignment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StickyExposure {
    /// The gate's name.
    pub gate: SharedStr,
    /// Whether it passed. A string in JSON.
    #[serde(
        rename = "gateValue",
        serialize_with = "bool_as_text",
        deserialize_with = "bool_from_text"
    )]
    pub gate_value: bool,
    /// The rule that decided.
    #[serde(rename = "ruleID")]
    pub rule_id: SharedStr,
}

impl StickyExposure {
    pub(crate) fn new(gate: SharedStr, gate_value: bool, rule_id: SharedStr) -> Self {
        Self {
            gate,
            gate_value,
            rule_id,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn bool_as_text<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *value { "true" } else { "false" })
}

fn bool_from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match SharedStr::deserialize(deserializer)?.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(serde::de::Error::invalid_value(
            serde::de::Unexpected::Str(other),
            &"\"true\" or \"false\"",
        )),
    }
}

/// A whole number of milliseconds, in any notation. Other values are `None`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be in range"
)]
fn lenient_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    const BEYOND_ANY_TIME: f64 = 1e15;
    let written = Value::deserialize(deserializer)?;
    let from_double = |time: f64| {
        (0.0..BEYOND_ANY_TIME)
            .contains(&time)
            .then_some(time as u64)
    };
    Ok(written
        .as_u64()
        .or_else(|| written.as_f64().and_then(from_double)))
}

/// Whether a rule of an experiment matches users who fail its targeting.
pub(crate) fn is_targeting_rule(rule_id: &str) -> bool {
    matches!(rule_id, "targetingGate" | "inlineTargetingRules")
}

/// Whether a rule of an experiment matches users for whom the console forces a group.
pub(crate) fn is_override_rule(rule_id: &str) -> bool {
    rule_id.ends_with("override")
}

/// The decision between a stored and a new value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Decision<'a> {
    Stored(&'a StickyValues),
    Live,
    LiveAndDelete,
    LiveAndSave,
}

/// Decides between the stored value of this name and the current evaluation.
pub(crate) fn decide<'a>(
    given: Option<&'a UserPersistedValues>,
    name: &str,
    is_active: impl FnOnce(Option<&StickyValues>) -> bool,
    is_in_group: bool,
    is_overruled: impl FnOnce(&StickyValues) -> bool,
) -> Decision<'a> {
    let Some(given) = given else {
        return Decision::LiveAndDelete;
    };
    let stored = given.get(name);
    if !is_active(stored) {
        return Decision::LiveAndDelete;
    }
    match stored {
        Some(stored) if is_overruled(stored) => Decision::Live,
        Some(stored) => Decision::Stored(stored),
        None if is_in_group => Decision::LiveAndSave,
        None => Decision::Live,
    }
}
