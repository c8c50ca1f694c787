//! The work behind the outbox: sealing events into a compressed body, and posting it. Runs in tasks that outlive the actor.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;

use super::exposure::ExposureMsg;
use super::tree::Tree;
use crate::events::outbox::{SealedBatch, Unsealed};
use crate::events::seal;
use crate::events::wire::{self, BatchContext, BatchedEvent};
use crate::shared::Shared;
use crate::transport::retry::{Delivery, judge_delivery};
use crate::transport::{self, Method, Request};

/// The limit of one attempt.
const POST_LIMIT: Duration = Duration::from_secs(10);
/// The answer to a batch is a few bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Tells the exposure actor when dropped, so that it hears of the end of a task whichever way it comes.
struct TellWhenDone {
    actor: ActorRef<ExposureMsg>,
    message: Option<ExposureMsg>,
}

impl TellWhenDone {
    fn new(actor: &ActorRef<ExposureMsg>, message: ExposureMsg) -> Self {
        Self {
            actor: actor.clone(),
            message: Some(message),
        }
    }
}

impl Drop for TellWhenDone {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            // Refused only when that actor is gone; its successor looks at the outbox anyway.
            let _ = self.actor.cast(message);
        }
    }
}

/// Writes and compresses the events on a thread for blocking work.
pub(super) fn start_sealing(
    shared: &Arc<Shared>,
    actor: &ActorRef<ExposureMsg>,
    unsealed: Unsealed,
) {
    let done = TellWhenDone::new(actor, ExposureMsg::Sealed);
    let job = SealingJob {
        shared: Arc::clone(shared),
        first: unsealed.first,
        events: Some(unsealed.events),
        flush_type: unsealed.flush_type,
        interval: unsealed.interval,
    };
    // The handle is let go: a sealing task is bounded work and settles its events itself.
    drop(tokio::task::spawn_blocking(move || {
        job.run();
        drop(done);
    }));
}

/// Events that are being sealed. Dropped early, they go back to the outbox; if sealing them panicked, they are counted as lost.
struct SealingJob {
    shared: Arc<Shared>,
    first: u64,
    events: Option<Vec<BatchedEvent>>,
    flush_type: &'static str,
    interval: Duration,
}

impl SealingJob {
    fn run(mut self) {
        let body = self.body();
        let Some(events) = self.events.take() else {
            return;
        };
        let count = events.len() as u64;
        let mut outbox = self.shared.outbox();
        match body {
            Ok(body) => outbox.sealed(self.first, count, body, &self.shared.counters),
            Err(error) => {
                tracing::error!(%error, events = count, "events could not be written as JSON");
                outbox.unsealable(count, &self.shared.counters);
            }
        }
        // The events themselves are dropped after this, with the lock released.
        drop(outbox);
    }

    fn body(&self) -> std::io::Result<bytes::Bytes> {
        let shared = &self.shared;
        let snapshot = shared.snapshot.load_full();
        let context = BatchContext {
            session_id: &shared.session_id,
            service_name: shared.options.service_name.as_deref(),
            flushing_interval_ms: u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX),
            batch_size: shared.options.event_logging_max_queue_size,
            max_pending_batches: shared.options.event_logging_max_pending_batch_queue_size,
            flush_type: self.flush_type,
            tier: snapshot.tier_text(),
            global_custom_fields: &snapshot.global_custom_fields,
        };
        let events = self.events.as_deref().unwrap_or_default();
        seal::compress(&wire::write_batch(events, &context)?)
    }
}

impl Drop for SealingJob {
    fn drop(&mut self) {
        if let Some(events) = self.events.take() {
            let mut outbox = self.shared.outbox();
            if std::thread::panicking() {
                outbox.unsealable(events.len() as u64, &self.shared.counters);
            } else {
                outbox.put_back(events);
            }
        }
    }
}

/// Posts the batch in a task of the tree.
pub(super) fn start_posting(tree: &Arc<Tree>, actor: &ActorRef<ExposureMsg>, batch: SealedBatch) {
    let done = TellWhenDone::new(actor, ExposureMsg::Posted);
    let shared = Arc::clone(&tree.shared);
    let request = log_event_request(&shared, &batch);
    let transport = Arc::clone(&tree.transport);
    let mut in_flight = InFlight {
        shared,
        batch: Some(batch),
    };
    tree.posts.spawn(async move {
        // Told last, when the batch is settled.
        let _done = done;
        let answer = transport::send(&*transport, request).await;
        match judge_delivery(&answer) {
            Delivery::Accepted => in_flight.settle(|shared, batch| {
                shared.outbox().delivered(&batch, &shared.counters);
            }),
            Delivery::Refused => in_flight.settle(|shared, batch| {
                tracing::warn!(events = batch.events, answer = %Summary(&answer), "the service refused events");
                shared.outbox().refused(&batch, &shared.counters);
            }),
            Delivery::Failed => {
                tracing::debug!(answer = %Summary(&answer), "posting events failed");
                in_flight.settle(fail);
            }
            Delivery::TooLarge => {
                // Dropped early, the batch goes back as it was.
                let split = tokio::task::spawn_blocking(move || in_flight.settle(split));
                let _ = split.await;
            }
        }
    });
}

fn fail(shared: &Shared, batch: SealedBatch) {
    let now = tokio::time::Instant::now().into_std();
    shared
        .outbox()
        .failed(batch, now, fastrand::f64(), &shared.counters);
}

fn split(shared: &Shared, batch: SealedBatch) {
    let halves = seal::split(&batch);
    let mut outbox = shared.outbox();
    match halves {
        Ok(Some(halves)) => outbox.split(&batch, halves, &shared.counters),
        Ok(None) | Err(_) => outbox.refused(&batch, &shared.counters),
    }
}

fn log_event_request(shared: &Shared, batch: &SealedBatch) -> Request {
    let mut headers = shared.identity().headers(shared.clock.now_ms());
    headers.extend([
        ("statsig-event-count", batch.events.to_string()),
        ("statsig-retry-count", batch.attempts.to_string()),
        ("content-type", "application/json".to_owned()),
        ("content-encoding", seal::CONTENT_ENCODING.to_owned()),
    ]);
    Request {
        method: Method::Post,
        url: shared.options.log_event_url.clone(),
        headers,
        body: batch.body.clone(),
        timeout: POST_LIMIT,
        max_response_bytes: MAX_ANSWER_BYTES,
    }
}

/// A batch that is being posted. Dropped early, because the task was aborted, it goes back to the outbox as it was; if the
/// transport panicked, as after a failed attempt.
struct InFlight {
    shared: Arc<Shared>,
    batch: Option<SealedBatch>,
}

impl InFlight {
    fn settle(&mut self, how: impl FnOnce(&Shared, SealedBatch)) {
        if let Some(batch) = self.batch.take() {
            how(&self.shared, batch);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.settle(|shared, batch| {
            if std::thread::panicking() {
                fail(shared, batch);
            } else {
                shared.outbox().returned(batch, &shared.counters);
            }
        });
    }
}

/// The answer in a few words, for the log.
struct Summary<'a>(&'a Result<transport::Response, transport::TransportError>);

impl std::fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Ok(response) => write!(f, "status {}", response.status),
            Err(error) => error.fmt(f),
        }
    }
}
