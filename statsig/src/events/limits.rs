//! The limits of the event pipeline. Each is an option, and its default is here.

use std::time::Duration;

/// Limits that callers may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventLimits {
    /// Events in a batch.
    pub(crate) batch_size: usize,
    /// Sealed batches that wait for the service; beyond, the oldest is dropped.
    pub(crate) max_waiting: usize,
    /// Events between callers and the exposure actor, however small a batch is.
    pub(crate) queue_capacity: usize,
    /// An event waits at most this long for its batch to fill.
    pub(crate) flush_interval: Duration,
    /// The pause after the first failure, and the interval that says that the service is healthy.
    pub(crate) min_pause: Duration,
    /// The longest pause between two attempts while the service fails.
    pub(crate) max_pause: Duration,
    /// A batch that failed this often is dropped.
    pub(crate) max_attempts: u32,
    /// Batches posted at once while the service is healthy. One at a time while it is not.
    pub(crate) max_concurrent_posts: usize,
    /// The limit of one attempt.
    pub(crate) post_timeout: Duration,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            batch_size: 2_000,
            max_waiting: 100,
            queue_capacity: 8_000,
            flush_interval: Duration::from_secs(60),
            min_pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(60),
            max_attempts: 6,
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
}
