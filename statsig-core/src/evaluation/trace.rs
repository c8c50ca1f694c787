//! What an evaluation tells on its way, for those who ask why.

use super::operators::Observed;
use super::result::Evaluation;
use crate::entity_kind::EntityKind;
use crate::specs::compiled::condition::{Condition, Subject, Test};
use crate::specs::compiled::{
    Cmab, CmabGroup, Entry, EntryId, Mapping, MappingRule, Rule, Share, Spec, UnitIdType,
};

/// How a rule ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleEnd {
    /// A condition does not hold.
    NotMet,
    /// A condition is unknown.
    Unsupported,
    /// It decided: its value is served.
    Served,
    /// It decided, but the user is outside of its share: the default is served.
    OutOfShare,
    /// It decided by letting another spec decide.
    Delegated,
    /// In a layer that is put together by parameter: the user is outside of its share, and the next rule is tried.
    PassedOver,
    /// In a layer that is put together by parameter: its parameters were added.
    Contributed,
    /// In a layer that is put together by parameter: its delegate came too late, or returned nothing.
    Ignored,
}

/// How a redirection's rule ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingEnd {
    /// It holds from a later moment on.
    NotYet,
    NotMet,
    /// The name it leads to is unknown or could not be evaluated.
    LedNowhere,
    /// Another spec answered.
    Answered,
}

/// Hears what an evaluation decides. Every method does nothing unless implemented; arguments are at hand anyway, so that nothing
/// is computed for nobody.
///
/// What begins also ends, unless the evaluation is given up: then everything inside of the `entered` that is `left` with
/// `None` is over.
pub trait Trace {
    /// A name's evaluation begins.
    #[inline]
    fn entered(&mut self, _kind: EntityKind, _entry: &Entry) {}

    /// It ended. `None`: it was given up.
    #[inline]
    fn left(&mut self, _result: Option<&Evaluation>) {}

    /// The specs have no such name of this kind.
    #[inline]
    fn unknown(&mut self) {}

    /// An override decided.
    #[inline]
    fn overridden(&mut self, _result: &Evaluation) {}

    /// A nested gate was evaluated before, with this result.
    #[inline]
    fn known(&mut self, _gate: EntryId, _result: &Evaluation) {}

    /// A redirection's rule is looked at.
    #[inline]
    fn mapping_began(&mut self, _mapping: &Mapping, _rule: &MappingRule) {}

    #[inline]
    fn mapping_ended(&mut self, _end: MappingEnd) {}

    /// A rule is looked at.
    #[inline]
    fn rule_began(&mut self, _rule: &Rule) {}

    #[inline]
    fn rule_ended(&mut self, _end: RuleEnd) {}

    /// Whether the user is in the share of the current rule.
    #[inline]
    fn share_tried(&mut self, _share: &Share, _unit: &UnitIdType, _is_in: bool) {}

    /// A condition is looked at; `None` if the specs lack it.
    #[inline]
    fn condition_began(&mut self, _condition: Option<&Condition>, _result: &Evaluation) {}

    /// The value that the current condition found.
    #[inline]
    fn observed(&mut self, _subject: &Subject, _test: &Test, _found: &Observed<'_>) {}

    /// `result` holds whether the condition holds, or that it is unsupported.
    #[inline]
    fn condition_ended(&mut self, _result: &Evaluation) {}

    /// No rule decided: the default is served.
    #[inline]
    fn default_served(&mut self, _spec: &Spec) {}

    /// A bandit serves its default: it has not started, or the user is not targeted.
    #[inline]
    fn bandit_kept_out(&mut self, _is_started: bool) {}

    /// A bandit chose a group, by scores or to explore.
    #[inline]
    fn bandit_chose(
        &mut self,
        _cmab: &Cmab,
        _bucket: u64,
        _group: Option<&CmabGroup>,
        _is_explored: bool,
    ) {
    }
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTrace;

impl Trace for NoTrace {}
