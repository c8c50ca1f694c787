//! A batch of events in the states it goes through: taken out to be sealed, sealed, and cut in two.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::wire::BatchedEvent;

/// Events taken out to be written and compressed.
#[derive(Debug)]
pub(crate) struct Unsealed {
    /// The number of the first event.
    pub(crate) first: u64,
    pub(crate) events: Vec<BatchedEvent>,
    /// Why these events leave now, in the words of the protocol.
    pub(crate) flush_type: &'static str,
    pub(crate) interval: Duration,
}

/// A batch that is ready for the service: compressed, and it stays so through all attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedBatch {
    /// The number of the first event: older batches have smaller ones. Of no meaning for a batch from the spool.
    pub(crate) first: u64,
    pub(crate) events: u64,
    /// Failed attempts so far, without those that a flush made beside the schedule.
    pub(crate) attempts: u32,
    /// A flush waits for the next attempt, whatever the interval says.
    pub(crate) is_urgent: bool,
    pub(crate) body: Bytes,
    /// When it was sealed, if that was in this process.
    pub(crate) sealed_at: Option<Instant>,
    /// Where the batch is on disk, if it came from there.
    pub(crate) record: Option<RecordId>,
}

/// One half of a batch that the service did not take as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) events: u64,
    pub(crate) body: Bytes,
}

/// The place of a batch in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RecordId {
    pub(crate) segment: SegmentId,
    /// Bytes before the record.
    pub(crate) offset: u64,
}

/// A part of the spool. Those that were created earlier are smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct SegmentId {
    pub(crate) created_ms: u64,
    /// No other one of this process has this number.
    pub(crate) number: u64,
}
