//! Generations that were replaced, kept while they have readers.

use std::sync::Arc;

use crate::shared::Published;

/// Dropping the last pointer to a generation can take long, so it must not be a reader's. While one
/// is here, no other pointer is the last; those that only this list has left are dropped off the
/// async workers.
#[derive(Debug, Default)]
pub(super) struct Retired(Vec<Arc<Published>>);

impl Retired {
    /// A generation that was replaced: readers may have it still, but none can get it anew.
    pub(super) fn add(&mut self, replaced: Arc<Published>) {
        self.0.push(replaced);
    }

    /// Those without readers.
    pub(super) fn take_unused(&mut self) -> Vec<Arc<Published>> {
        let is_unused = |retired: &mut Arc<Published>| Arc::strong_count(retired) == 1;
        self.0.extract_if(.., is_unused).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
