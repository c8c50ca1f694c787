//! Warnings about malformed parts of specs: a full warning for the first parts, and a count for the
//! others.

use std::cell::Cell;

use serde::Deserialize;

use crate::mask::shown;
use crate::notice::{self, Notice};

/// The maximum number of malformed parts of one set of specs with a full warning.
const MAX_NAMED: usize = 20;

/// The malformed parts of one set of specs.
#[derive(Debug, Default)]
pub(super) struct LeftOut(Cell<usize>);

impl LeftOut {
    /// Parses one part. Returns `None` for a malformed part.
    pub(super) fn read<'a, T: Deserialize<'a>>(
        &self,
        json: &'a [u8],
        what: &'static str,
        name: &str,
    ) -> Option<T> {
        let read = serde_json::from_slice(json);
        read.map_err(|problem| self.add(what, name, &problem)).ok()
    }

    /// Records a part that was left out.
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

    /// Reports the number of parts without a full warning.
    pub(super) fn sum_up(&self) {
        let more = self.0.get().saturating_sub(MAX_NAMED);
        if more > 0 {
            notice::give(&Notice::MoreMalformedEntities(more));
        }
    }
}
