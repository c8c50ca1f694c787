//! What the pipeline expects of a spool. The one on disk is in `crate::spool`.

use std::fmt::Debug;
use std::io;
use std::time::Instant;

use super::batch::{RecordId, SealedBatch};

/// Keeps sealed batches where a crash does not reach them. Its methods block: never call them from async code.
pub(crate) trait Spool: Debug + Send + Sync + 'static {
    /// Takes over what ended processes left, and says how many events that is. What cannot be read is left alone.
    fn adopt(&self) -> io::Result<u64>;

    /// Keeps these batches, as far as it goes. They are safe when this returns. Makes room by dropping the oldest batches.
    fn store(&self, batches: &[SealedBatch]) -> Stored;

    /// Reads the oldest batch that may be tried now, and marks it as taken out until it is settled or put off.
    fn load(&self, now: Instant) -> Loaded;

    /// The batch is delivered or given up.
    fn settle(&self, record: RecordId);

    /// The batch failed: it may be tried again after a pause that grows with its failures. False if it had to make room meanwhile.
    fn put_off(&self, record: RecordId, now: Instant) -> bool;

    /// Nobody delivers any more what was taken out: it is as if it never was.
    fn put_all_back(&self);

    /// When a batch may be tried; `None` if there is none that is not taken out.
    fn ready_at(&self, now: Instant) -> Option<Instant>;

    /// Lets go of everything on disk, for another client to take over.
    fn close(&self);

    /// In a process that was forked from the one that uses it: closes what is open, so that this process keeps nothing locked when
    /// its parent has ended. Touches no file, and waits for nobody.
    fn leave_to_parent(&self);
}

/// How an attempt to keep batches went.
#[derive(Debug)]
pub(crate) struct Stored {
    /// Where those are that are kept: the first of them, or all.
    pub(crate) kept: Vec<RecordId>,
    /// Events that had to make room, be it in batches that are among the kept ones.
    pub(crate) made_room: u64,
    /// Why the others could not be kept.
    pub(crate) outcome: io::Result<()>,
}

/// What was read from a spool.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) batch: Option<SealedBatch>,
    /// Events that turned out to be unreadable, and are gone.
    pub(crate) lost: u64,
}
