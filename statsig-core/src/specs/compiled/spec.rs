//! Gates, dynamic configs, experiments, layers, segments and holdouts, with their rules.

use std::sync::Arc;

use super::{ConditionId, EntryId, Parameters};
use crate::hash::SaltedHash;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// A gate, dynamic config, experiment, layer, segment or holdout.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What kind of entity it is.
    pub entity: Entity,
    /// Whether it is switched on.
    pub enabled: bool,
    pub(crate) default_value: ReturnValue,
    pub(crate) rules: Vec<Rule>,
    pub(crate) salt: SharedStr,
    /// The type of ID that it counts with.
    pub id_type: Symbol,
    pub(crate) version: Option<u32>,
    /// Whether the experiment runs.
    pub is_active: Option<bool>,
    pub(crate) has_shared_params: Option<bool>,
    pub(crate) explicit_parameters: Option<Vec<SharedStr>>,
    pub(crate) target_app_ids: Option<Vec<SharedStr>>,
    pub(crate) forward_all_exposures: bool,
    pub(crate) use_new_layer_eval: bool,
    /// The fields of a user that the service says decide.
    pub fields_used: Vec<Symbol>,
}

/// What kind of thing a spec is, as the console has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity {
    /// A feature gate.
    FeatureGate,
    /// A dynamic config.
    DynamicConfig,
    /// An autotune.
    Autotune,
    /// An experiment.
    Experiment,
    /// A layer.
    Layer,
    /// A segment.
    Segment,
    /// A holdout.
    Holdout,
    /// A kind that this version does not know.
    Unknown,
}

impl Entity {
    pub(crate) fn from_wire(text: &str) -> Self {
        match text {
            "feature_gate" => Self::FeatureGate,
            "dynamic_config" => Self::DynamicConfig,
            "autotune" => Self::Autotune,
            "experiment" => Self::Experiment,
            "layer" => Self::Layer,
            "segment" => Self::Segment,
            "holdout" => Self::Holdout,
            _ => Self::Unknown,
        }
    }
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(crate) id: Symbol,
    /// Mostly the same as the id; only for those who ask why.
    pub name: Symbol,
    pub(crate) share: Share,
    pub(crate) unit: UnitIdType,
    pub(crate) return_value: ReturnValue,
    /// `None` stands for a condition that the specs lack.
    pub conditions: Vec<Option<ConditionId>>,
    pub(crate) group_name: Option<Symbol>,
    pub(crate) delegate: Option<EntryId>,
    pub(crate) is_experiment_group: bool,
    pub(crate) sampling_rate: Option<u64>,
}

/// Which share of the users a rule holds for.
#[derive(Debug, Clone)]
pub enum Share {
    /// Everybody passes.
    All,
    /// Nobody passes.
    Nobody,
    /// Those whose bucket, out of 10 000, is below the threshold.
    Part {
        /// The salt that the hash begins with.
        salt: Arc<SaltedHash>,
        /// Buckets below this pass, of 10,000.
        threshold: f64,
    },
}

impl Share {
    /// Buckets run from 0 to 9999.
    pub const BUCKETS: u64 = 10_000;

    pub(crate) fn new(pass_percentage: f64, spec_salt: &str, rule_salt: &str) -> Self {
        if pass_percentage == 100.0 {
            Self::All
        } else if pass_percentage == 0.0 {
            Self::Nobody
        } else {
            Self::Part {
                salt: Arc::new(SaltedHash::new(&format!("{spec_salt}.{rule_salt}."))),
                threshold: pass_percentage * 100.0,
            }
        }
    }
}

/// Which ID of a user is meant.
#[derive(Debug, Clone)]
pub struct UnitIdType {
    pub(crate) is_user_id: bool,
    pub(crate) exact: SharedStr,
    pub(crate) lower: SharedStr,
}

impl UnitIdType {
    pub(crate) fn new(id_type: &str) -> Self {
        let lower = id_type.to_lowercase();
        Self {
            is_user_id: lower == "userid",
            exact: id_type.into(),
            lower: lower.into(),
        }
    }
}

/// What a rule, a spec or a bandit returns.
#[derive(Debug, Clone)]
pub enum ReturnValue {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// Parameters by name.
    Parameters(Arc<Parameters>),
}

impl ReturnValue {
    pub(crate) fn parameters(&self) -> Option<&Arc<Parameters>> {
        match self {
            Self::Parameters(parameters) => Some(parameters),
            Self::Null | Self::Bool(_) => None,
        }
    }

    /// As a default: only `true` is true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// As the value of a rule that passed: everything but `false` is true.
    #[must_use]
    pub fn is_not_false(&self) -> bool {
        !matches!(self, Self::Bool(false))
    }
}
