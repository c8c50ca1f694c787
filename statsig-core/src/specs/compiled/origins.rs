//! The origins of compiled specs, so that the next specs can take over unchanged parts.

use std::hash::Hasher;
use std::sync::{Arc, Weak};

use super::condition::BucketId;
use super::{CmabId, ConditionId, ParamStore, Parameters, SpecId};
use crate::hash::{FastMap, process_hasher};
use crate::text::SharedStr;

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
    /// The size of the growing tables after the last full compilation. `None` before the first
    /// compilation.
    pub(crate) fresh: Option<usize>,
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
