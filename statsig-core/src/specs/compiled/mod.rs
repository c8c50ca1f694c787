//! Specs as evaluation reads them: names resolved to indices, operands parsed, texts and values shared.

mod cmab;
pub(crate) mod condition;
mod dependencies;
mod mapping;
pub mod origins;
mod param_store;
pub(crate) mod rendered;
mod spec;

use std::collections::BTreeMap;
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
    pub(crate) origins: Origins,
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
    #[inline]
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
    pub dependencies: Dependencies,
}

impl Entry {
    /// A name for which nothing is defined yet.
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

    /// The spec of this name for what is asked for. Experiments and dynamic configs share one map;
    /// parameter stores have no spec.
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
