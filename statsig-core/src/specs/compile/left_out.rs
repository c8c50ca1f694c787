//! Warnings of what specs lose because it is malformed: the first few in full, the rest as a number.

use std::cell::Cell;

use serde::Deserialize;

use crate::mask::shown;
use crate::notice::{self, Notice};

/// So many malformed parts of one set of specs are named in the log.
const MAX_NAMED: usize = 20;

/// The malformed parts of one set of specs.
#[derive(Debug, Default)]
pub(super) struct LeftOut(Cell<usize>);

impl LeftOut {
    /// Reads one part; a malformed one is left out.
    pub(super) fn read<'a, T: Deserialize<'a>>(
        &self,
        json: &'a [u8],
        what: &'static str,
        name: &str,
    ) -> Option<T> {
        let read = serde_json::from_slice(json);
        read.map_err(|problem| self.add(what, name, &problem)).ok()
    }

    /// Something is left out.
    pub(super) fn add(&self, what: &'static str, name: &str, problem: &dyn std::fmt::Display) {
        let before = self.0.get();
        self.0.set(before.saturating_add(1));
        if before < MAX_NAMED {
            let (name, problem) = (shown(name), shown(problem));
            notice::give(&Notice::MalformedEntity {
                what,
                name: &name,
                problem: &problem,
            });
        }
    }

    /// Says how many there were besides those that were named.
    pub(super) fn sum_up(&self) {
        let more = self.0.get().saturating_sub(MAX_NAMED);
        if more > 0 {
            notice::give(&Notice::MoreMalformedEntities(more));
        }
    }
}
