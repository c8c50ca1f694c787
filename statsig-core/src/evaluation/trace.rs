//! The events of an evaluation, for explanations.

use super::operators::Observed;
use super::result::Evaluation;
use crate::entity_kind::EntityKind;
use crate::results::explanation::{MappingTriedEnd, RuleTriedEnd};
use crate::specs::compiled::condition::{Condition, Subject, Test};
use crate::specs::compiled::{
    Cmab, CmabGroup, Entry, EntryId, Mapping, MappingRule, Rule, Share, Spec, UnitIdType,
};
use crate::specs::symbols::Symbol;

/// Receives the events of an evaluation. By default, every method does nothing. The evaluation has
/// all arguments at hand, so an unused event costs nothing.
///
/// Every beginning has an end, unless a limit stops the evaluation. In that case, `left` with
/// `None` also ends all events inside its `entered`.
pub trait Trace {
    /// The evaluation of a name begins.
    #[inline]
    fn entered(&mut self, _kind: EntityKind, _entry: &Entry) {}

    /// The evaluation of a name ended. `None` means that a limit stopped it.
    #[inline]
    fn left(&mut self, _result: Option<&Evaluation>) {}

    /// The specs have no entity of this kind with this name.
    #[inline]
    fn unknown(&mut self) {}

    /// An override decided.
    #[inline]
    fn overridden(&mut self, _result: &Evaluation) {}

    /// A nested gate was already evaluated, with this result.
    #[inline]
    fn known(&mut self, _gate: EntryId, _result: &Evaluation) {}

    /// The evaluation tries a rule of a redirection.
    #[inline]
    fn mapping_began(&mut self, _mapping: &Mapping, _rule: &MappingRule) {}

    #[inline]
    fn mapping_ended(&mut self, _end: MappingTriedEnd) {}

    /// The evaluation tries a rule.
    #[inline]
    fn rule_began(&mut self, _rule: &Rule) {}

    #[inline]
    fn rule_ended(&mut self, _end: RuleTriedEnd) {}

    /// Whether the user is in the share of the current rule.
    #[inline]
    fn share_tried(&mut self, _share: &Share, _unit: &UnitIdType, _is_in: bool) {}

    /// The evaluation tries a condition. `None` if the specs lack it.
    #[inline]
    fn condition_began(&mut self, _condition: Option<&Condition>, _result: &Evaluation) {}

    /// The value that the current condition found.
    #[inline]
    fn observed(
        &mut self,
        _subject: &Subject,
        _operator: Symbol,
        _test: &Test,
        _found: &Observed<'_>,
    ) {
    }

    /// `result` tells whether the condition holds, or that it is unsupported.
    #[inline]
    fn condition_ended(&mut self, _result: &Evaluation) {}

    /// No rule decided. The default is served.
    #[inline]
    fn default_served(&mut self, _spec: &Spec) {}

    /// A bandit serves its default, because it has not started or the user is not targeted.
    #[inline]
    fn bandit_kept_out(&mut self, _is_started: bool) {}

    /// A bandit chose a group, by scores or at random.
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

/// Ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTrace;

impl Trace for NoTrace {}
