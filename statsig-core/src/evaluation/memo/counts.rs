//! Counts the hits and misses of the evaluation cache.

use std::sync::atomic::{AtomicU64, Ordering};

/// Hits and misses for users, over all generations.
///
/// The counts are split into groups by key, so that threads with different users do not contend.
#[derive(Debug, Default)]
pub struct MemoCounts([CountGroup; COUNT_GROUPS]);

/// Aligned to its own cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
struct CountGroup {
    hits: AtomicU64,
    misses: AtomicU64,
}

const COUNT_GROUPS: usize = 16;

impl MemoCounts {
    pub(super) fn add_hit(&self, hash: u64) {
        self.group(hash).hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_miss(&self, hash: u64) {
        self.group(hash).misses.fetch_add(1, Ordering::Relaxed);
    }

    fn group(&self, hash: u64) -> &CountGroup {
        let [first, ..] = &self.0;
        // The lower bits select slots.
        let number = (hash >> 32) as usize % COUNT_GROUPS;
        self.0.get(number).unwrap_or(first)
    }

    /// Hits and misses so far.
    pub fn so_far(&self) -> (u64, u64) {
        self.0.iter().fold((0, 0), |(hits, misses), group| {
            (
                hits + group.hits.load(Ordering::Relaxed),
                misses + group.misses.load(Ordering::Relaxed),
            )
        })
    }
}
