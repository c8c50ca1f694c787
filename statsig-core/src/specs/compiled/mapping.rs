//! Config mappings: one name redirected to another.

use super::spec::{Share, UnitIdType};
use super::{ConditionId, EntryId};
use crate::specs::symbols::Symbol;

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
