//! Config mappings: redirections from a name to another name.

use super::spec::{Share, UnitIdType};
use super::{ConditionId, EntryId};
use crate::specs::symbols::Symbol;

/// One redirection from a name to another name.
#[derive(Debug)]
pub struct Mapping {
    pub(crate) to: EntryId,
    pub(crate) rules: Vec<MappingRule>,
}

/// A rule of a redirection.
#[derive(Debug)]
pub struct MappingRule {
    pub(crate) name: Symbol,
    /// Epoch milliseconds.
    pub start_time: i64,
    pub(crate) conditions: Vec<Option<ConditionId>>,
    pub(crate) unit: UnitIdType,
    pub(crate) share: ShareByKind,
}

/// A share with the salt of the redirected spec. The gate, config and layer of the name have
/// different salts. Without such a spec, the salt is empty.
#[derive(Debug)]
pub struct ShareByKind {
    pub(crate) gate: Share,
    pub(crate) config: Share,
    pub(crate) layer: Share,
}
