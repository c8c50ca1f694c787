//! Batches waiting for the service.

/// stub
#[derive(Debug, Default)]
pub(crate) struct Outbox {}
