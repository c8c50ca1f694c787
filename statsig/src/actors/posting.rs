//! Posts sealed batches, in tasks that outlive the exposure actor.

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::actor::Address;
use super::messages::ExposureMessage;
use super::tasks::{LookOnDrop, now};
use super::tree::Tree;
use crate::counters::DropReason;
use crate::event_logging::{EventBatch, EventLoggingError};
use crate::events::batch::SealedBatch;
use crate::events::seal;
use crate::targets;
use crate::transport::own_work::own_work;

// What went wrong where no error says so.
const NO_ROOM_FOR_HALVES: &str = "the batch is too large, and the spool has no room for its halves";
const PANICKED: &str = "the event logging adapter panicked";

/// A post cannot take longer than its limit, except in a process that was frozen or starved. If it
/// took this much longer by the wall clock, its failure says nothing about the service.
const FREEZE: Duration = Duration::from_secs(1);

/// Posts the batch in a task of the tree.
pub(super) fn start(tree: &Arc<Tree>, actor: &Address<ExposureMessage>, batch: SealedBatch) {
    let adapter = Arc::clone(&tree.events);
    let limit = tree.shared.options.event_limits.post_timeout;
    let handed_over = EventBatch(batch.clone());
    let span = tracing::debug_span!(
        target: targets::EVENTS, "post_events",
        events = batch.events, attempt = batch.attempts + 1
    );
    // A batch from the disk is safe there, so no mark stops its post.
    let first = batch.record.map_or(batch.first, |_| u64::MAX);
    let interruption = tree.posts.interruption(first);
    let mut in_flight = InFlight {
        tree: Arc::clone(tree),
        started_ms: tree.shared.clock.now_ms(),
        batch: Some(batch),
        _look: LookOnDrop(actor.clone()),
    };
    let posting = async move {
        let sending = own_work(|| adapter.log_events(handed_over));
        let answer = tokio::select! {
            biased;
            answer = tokio::time::timeout(limit, sending) => answer,
            () = interruption => return in_flight.interrupt(),
        };
        let answer = answer.unwrap_or_else(|_| {
            let problem = format!("no answer within {} ms", limit.as_millis());
            Err(EventLoggingError::temporary(problem))
        });
        if in_flight.is_quickly_settled(&answer) {
            in_flight.settle(answer);
        } else {
            // Dropped early, the batch goes back as it was.
            let span = tracing::Span::current();
            let settle = move || span.in_scope(|| in_flight.settle(answer));
            let _ = tokio::task::spawn_blocking(settle).await;
        }
    };
    tree.posts.tasks.spawn(posting.instrument(span));
}

/// A batch that is being posted. Dropped early, because the task was aborted, it goes back to where
/// it was; if the adapter panicked, as after a failed attempt.
struct InFlight {
    tree: Arc<Tree>,
    started_ms: u64,
    batch: Option<SealedBatch>,
    /// Dropped last, when the batch is settled.
    _look: LookOnDrop,
}

impl InFlight {
    /// Ends the attempt, which does not count.
    fn interrupt(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.tree.shared.events.outbox().interrupted(batch);
        }
    }

    /// Whether the process was frozen during the attempt, as functions are between invocations.
    fn was_frozen(&self) -> bool {
        let shared = &self.tree.shared;
        let took_ms = shared.clock.now_ms().saturating_sub(self.started_ms);
        let limit = shared.options.event_limits.post_timeout;
        Duration::from_millis(took_ms) > limit.saturating_add(FREEZE)
    }

    /// Whether settling is bookkeeping in memory, and neither work nor I/O.
    fn is_quickly_settled(&self, answer: &Result<(), EventLoggingError>) -> bool {
        let is_cut = matches!(
            answer,
            Err(EventLoggingError::TooLarge | EventLoggingError::Malformed { .. })
        );
        let is_on_disk = self.batch.as_ref().is_some_and(|it| it.record.is_some());
        !is_cut && !is_on_disk
    }

    fn settle(&mut self, answer: Result<(), EventLoggingError>) {
        if matches!(answer, Err(EventLoggingError::Temporary { .. })) && self.was_frozen() {
            tracing::debug!(target: targets::EVENTS, "a post was interrupted because the process stood still");
            return self.interrupt();
        }
        let Some(batch) = self.batch.take() else {
            return;
        };
        match answer {
            Ok(()) => self.delivered(&batch),
            Err(EventLoggingError::Temporary {
                source,
                retry_after,
            }) => {
                let problem = source.to_string();
                tracing::debug!(target: targets::EVENTS, problem, "events could not be sent");
                self.failed(batch, retry_after, &problem);
            }
            Err(error @ (EventLoggingError::TooLarge | EventLoggingError::Malformed { .. })) => {
                self.cut(batch, &error);
            }
            Err(error) => self.refused(&batch, &error),
        }
    }

    fn delivered(&self, batch: &SealedBatch) {
        self.tree.forget_record(batch);
        self.tree.shared.events.outbox().delivered(batch);
    }

    fn failed(&self, batch: SealedBatch, asked_pause: Option<Duration>, problem: &str) {
        let shared = &self.tree.shared;
        // What is lost because of this, now or later.
        for reason in [DropReason::DeliveryFailed, DropReason::TooManyBatches] {
            shared.events.loss_log.because(reason, problem);
        }
        let now = now();
        if let Some(record) = batch.record {
            self.tree.put_off_record(record, batch.events, now);
        }
        let mut outbox = shared.events.outbox();
        let was_healthy = outbox.is_healthy();
        outbox.failed(batch, asked_pause, now, fastrand::f64());
        drop(outbox);
        // Once for each series of failures: the service may be away for hours.
        if was_healthy {
            tracing::warn!(
                target: targets::EVENTS,
                "events could not be posted ({problem}); the client will retry"
            );
        }
    }

    fn refused(&self, batch: &SealedBatch, error: &EventLoggingError) {
        let shared = &self.tree.shared;
        tracing::debug!(target: targets::EVENTS, events = batch.events, %error, "the service refused events; they are lost");
        shared.events.loss_log.because(DropReason::Refused, error);
        self.tree.forget_record(batch);
        shared.events.outbox().refused(batch);
    }

    /// Replaces a batch by its two halves, unless it cannot be cut or the halves would cost too
    /// many posts.
    fn cut(&self, batch: SealedBatch, error: &EventLoggingError) {
        let shared = &self.tree.shared;
        let halves = seal::split(&batch).ok().flatten();
        match halves.filter(|_| shared.events.outbox().may_split()) {
            None => self.refused(&batch, error),
            Some(halves) if batch.record.is_none() => {
                shared.events.outbox().split(&batch, halves);
            }
            Some(halves) if self.tree.replace_record(&batch, &halves) => {
                shared.events.outbox().returned(batch);
            }
            // The disk has no room for the halves now.
            Some(_) => self.failed(batch, None, NO_ROOM_FOR_HALVES),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(batch) = self.batch.take() {
            let shared = &self.tree.shared;
            if std::thread::panicking() {
                self.failed(batch, None, PANICKED);
            } else {
                shared.events.outbox().returned(batch);
            }
        }
    }
}
