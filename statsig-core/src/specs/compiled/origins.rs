//! What compiled specs were made from, so that the next set of them takes over what has not changed.

use std::hash::Hasher;
use std::sync::{Arc, Weak};

use super::condition::BucketId;
use super::{CmabId, CompiledSpecs, ConditionId, ParamStore, Parameters, SpecId};
use crate::hash::{FastMap, process_hasher};
use crate::text::SharedStr;

/// Texts, names and conditions may grow to this many times of what they were when everything was last compiled, and a bit.
const MAX_GROWTH: usize = 2;
/// The bit.
const SPARE: usize = 1_000;

/// Stands for the JSON of an entity: equal for equal texts of one process.
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

/// Where an entity comes from, and what became of it: nothing if it is malformed.
#[derive(Debug, Clone)]
pub(crate) struct Origin<T> {
    pub(crate) from: Fingerprint,
    pub(crate) made: Option<T>,
}

/// The origins of entities of one kind, by name.
pub(crate) type ByName<T> = FastMap<SharedStr, Origin<T>>;

/// What everything was made from.
#[derive(Debug, Default)]
pub struct Origins {
    pub(crate) conditions: ByName<ConditionId>,
    pub(crate) gates: ByName<SpecId>,
    pub(crate) configs: ByName<SpecId>,
    pub(crate) layers: ByName<SpecId>,
    pub(crate) cmabs: ByName<CmabId>,
    pub(crate) param_stores: ByName<Arc<ParamStore>>,
    /// Equal return values are parsed and kept once: most rules of an experiment differ in few of them. They live as long as
    /// some specs have them.
    pub(crate) values: FastMap<Fingerprint, Weak<Parameters>>,
    /// By salt and ID type.
    pub(crate) bucket_ids: FastMap<(String, String), BucketId>,
    /// The sizes of the tables when everything was compiled anew; `None` when nothing was ever compiled.
    pub(crate) fresh: Option<TableSizes>,
}

/// The sizes of the tables whose items keep their place from one set of specs to the next, so that they only grow.
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

    /// Whether the tables have grown so much since then that what they hold is mostly of the past.
    pub(crate) fn are_outgrown_by(self, now: Self) -> bool {
        let has_outgrown = |then: usize, now: usize| now > then * MAX_GROWTH + SPARE;
        has_outgrown(self.symbols, now.symbols)
            || has_outgrown(self.entries, now.entries)
            || has_outgrown(self.conditions, now.conditions)
    }
}

impl Origins {
    /// Whether nothing was ever compiled.
    pub(crate) fn is_empty(&self) -> bool {
        self.fresh.is_none()
    }

    /// Values that no specs have any more are forgotten.
    pub(crate) fn forget_unused_values(&mut self) {
        self.values.retain(|_, value| value.strong_count() > 0);
    }
}
