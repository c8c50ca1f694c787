//! Seals events into a compressed body, on threads for blocking work. A job outlives the exposure
//! actor.

use std::sync::Arc;

use super::actor::Address;
use super::messages::ExposureMessage;
use super::tasks::{now, start_blocking};
use crate::counters::DropReason;
use crate::events::batch::Unsealed;
use crate::events::seal;
use crate::events::wire::{self, BatchContext};
use crate::shared::Shared;
use crate::targets;

/// Writes and compresses the events on a thread for blocking work.
pub(super) fn start(shared: &Arc<Shared>, actor: &Address<ExposureMessage>, unsealed: Unsealed) {
    let shared = Arc::clone(shared);
    let job = SealingJob { shared, unsealed };
    start_blocking(actor, move || job.run());
}

/// Events that are being sealed. Dropped early, they go back to the outbox; if sealing them
/// panicked, they are counted as lost.
pub(super) struct SealingJob {
    pub(super) shared: Arc<Shared>,
    /// Without events when they are sealed.
    pub(super) unsealed: Unsealed,
}

impl SealingJob {
    pub(super) fn run(mut self) {
        let body = self.body();
        let events = std::mem::take(&mut self.unsealed.events);
        let count = events.len() as u64;
        let pipe = &self.shared.events;
        let mut outbox = pipe.outbox();
        match body {
            Ok(body) => outbox.sealed(self.unsealed.first, count, body, now()),
            Err(error) => {
                tracing::debug!(
                    target: targets::EVENTS, %error, events = count,
                    "events could not be written as JSON"
                );
                pipe.loss_log.because(DropReason::Internal, error);
                outbox.unsealable(count);
            }
        }
        // The events themselves are dropped after this, with the lock released.
        drop(outbox);
    }

    fn body(&self) -> std::io::Result<bytes::Bytes> {
        let shared = &self.shared;
        let snapshot = shared.published.load_full();
        let limits = &shared.options.event_limits;
        let context = BatchContext {
            session_id: &shared.identity.session_id,
            service_name: shared.options.service_name.as_deref(),
            flushing_interval_ms: u64::try_from(self.unsealed.interval.as_millis())
                .unwrap_or(u64::MAX),
            batch_size: limits.batch_size,
            max_pending_batches: limits.max_waiting,
            flush_type: self.unsealed.flush_type,
            tier: snapshot.tier_text(),
            global_custom_fields: &snapshot.global_custom_fields,
        };
        let events = &self.unsealed.events;
        seal::compressed(|to| Ok(wire::write_batch(to, events, &context)?))
    }
}

impl Drop for SealingJob {
    fn drop(&mut self) {
        let events = std::mem::take(&mut self.unsealed.events);
        if events.is_empty() {
            return;
        }
        let mut outbox = self.shared.events.outbox();
        if std::thread::panicking() {
            outbox.unsealable(events.len() as u64);
        } else {
            outbox.put_back(events);
        }
    }
}
