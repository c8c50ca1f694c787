//! The event pipeline as pure data structures: recording, deduplication, sampling, batches and
//! their wire format.

pub(crate) mod batch;
pub(crate) mod dedupe;
pub(crate) mod event;
pub(crate) mod limits;
pub(crate) mod non_exposed;
pub(crate) mod outbox;
pub(crate) mod queue;
pub(crate) mod sampling;
pub(crate) mod seal;
pub(crate) mod secondary;
mod size;
pub(crate) mod spool;
pub(crate) mod value;
pub(crate) mod wire;
