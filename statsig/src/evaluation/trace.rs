//! What an evaluation tells on its way, for those who ask why.

use crate::specs::compiled::{EntryId, Rule};

/// Hears what an evaluation decides. Every method does nothing unless implemented.
pub(crate) trait Trace {
    /// A spec's evaluation begins.
    #[inline]
    fn entered(&mut self, _entry: EntryId) {}

    /// A rule's conditions were evaluated: whether all passed, and whether the user is in the rule's share (asked only if so).
    #[inline]
    fn rule_tried(&mut self, _rule: &Rule, _conditions_pass: bool) {}
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoTrace;

impl Trace for NoTrace {}
