//! The limits of the event pipeline with their defaults. Each is an option.

use std::time::Duration;

/// Limits of the event pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventLimits {
    /// Events in a batch.
    pub(crate) batch_size: usize,
    /// Sealed batches that wait for the service. Beyond that, the oldest is dropped.
    pub(crate) max_waiting: usize,
    /// Events between callers and the exposure actor.
    pub(crate) queue_capacity: usize,
    /// Estimated bytes of one event; larger ones are dropped.
    pub(crate) event_max_bytes: u64,
    /// Estimated bytes of the events in a batch; a single event always fits.
    pub(crate) batch_max_bytes: u64,
    /// Estimated bytes of the events between callers and the exposure actor.
    pub(crate) queue_max_bytes: u64,
    /// Compressed bytes of sealed batches that wait for the service. Beyond that, the oldest is
    /// dropped.
    pub(crate) pending_max_bytes: u64,
    /// An event waits at most this long for its batch to fill.
    pub(crate) flush_interval: Duration,
    /// The pause after the first failure, and the interval while the service is healthy.
    pub(crate) min_pause: Duration,
    /// The longest pause between two attempts while the service fails.
    pub(crate) max_pause: Duration,
    /// A batch is dropped after this many failed scheduled attempts.
    pub(crate) max_attempts: u32,
    /// A batch of this age is dropped at its next failure.
    pub(crate) max_age: Duration,
    /// Batches posted at once while the service is healthy. One at a time while it is not.
    pub(crate) max_concurrent_posts: usize,
    /// The limit of one attempt.
    pub(crate) post_timeout: Duration,
}

const MIB: u64 = 1024 * 1024;

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            batch_size: 2_000,
            max_waiting: 100,
            queue_capacity: 8_000,
            event_max_bytes: MIB,
            batch_max_bytes: 8 * MIB,
            queue_max_bytes: 32 * MIB,
            pending_max_bytes: 32 * MIB,
            flush_interval: Duration::from_secs(60),
            min_pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(60),
            max_attempts: 6,
            max_age: Duration::from_secs(24 * 60 * 60),
            max_concurrent_posts: 5,
            post_timeout: Duration::from_secs(10),
        }
    }
}

impl EventLimits {
    /// How many events in the queue wake the exposure actor.
    pub(crate) fn high_water(&self) -> usize {
        self.batch_size.min(self.queue_capacity / 2).max(1)
    }

    /// How many bytes in the queue wake the exposure actor.
    pub(crate) fn high_water_bytes(&self) -> u64 {
        self.batch_max_bytes.min(self.queue_max_bytes / 2)
    }
}
