//! A batch of events in its states: unsealed and sealed.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::sampling::BatchedEvent;

/// Events that a task writes and compresses.
#[derive(Debug)]
pub(crate) struct Unsealed {
    /// The number of the first event.
    pub(crate) first: u64,
    pub(crate) events: Vec<BatchedEvent>,
    /// Why the batch is sealed now; the names are the protocol's.
    pub(crate) flush_type: &'static str,
    pub(crate) interval: Duration,
}

/// A compressed batch. Its body stays the same through all attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedBatch {
    /// The number of the first event. Older batches have smaller numbers. Meaningless for a batch
    /// from the spool.
    pub(crate) first: u64,
    pub(crate) events: u64,
    /// Failed attempts so far, without the unscheduled ones of a flush.
    pub(crate) attempts: u32,
    /// A flush waits for the next attempt, so the interval does not apply.
    pub(crate) is_urgent: bool,
    pub(crate) body: Bytes,
    /// When this process sealed it.
    pub(crate) sealed_at: Option<Instant>,
    /// The batch's place on disk, if it came from there.
    pub(crate) record: Option<RecordId>,
}

/// The place of a batch in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RecordId {
    pub(crate) segment: SegmentId,
    /// Bytes before the record.
    pub(crate) offset: u64,
}

/// A part of the spool. Earlier ones compare as smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct SegmentId {
    pub(crate) created_ms: u64,
    /// Unique within the process.
    pub(crate) number: u64,
}
