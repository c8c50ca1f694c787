//! Specs as evaluation reads them: names resolved to indices, operands parsed, texts and values shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::condition::Condition;
use super::for_clients::ForClients;
use super::origins::Origins;
use super::rendered::Rendered;
use super::symbols::{Symbol, Symbols};
use crate::hash::{FastMap, SaltedHash};
use crate::text::SharedStr;

/// The parameters of a config, experiment or layer.
pub type Parameters = Map<String, Value>;

/// One complete, immutable set of specs.
#[derive(Debug, Default)]
pub struct CompiledSpecs {
    /// The specs' own time (`lcut`), epoch milliseconds; 0 when nothing was ever loaded.
    pub time: u64,
    /// The checksum that the payload states.
    pub checksum: Option<SharedStr>,
    pub(crate) default_environment: Option<SharedStr>,
    pub(crate) app_id: Option<Value>,
    pub(crate) sdk_configs: BTreeMap<String, Value>,
    pub(crate) diagnostics: Map<String, Value>,
    /// All texts that evaluations name.
    pub symbols: Symbols,
    pub(crate) index: FastMap<SharedStr, EntryId>,
    /// What each name stands for.
    pub entries: Vec<Entry>,
    pub(crate) specs: Vec<Spec>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) cmabs: Vec<Cmab>,
    pub(crate) mappings: Vec<Vec<Mapping>>,
    /// The parameter stores by name.
    pub param_stores: FastMap<SharedStr, Arc<ParamStore>>,
    pub(crate) for_clients: ForClients,
    pub(crate) rendered: Rendered,
    pub(super) origins: Origins,
}

/// Declares an index into one of the tables of [`CompiledSpecs`], and the look-up that cannot fail.
macro_rules! table_index {
    ($id:ident, $table:ident, $item:ty, $look_up:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $id(pub u32);

        impl CompiledSpecs {
            /// `None` only for an index of other specs.
            pub fn $look_up(&self, id: $id) -> Option<&$item> {
                self.$table.get(id.0 as usize)
            }
        }
    };
}

table_index!(
    EntryId,
    entries,
    Entry,
    entry,
    "A name that the specs define or refer to."
);
table_index!(SpecId, specs, Spec, spec, "A gate, config or layer.");
table_index!(
    ConditionId,
    conditions,
    Condition,
    condition,
    "A condition."
);
table_index!(CmabId, cmabs, Cmab, cmab, "A contextual bandit.");
table_index!(
    MappingId,
    mappings,
    Vec<Mapping>,
    mapping,
    "The redirections of one name."
);

/// How many entities a set of specs has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpecCounts {
    /// Without segments and holdouts.
    pub gates: usize,
    /// Dynamic configs, experiments and autotunes.
    pub configs: usize,
    /// How many layers there are.
    pub layers: usize,
}

impl CompiledSpecs {
    /// How many entities there are.
    pub fn counts(&self) -> SpecCounts {
        let mut counts = SpecCounts::default();
        for entry in &self.entries {
            let gate = entry.gate.and_then(|id| self.spec(id));
            counts.gates += usize::from(gate.is_some_and(|it| it.entity == Entity::FeatureGate));
            counts.configs += usize::from(entry.config.is_some());
            counts.layers += usize::from(entry.layer.is_some());
        }
        counts
    }

    /// What the specs know about a name.
    #[inline]
    pub fn find(&self, name: &str) -> Option<EntryId> {
        self.index.get(name).copied()
    }

    /// The text of a symbol.
    pub fn text(&self, symbol: Symbol) -> &SharedStr {
        self.symbols.text(symbol)
    }
}

/// Everything that goes by one name.
#[derive(Debug)]
pub struct Entry {
    /// The name.
    pub name: Symbol,
    /// Segments are evaluated like gates and leave no exposure.
    pub is_segment: bool,
    /// The gate of this name.
    pub gate: Option<SpecId>,
    /// Dynamic configs, experiments and autotunes.
    pub config: Option<SpecId>,
    /// The layer of this name.
    pub layer: Option<SpecId>,
    /// The contextual bandit of this name.
    pub cmab: Option<CmabId>,
    pub(crate) mapping: Option<MappingId>,
    /// Whether evaluating another name may lead to it.
    pub is_referred_to: bool,
    /// What evaluating any of them may depend on, however deep.
    pub traits: Traits,
}

impl Entry {
    /// A name for which nothing is defined yet.
    pub(super) fn new(name: Symbol, is_segment: bool) -> Self {
        Self {
            name,
            is_segment,
            gate: None,
            config: None,
            layer: None,
            cmab: None,
            mapping: None,
            is_referred_to: false,
            traits: Traits::default(),
        }
    }
}

/// What an evaluation may depend on, and whether remembering it pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traits {
    /// On the user: otherwise everybody gets the same.
    pub user: bool,
    /// On the time of day, so that the clock must be read.
    pub time: bool,
    /// On chance.
    pub volatile: bool,
    /// It computes hashes or visits other specs: looking it up beats doing it again.
    pub costly: bool,
    /// On where it is referred to from: on what is being looked up or redirected already.
    pub contextual: bool,
}

impl Traits {
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            user: self.user || other.user,
            time: self.time || other.time,
            volatile: self.volatile || other.volatile,
            costly: self.costly || other.costly,
            contextual: self.contextual || other.contextual,
        }
    }

    /// Whether one evaluation holds for everybody.
    #[inline]
    #[must_use]
    pub fn is_constant(self) -> bool {
        !self.user && !self.time && !self.volatile
    }

    /// Whether the memo may and should hold such an evaluation.
    #[inline]
    #[must_use]
    pub fn is_memoisable(self) -> bool {
        self.costly && !self.time && !self.volatile
    }
}

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

/// A contextual bandit ("autotune AI").
#[derive(Debug, Clone)]
pub struct Cmab {
    pub(crate) salt: SaltedHash,
    pub(crate) unit: UnitIdType,
    pub(crate) id_type: Symbol,
    pub(crate) enabled: bool,
    pub(crate) version: u32,
    pub(crate) default_value: ReturnValue,
    /// Buckets, out of 10 000, in which groups are drawn instead of scored.
    pub explore_below: f64,
    pub(crate) higher_is_better: bool,
    pub(crate) groups: Vec<CmabGroup>,
    /// Without weights, groups are explored evenly.
    pub has_weights: bool,
    pub(crate) targeting_gate: Option<EntryId>,
    pub(crate) target_app_ids: Option<Vec<SharedStr>>,
}

/// One arm of a contextual bandit.
#[derive(Debug, Clone)]
pub struct CmabGroup {
    pub(crate) name: Symbol,
    pub(crate) id: Symbol,
    /// The id with the suffix `:explore`.
    pub explore_id: Symbol,
    pub(crate) value: ReturnValue,
    pub(crate) weights: Option<CmabWeights>,
}

/// What a bandit has learnt about an arm.
#[derive(Debug, Clone)]
pub struct CmabWeights {
    pub(crate) base: f64,
    pub(crate) records: u64,
    pub(crate) numerical: Vec<(super::condition::FieldName, f64)>,
    pub(crate) categorical: Vec<(super::condition::FieldName, FastMap<SharedStr, f64>)>,
}

/// One redirection of a name to another.
#[derive(Debug)]
pub struct Mapping {
    pub(crate) to: EntryId,
    pub(crate) rules: Vec<MappingRule>,
}

/// A rule under which a redirection holds.
#[derive(Debug)]
pub struct MappingRule {
    pub(crate) name: Symbol,
    /// Epoch milliseconds.
    pub start_time: i64,
    pub(crate) conditions: Vec<Option<ConditionId>>,
    pub(crate) unit: UnitIdType,
    pub(crate) share: ShareByKind,
}

/// A share that counts with the salt of the redirected spec: the gate, config or layer of that name has each its own. Where
/// there is no such spec, the salt is empty.
#[derive(Debug)]
pub struct ShareByKind {
    pub(crate) gate: Share,
    pub(crate) config: Share,
    pub(crate) layer: Share,
}

/// A parameter store.
#[derive(Debug, Default)]
pub struct ParamStore {
    /// The parameters by name.
    pub parameters: BTreeMap<SharedStr, Parameter>,
    pub(crate) target_app_ids: Option<Vec<SharedStr>>,
}

/// One parameter of a store.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// As declared; what counts is the target.
    pub ref_type: SharedStr,
    /// Informational: `boolean`, `number`, `string`, `array`, `object`.
    pub param_type: SharedStr,
    /// What the parameter refers to.
    pub target: ParameterTarget,
}

/// Where a parameter's value comes from.
#[derive(Debug, Clone)]
pub enum ParameterTarget {
    /// A constant.
    Static(Arc<Value>),
    /// One of two constants, by a gate.
    Gate {
        /// The entity that the parameter refers to.
        name: SharedStr,
        /// The value if the gate passes.
        pass: Arc<Value>,
        /// The value if the gate fails.
        fail: Arc<Value>,
    },
    /// A parameter of a dynamic config.
    DynamicConfig {
        /// The entity that the parameter refers to.
        name: SharedStr,
        /// The parameter of that entity.
        parameter: SharedStr,
    },
    /// A parameter of an experiment.
    Experiment {
        /// The entity that the parameter refers to.
        name: SharedStr,
        /// The parameter of that entity.
        parameter: SharedStr,
    },
    /// A parameter of a layer.
    Layer {
        /// The entity that the parameter refers to.
        name: SharedStr,
        /// The parameter of that entity.
        parameter: SharedStr,
    },
}
