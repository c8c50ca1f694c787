//! Contextual bandits.

use super::EntryId;
use super::condition::FieldName;
use super::spec::{ReturnValue, UnitIdType};
use crate::hash::{FastMap, SaltedHash};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// A contextual bandit ("autotune AI").
#[derive(Debug, Clone)]
pub struct Cmab {
    pub(crate) salt: SaltedHash,
    pub(crate) unit: UnitIdType,
    pub(crate) id_type: Symbol,
    pub(crate) enabled: bool,
    pub(crate) version: u32,
    pub(crate) default_value: ReturnValue,
    /// In buckets below this number, of 10 000, groups are drawn at random instead of scored.
    pub explore_below: f64,
    pub(crate) higher_is_better: bool,
    pub(crate) groups: Vec<CmabGroup>,
    /// Without weights, all groups have the same probability.
    pub has_weights: bool,
    pub(crate) targeting_gate: Option<EntryId>,
    pub(crate) target_app_ids: Option<Vec<SharedStr>>,
}

/// One arm of a contextual bandit.
#[derive(Debug, Clone)]
pub struct CmabGroup {
    pub(crate) name: Symbol,
    pub(crate) id: Symbol,
    /// The ID with the suffix `:explore`.
    pub explore_id: Symbol,
    pub(crate) value: ReturnValue,
    pub(crate) weights: Option<CmabWeights>,
}

/// The training result of a bandit for an arm.
#[derive(Debug, Clone)]
pub struct CmabWeights {
    pub(crate) base: f64,
    pub(crate) records: u64,
    pub(crate) numerical: Vec<(FieldName, f64)>,
    pub(crate) categorical: Vec<(FieldName, FastMap<SharedStr, f64>)>,
}
