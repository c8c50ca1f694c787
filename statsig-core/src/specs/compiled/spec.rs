//! Gates, dynamic configs, experiments, layers, segments and holdouts, with their rules.

use std::sync::Arc;

use super::{ConditionId, EntryId, Parameters};
use crate::entity_kind::EntityKind;
use crate::hash::SaltedHash;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// A gate, dynamic config, experiment, layer, segment or holdout.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The kind of entity.
    pub entity: Entity,
    /// Whether it is enabled.
    pub enabled: bool,
    pub(crate) default_value: ReturnValue,
    pub(crate) rules: Vec<Rule>,
    pub(crate) salt: SharedStr,
    /// The type of ID that it buckets by.
    pub id_type: Symbol,
    pub(crate) version: Option<u32>,
    /// Whether the experiment is running.
    pub is_active: Option<bool>,
    pub(crate) has_shared_params: Option<bool>,
    pub(crate) explicit_parameters: Option<Vec<SharedStr>>,
    pub(crate) target_app_ids: Option<Vec<SharedStr>>,
    pub(crate) forward_all_exposures: bool,
    pub(crate) use_new_layer_eval: bool,
    /// The user fields that decide, according to the service.
    pub fields_used: Vec<Symbol>,
}

/// The kind of a spec, as in the console.
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
    /// The kind by which applications ask for it.
    pub(crate) fn kind(self) -> EntityKind {
        match self {
            Self::Experiment | Self::Autotune => EntityKind::Experiment,
            Self::Layer => EntityKind::Layer,
            Self::FeatureGate | Self::Segment | Self::Holdout => EntityKind::Gate,
            Self::DynamicConfig | Self::Unknown => EntityKind::DynamicConfig,
        }
    }

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
    /// Usually the same as the ID. Only explanations use it.
    pub name: Symbol,
    pub(crate) share: Share,
    pub(crate) unit: UnitIdType,
    pub(crate) return_value: ReturnValue,
    /// `None` stands for a condition that is not in the specs.
    pub conditions: Vec<Option<ConditionId>>,
    pub(crate) group_name: Option<Symbol>,
    pub(crate) delegate: Option<EntryId>,
    pub(crate) is_experiment_group: bool,
    pub(crate) sampling_rate: Option<u64>,
}

/// The share of users that a rule applies to.
#[derive(Debug, Clone)]
pub enum Share {
    /// All users pass.
    All,
    /// No users pass.
    Nobody,
    /// Users whose bucket, of 10 000, is below the threshold pass.
    Part {
        /// The salt at the start of the hash.
        salt: Arc<SaltedHash>,
        /// Buckets below this number, of 10,000, pass.
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

/// Identifies an ID of a user.
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

/// The return value of a rule, a spec or a bandit.
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

    /// The value as a default. Only `true` is true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The value of a rule that passed. Every value except `false` is true.
    #[must_use]
    pub fn is_not_false(&self) -> bool {
        !matches!(self, Self::Bool(false))
    }
}
