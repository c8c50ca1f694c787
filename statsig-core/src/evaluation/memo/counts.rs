//! Counts the hits and misses of the evaluation cache.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::striped::Striped;

/// Hits and misses for users, over all generations.
#[derive(Debug, Default)]
pub struct MemoCounts(Striped<Counts>);

#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl MemoCounts {
    pub(super) fn add(&self, is_hit: bool) {
        let Counts { hits, misses } = self.0.mine();
        let count = if is_hit { hits } else { misses };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Hits and misses so far.
    pub fn so_far(&self) -> (u64, u64) {
        self.0.iter().fold((0, 0), |(hits, misses), counts| {
            (
                hits + counts.hits.load(Ordering::Relaxed),
                misses + counts.misses.load(Ordering::Relaxed),
            )
        })
    }
}
