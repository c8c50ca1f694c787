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
    pub checksum: Option<SharedStr>,
    pub default_environment: Option<SharedStr>,
    pub app_id: Option<Value>,
    pub sdk_configs: BTreeMap<String, Value>,
    pub diagnostics: Map<String, Value>,
    pub symbols: Symbols,
    pub index: FastMap<SharedStr, EntryId>,
    pub entries: Vec<Entry>,
    pub specs: Vec<Spec>,
    pub conditions: Vec<Condition>,
    pub cmabs: Vec<Cmab>,
    pub mappings: Vec<Vec<Mapping>>,
    pub param_stores: FastMap<SharedStr, Arc<ParamStore>>,
    pub for_clients: ForClients,
    pub rendered: Rendered,
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

    pub fn text(&self, symbol: Symbol) -> &SharedStr {
        self.symbols.text(symbol)
    }
}

/// Everything that goes by one name.
#[derive(Debug)]
pub struct Entry {
    pub name: Symbol,
    /// Segments are evaluated like gates and leave no exposure.
    pub is_segment: bool,
    pub gate: Option<SpecId>,
    /// Dynamic configs, experiments and autotunes.
    pub config: Option<SpecId>,
    pub layer: Option<SpecId>,
    pub cmab: Option<CmabId>,
    pub mapping: Option<MappingId>,
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
    pub fn union(self, other: Self) -> Self {
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
    pub fn is_constant(self) -> bool {
        !self.user && !self.time && !self.volatile
    }

    /// Whether the memo may and should hold such an evaluation.
    #[inline]
    pub fn is_memoisable(self) -> bool {
        self.costly && !self.time && !self.volatile
    }
}

/// A gate, dynamic config, experiment, layer, segment or holdout.
#[derive(Debug, Clone)]
pub struct Spec {
    pub entity: Entity,
    pub enabled: bool,
    pub default_value: ReturnValue,
    pub rules: Vec<Rule>,
    pub salt: SharedStr,
    pub id_type: Symbol,
    pub version: Option<u32>,
    pub is_active: Option<bool>,
    pub has_shared_params: Option<bool>,
    pub explicit_parameters: Option<Vec<SharedStr>>,
    pub target_app_ids: Option<Vec<SharedStr>>,
    pub forward_all_exposures: bool,
    pub use_new_layer_eval: bool,
    /// The fields of a user that the service says decide.
    pub fields_used: Vec<Symbol>,
}

/// What kind of thing a spec is, as the console has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity {
    FeatureGate,
    DynamicConfig,
    Autotune,
    Experiment,
    Layer,
    Segment,
    Holdout,
    Unknown,
}

impl Entity {
    pub fn from_wire(text: &str) -> Self {
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
    pub id: Symbol,
    /// Mostly the same as the id; only for those who ask why.
    pub name: Symbol,
    pub share: Share,
    pub unit: UnitIdType,
    pub return_value: ReturnValue,
    /// `None` stands for a condition that the specs lack.
    pub conditions: Vec<Option<ConditionId>>,
    pub group_name: Option<Symbol>,
    pub delegate: Option<EntryId>,
    pub is_experiment_group: bool,
    pub sampling_rate: Option<u64>,
}

/// Which share of the users a rule holds for.
#[derive(Debug, Clone)]
pub enum Share {
    All,
    Nobody,
    /// Those whose bucket, out of 10 000, is below the threshold.
    Part {
        salt: Arc<SaltedHash>,
        threshold: f64,
    },
}

impl Share {
    /// Buckets run from 0 to 9999.
    pub const BUCKETS: u64 = 10_000;

    pub fn new(pass_percentage: f64, spec_salt: &str, rule_salt: &str) -> Self {
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
    pub is_user_id: bool,
    pub exact: SharedStr,
    pub lower: SharedStr,
}

impl UnitIdType {
    pub fn new(id_type: &str) -> Self {
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
    Null,
    Bool(bool),
    Parameters(Arc<Parameters>),
}

impl ReturnValue {
    pub fn parameters(&self) -> Option<&Arc<Parameters>> {
        match self {
            Self::Parameters(parameters) => Some(parameters),
            Self::Null | Self::Bool(_) => None,
        }
    }

    /// As a default: only `true` is true.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// As the value of a rule that passed: everything but `false` is true.
    pub fn is_not_false(&self) -> bool {
        !matches!(self, Self::Bool(false))
    }
}

/// A contextual bandit ("autotune AI").
#[derive(Debug, Clone)]
pub struct Cmab {
    pub salt: SaltedHash,
    pub unit: UnitIdType,
    pub id_type: Symbol,
    pub enabled: bool,
    pub version: u32,
    pub default_value: ReturnValue,
    /// Buckets, out of 10 000, in which groups are drawn instead of scored.
    pub explore_below: f64,
    pub higher_is_better: bool,
    pub groups: Vec<CmabGroup>,
    /// Without weights, groups are explored evenly.
    pub has_weights: bool,
    pub targeting_gate: Option<EntryId>,
    pub target_app_ids: Option<Vec<SharedStr>>,
}

/// One arm of a contextual bandit.
#[derive(Debug, Clone)]
pub struct CmabGroup {
    pub name: Symbol,
    pub id: Symbol,
    /// The id with the suffix `:explore`.
    pub explore_id: Symbol,
    pub value: ReturnValue,
    pub weights: Option<CmabWeights>,
}

/// What a bandit has learnt about an arm.
#[derive(Debug, Clone)]
pub struct CmabWeights {
    pub base: f64,
    pub records: u64,
    pub numerical: Vec<(super::condition::FieldName, f64)>,
    pub categorical: Vec<(super::condition::FieldName, FastMap<SharedStr, f64>)>,
}

/// One redirection of a name to another.
#[derive(Debug)]
pub struct Mapping {
    pub to: EntryId,
    pub rules: Vec<MappingRule>,
}

/// A rule under which a redirection holds.
#[derive(Debug)]
pub struct MappingRule {
    pub name: Symbol,
    /// Epoch milliseconds.
    pub start_time: i64,
    pub conditions: Vec<Option<ConditionId>>,
    pub unit: UnitIdType,
    pub share: ShareByKind,
}

/// A share that counts with the salt of the redirected spec: the gate, config or layer of that name has each its own. Where
/// there is no such spec, the salt is empty.
#[derive(Debug)]
pub struct ShareByKind {
    pub gate: Share,
    pub config: Share,
    pub layer: Share,
}

/// A parameter store.
#[derive(Debug, Default)]
pub struct ParamStore {
    pub parameters: BTreeMap<SharedStr, Parameter>,
    pub target_app_ids: Option<Vec<SharedStr>>,
}

/// One parameter of a store.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// As declared; what counts is the target.
    pub ref_type: SharedStr,
    /// Informational: `boolean`, `number`, `string`, `array`, `object`.
    pub param_type: SharedStr,
    pub target: ParameterTarget,
}

/// Where a parameter's value comes from.
#[derive(Debug, Clone)]
pub enum ParameterTarget {
    Static(Arc<Value>),
    Gate {
        name: SharedStr,
        pass: Arc<Value>,
        fail: Arc<Value>,
    },
    DynamicConfig {
        name: SharedStr,
        parameter: SharedStr,
    },
    Experiment {
        name: SharedStr,
        parameter: SharedStr,
    },
    Layer {
        name: SharedStr,
        parameter: SharedStr,
    },
}
