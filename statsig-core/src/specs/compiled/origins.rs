//! The origins of compiled specs, so that the next specs can take over unchanged parts.

use std::hash::Hasher;
use std::sync::{Arc, Weak};

use super::condition::BucketId;
use super::{CmabId, CompiledSpecs, ConditionId, ParamStore, Parameters, SpecId};
use crate::hash::{FastMap, process_hasher};
use crate::text::SharedStr;

/// The maximum growth of texts, names and conditions since the last full compilation: this factor,
/// and a constant.
const MAX_GROWTH: usize = 2;
/// The constant.
const SPARE: usize = 1_000;

/// Identifies the JSON of an entity. Equal texts have equal fingerprints within one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint {
    hash: u64,
    pub(crate) length: usize,
}

impl Fingerprint {
    pub(crate) fn of(json: &[u8]) -> Self {
        let mut hasher = process_hasher();
        hasher.write(json);
        Self {
            hash: hasher.finish(),
            length: json.len(),
        }
    }
}

/// The origin of an entity, and its compiled form. A malformed entity has no compiled form.
#[derive(Debug, Clone)]
pub(crate) struct Origin<T> {
    pub(crate) from: Fingerprint,
    pub(crate) made: Option<T>,
}

/// The origins of entities of one kind, by name.
pub(crate) type ByName<T> = FastMap<SharedStr, Origin<T>>;

/// The origins of all entities.
#[derive(Debug, Default)]
pub struct Origins {
    pub(crate) conditions: ByName<ConditionId>,
    pub(crate) gates: ByName<SpecId>,
    pub(crate) configs: ByName<SpecId>,
    pub(crate) layers: ByName<SpecId>,
    pub(crate) cmabs: ByName<CmabId>,
    pub(crate) param_stores: ByName<Arc<ParamStore>>,
    /// Equal return values are parsed and stored once, because most rules of an experiment share
    /// them. A value lives as long as specs use it.
    pub(crate) values: FastMap<Fingerprint, Weak<Parameters>>,
    /// By salt and ID type.
    pub(crate) bucket_ids: FastMap<(String, String), BucketId>,
    /// The sizes of the tables after the last full compilation. `None` before the first
    /// compilation.
    pub(crate) fresh: Option<TableSizes>,
}

/// The sizes of the tables that only grow, because their items keep their index in the next specs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableSizes {
    symbols: usize,
    entries: usize,
    conditions: usize,
}

impl TableSizes {
    pub(crate) fn of(specs: &CompiledSpecs) -> Self {
        Self {
            symbols: specs.symbols.len(),
            entries: specs.entries.len(),
            conditions: specs.conditions.len(),
        }
    }

    /// Whether the tables have grown so much that most of their content is outdated.
    pub(crate) fn are_outgrown_by(self, now: Self) -> bool {
        let has_outgrown = |then: usize, now: usize| now > then * MAX_GROWTH + SPARE;
        has_outgrown(self.symbols, now.symbols)
            || has_outgrown(self.entries, now.entries)
            || has_outgrown(self.conditions, now.conditions)
    }
}

impl Origins {
    /// Whether nothing has been compiled.
    pub(crate) fn is_empty(&self) -> bool {
        self.fresh.is_none()
    }

    /// Forgets values that no specs use.
    pub(crate) fn forget_unused_values(&mut self) {
        self.values.retain(|_, value| value.strong_count() > 0);
    }
}
