//! Starting, flushing, shutting down.

use super::{Core, Statsig};
use crate::counters::EventAccount;

/// stub
#[derive(Debug)]
pub struct InitializeDetails;

impl Statsig {
    /// What became of all events so far.
    #[must_use]
    pub fn event_account(&self) -> EventAccount {
        self.core.shared.counters.account()
    }
}

impl Core {
    /// Tells the exposure actor that the queue reached its high-water mark.
    #[cold]
    pub(super) fn nudge(&self) {}
}
