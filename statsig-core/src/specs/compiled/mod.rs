//! Compiled specs for evaluation: names are indices, operands are parsed, texts and values are
//! shared.

mod cmab;
pub(crate) mod condition;
mod dependencies;
mod mapping;
pub mod origins;
mod param_store;
pub(crate) mod rendered;
mod spec;

use std::sync::Arc;

use serde_json::{Map, Value};

use self::condition::Condition;
use self::origins::Origins;
use self::rendered::Rendered;
use super::for_clients::ForClients;
use super::symbols::{Symbol, Symbols};
use crate::entity_kind::EntityKind;
use crate::hash::FastMap;
use crate::text::SharedStr;

pub use cmab::{Cmab, CmabGroup, CmabWeights};
pub use dependencies::Dependencies;
pub use mapping::{Mapping, MappingRule, ShareByKind};
pub use param_store::{ParamStore, Parameter, ParameterTarget};
pub use spec::{Entity, ReturnValue, Rule, Share, Spec, UnitIdType};

/// The parameters of a config, experiment or layer.
pub type Parameters = Map<String, Value>;

/// One complete, immutable set of specs.
#[derive(Debug, Default)]
pub struct CompiledSpecs {
    /// The time of the specs (`lcut`), in epoch milliseconds. 0 before the first specs.
    pub time: u64,
    /// The checksum in the payload.
    pub checksum: Option<SharedStr>,
    pub(crate) default_environment: Option<SharedStr>,
    pub(crate) app_id: Option<Value>,
    pub(crate) sdk_configs: Map<String, Value>,
    pub(crate) diagnostics: Map<String, Value>,
    /// All texts in evaluations.
    pub symbols: Symbols,
    pub(crate) index: FastMap<SharedStr, EntryId>,
    /// The entities of each name.
    pub entries: Vec<Entry>,
    pub(crate) specs: Vec<Spec>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) cmabs: Vec<Cmab>,
    pub(crate) mappings: Vec<Vec<Mapping>>,
    /// The parameter stores by name.
    pub param_stores: FastMap<SharedStr, Arc<ParamStore>>,
    pub(crate) for_clients: ForClients,
    pub(crate) rendered: Rendered,
    pub(crate) origins: Origins,
}

/// Declares indices into tables of [`CompiledSpecs`], and their checked lookups.
macro_rules! table_indices {
    ($($(#[$doc:meta])+ $id:ident: $table:ident, $look_up:ident -> $item:ty;)+) => {
        $(
            $(#[$doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub struct $id(pub u32);
        )+

        impl CompiledSpecs {
            $(
                /// `None` only for an index of other specs.
                pub fn $look_up(&self, id: $id) -> Option<&$item> {
                    self.$table.get(id.0 as usize)
                }
            )+
        }
    };
}

table_indices! {
    /// A name that the specs define or refer to.
    EntryId: entries, entry -> Entry;
    /// A gate, config or layer.
    SpecId: specs, spec -> Spec;
    /// A condition.
    ConditionId: conditions, condition -> Condition;
    /// A contextual bandit.
    CmabId: cmabs, cmab -> Cmab;
    /// The redirections of one name.
    MappingId: mappings, mapping -> Vec<Mapping>;
}

/// The numbers of entities in a set of specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpecCounts {
    /// Gates, without segments and holdouts.
    pub gates: usize,
    /// Dynamic configs, experiments and autotunes.
    pub configs: usize,
    /// Layers.
    pub layers: usize,
}

impl CompiledSpecs {
    /// The numbers of entities.
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

    /// The entry of a name.
    #[inline]
    pub fn find(&self, name: &str) -> Option<EntryId> {
        self.index.get(name).copied()
    }

    /// The text of a symbol.
    #[inline]
    pub fn text(&self, symbol: Symbol) -> &SharedStr {
        self.symbols.text(symbol)
    }
}

/// All entities with one name.
#[derive(Debug)]
pub struct Entry {
    /// The name.
    pub name: Symbol,
    /// Segments are evaluated like gates, and cause no exposure.
    pub is_segment: bool,
    /// The gate of this name.
    pub gate: Option<SpecId>,
    /// The dynamic config, experiment or autotune of this name.
    pub config: Option<SpecId>,
    /// The layer of this name.
    pub layer: Option<SpecId>,
    /// The contextual bandit of this name.
    pub cmab: Option<CmabId>,
    pub(crate) mapping: Option<MappingId>,
    /// Whether the evaluation of another name may use this name.
    pub is_referred_to: bool,
    /// The possible dependencies of its evaluations, including nested evaluations.
    pub dependencies: Dependencies,
}

impl Entry {
    /// A name without entities.
    pub(crate) fn new(name: Symbol, is_segment: bool) -> Self {
        Self {
            name,
            is_segment,
            gate: None,
            config: None,
            layer: None,
            cmab: None,
            mapping: None,
            is_referred_to: false,
            dependencies: Dependencies::default(),
        }
    }

    /// The spec of this name and kind. Experiments and dynamic configs share one map. Parameter
    /// stores have no spec.
    #[must_use]
    pub fn spec(&self, kind: EntityKind) -> Option<SpecId> {
        match kind {
            EntityKind::Gate => self.gate,
            EntityKind::DynamicConfig | EntityKind::Experiment => self.config,
            EntityKind::Layer => self.layer,
            EntityKind::ParameterStore => None,
        }
    }
}
