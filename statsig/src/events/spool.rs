//! The interface of a spool. `crate::spool` implements it on disk.

use std::fmt::Debug;
use std::io;
use std::time::Instant;

use super::batch::{RecordId, SealedBatch};

/// Keeps sealed batches where they survive a crash. All methods block; do not call them from async
/// code.
pub(crate) trait Spool: Debug + Send + Sync + 'static {
    /// Takes over the batches of ended processes. Returns the number of their events. Leaves
    /// unreadable files alone.
    fn adopt(&self) -> io::Result<u64>;

    /// Writes these batches, dropping the oldest ones if space is needed. They are safe when this
    /// returns.
    fn store(&self, batches: &[SealedBatch]) -> Stored;

    /// Reads the oldest batch that is due, and marks it as taken until it is settled or postponed.
    fn load(&self, now: Instant) -> Loaded;

    /// The batch is delivered or dropped.
    fn settle(&self, record: RecordId);

    /// The batch failed. It is due again after a pause that grows with its failures. Returns false
    /// if it was evicted meanwhile.
    fn put_off(&self, record: RecordId, now: Instant) -> bool;

    /// Returns all taken batches, because nothing delivers them any more.
    fn put_all_back(&self);

    /// When the next batch is due. `None` without batches that are not taken.
    fn ready_at(&self, now: Instant) -> Option<Instant>;

    /// Releases everything on disk, for another client to take over.
    fn close(&self);

    /// For a forked process: closes the open files, so that this process holds no locks after its
    /// parent ends. Does not change files or wait.
    fn leave_to_parent(&self);
}

/// The result of storing batches.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The places of the stored batches: the first ones, or all.
    pub(crate) kept: Vec<RecordId>,
    /// Events evicted for space, including events from this call's batches.
    pub(crate) made_room: u64,
    /// Why the others are not stored.
    pub(crate) outcome: io::Result<()>,
}

/// A batch read from a spool.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) batch: Option<SealedBatch>,
    /// Events that were unreadable and are lost.
    pub(crate) lost: u64,
}
