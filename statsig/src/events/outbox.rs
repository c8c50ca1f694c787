//! Events on their way to the service: which wait, which are being sealed into a batch, which are being posted.
//!
//! Pure bookkeeping. Time and randomness are arguments; the exposure actor and the tasks that work for it carry out what is
//! decided here. The outbox outlives them all, so a crash of one loses nothing.
//!
//! ```text
//! push ─▶ unsealed ─ start_sealing ─▶ (sealing) ─ sealed ─▶ waiting ─ start_post ─▶ (in flight) ─▶ delivered | refused
//!                                                              ▲───────────── failed ───────┘
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::wire::BatchedEvent;
use crate::counters::{DropReason, EventCounters};

/// The interval of a healthy service, and the shortest pause after a failure.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// The longest pause between two attempts while the service fails.
pub(crate) const MAX_INTERVAL: Duration = Duration::from_secs(60);
/// An event waits at most this long for its batch to fill.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(60);
/// A batch that failed this often is dropped.
pub(crate) const MAX_ATTEMPTS: u32 = 6;
/// Batches posted at once while the service is healthy. One at a time while it is not.
pub(crate) const MAX_CONCURRENT_POSTS: usize = 5;
/// Batches of events that may wait for sealing before the queue is left to fill (and, once full, to drop).
const MAX_UNSEALED_BATCHES: usize = 2;
/// The first pause after a failure while shutting down, when seconds count.
const FINAL_PAUSE: Duration = Duration::from_millis(250);
/// A pause is made longer by up to this share of itself, so that many processes do not come back in step.
const MAX_JITTER: f64 = 0.25;

// Why events leave, in the words of the protocol.
const FLUSH_LIMIT: &str = "limit";
const FLUSH_FULL_BATCH: &str = "scheduled:full_batch";
const FLUSH_MAX_TIME: &str = "scheduled:max_time";
const FLUSH_MANUAL: &str = "manual";
const FLUSH_SHUTDOWN: &str = "shutdown";

/// Events on their way to the service.
#[derive(Debug)]
pub(crate) struct Outbox {
    batch_size: usize,
    max_waiting: usize,
    /// In the order they were recorded, not yet formed into a batch.
    unsealed: VecDeque<BatchedEvent>,
    /// Events that were ever pushed; an event's number is the count before it.
    pushed: u64,
    /// Events numbered below this are sealed without waiting for a full batch, and why.
    seal_to: u64,
    seal_reason: &'static str,
    /// A flush wants an attempt for the events numbered below this, whatever the interval says.
    urgent_to: u64,
    /// How many events are being sealed, if any are.
    sealing: Option<u64>,
    /// Sealed batches: those with the fewest attempts first, so that one that the service chokes on does not hold up the others;
    /// then the oldest first.
    waiting: BTreeMap<(u32, u64), SealedBatch>,
    /// Batches being posted: number of the first event, and how many.
    in_flight: BTreeMap<u64, u64>,
    /// Grows with failures, shrinks with successes.
    interval: Duration,
    /// No attempt before this, but for a flush.
    hold_until: Option<Instant>,
    last_flush: Option<Instant>,
    is_closing: bool,
    /// Failures in a row since closing began.
    final_failures: u32,
}

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
    /// The number of the first event: older batches have smaller ones.
    pub(crate) first: u64,
    pub(crate) events: u64,
    /// Failed attempts so far.
    pub(crate) attempts: u32,
    /// A flush waits for the next attempt, whatever the interval says.
    pub(crate) is_urgent: bool,
    pub(crate) body: Bytes,
}

/// How many events are where.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OutboxLoad {
    pub(crate) unsealed: u64,
    pub(crate) sealing: u64,
    pub(crate) waiting: u64,
    pub(crate) in_flight: u64,
    pub(crate) waiting_batches: usize,
    pub(crate) in_flight_batches: usize,
}

#[cfg(test)]
impl OutboxLoad {
    pub(crate) fn events(&self) -> u64 {
        self.unsealed + self.sealing + self.waiting + self.in_flight
    }
}

impl Outbox {
    /// An outbox that forms batches of `batch_size` events and lets at most `max_waiting` of them wait.
    pub(crate) fn new(batch_size: usize, max_waiting: usize) -> Self {
        Self {
            batch_size: batch_size.max(1),
            max_waiting: max_waiting.max(1),
            unsealed: VecDeque::new(),
            pushed: 0,
            seal_to: 0,
            seal_reason: FLUSH_MAX_TIME,
            urgent_to: 0,
            sealing: None,
            waiting: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            interval: MIN_INTERVAL,
            hold_until: None,
            last_flush: None,
            is_closing: false,
            final_failures: 0,
        }
    }

    /// How many more events are welcome. More may be pushed for a flush, which takes in what the queue holds.
    pub(crate) fn room(&self) -> usize {
        (self.batch_size * MAX_UNSEALED_BATCHES).saturating_sub(self.unsealed.len())
    }

    pub(crate) fn push(&mut self, event: BatchedEvent) {
        self.unsealed.push_back(event);
        self.pushed += 1;
    }

    /// Whether [`MAX_WAIT`] has passed since the last flush of any kind; the first call starts the wait.
    pub(crate) fn is_flush_due(&mut self, now: Instant) -> bool {
        let since = *self.last_flush.get_or_insert(now);
        now.saturating_duration_since(since) >= MAX_WAIT
    }

    /// Everything pushed so far waited long enough: it is sealed without waiting for a full batch.
    pub(crate) fn seal_all(&mut self, now: Instant) {
        self.seal_everything(FLUSH_MAX_TIME, now);
    }

    /// Seals everything, and gives every batch one attempt that does not wait for the interval. The answer is a mark for
    /// [`is_flushed`](Self::is_flushed).
    pub(crate) fn flush(&mut self, now: Instant) -> u64 {
        let reason = if self.is_closing {
            FLUSH_SHUTDOWN
        } else {
            FLUSH_MANUAL
        };
        self.seal_everything(reason, now);
        self.urgent_to = self.pushed;
        for batch in self.waiting.values_mut() {
            batch.is_urgent = true;
        }
        self.pushed
    }

    /// As [`flush`](Self::flush), for the last time: whatever fails is tried again, as often as attempts and time allow.
    pub(crate) fn close(&mut self, now: Instant) -> u64 {
        self.is_closing = true;
        self.interval = MIN_INTERVAL;
        self.hold_until = None;
        self.flush(now)
    }

    /// Whether every event before the mark has left, or had the attempt that the flush promised.
    pub(crate) fn is_flushed(&self, mark: u64) -> bool {
        let unsealed_from = self.pushed - self.unsealed.len() as u64;
        unsealed_from >= mark
            && self.sealing.is_none()
            && self.in_flight.keys().all(|first| *first >= mark)
            && self
                .waiting
                .values()
                .all(|batch| batch.first >= mark || !batch.is_urgent)
    }

    /// Takes out the next events to seal: a full batch, or fewer if they are not to wait. One batch at a time, so that order
    /// is kept and memory stays bounded; the caller must answer with [`sealed`](Self::sealed),
    /// [`unsealable`](Self::unsealable) or [`put_back`](Self::put_back).
    pub(crate) fn start_sealing(&mut self) -> Option<Unsealed> {
        let first = self.pushed - self.unsealed.len() as u64;
        let is_full = self.unsealed.len() >= self.batch_size;
        let is_due = first < self.seal_to;
        if self.sealing.is_some() || self.unsealed.is_empty() || !(is_full || is_due) {
            return None;
        }
        let flush_type = if is_due {
            self.seal_reason
        } else if self.is_healthy() {
            FLUSH_LIMIT
        } else {
            FLUSH_FULL_BATCH
        };
        let count = self.batch_size.min(self.unsealed.len());
        let events: Vec<BatchedEvent> = self.unsealed.drain(..count).collect();
        self.sealing = Some(events.len() as u64);
        Some(Unsealed {
            first,
            events,
            flush_type,
            interval: self.interval,
        })
    }

    /// The events that were taken out are sealed. Beyond the limit of waiting batches the oldest goes.
    pub(crate) fn sealed(
        &mut self,
        first: u64,
        events: u64,
        body: Bytes,
        counters: &EventCounters,
    ) {
        self.sealing = None;
        let is_urgent = first < self.urgent_to;
        self.add_waiting(
            SealedBatch {
                first,
                events,
                attempts: 0,
                is_urgent,
                body,
            },
            counters,
        );
    }

    /// The events that were taken out cannot be sealed, now or ever.
    pub(crate) fn unsealable(&mut self, events: u64, counters: &EventCounters) {
        self.sealing = None;
        counters.add_dropped(DropReason::Internal, events);
    }

    /// The events that were taken out come back, in their place: whoever wanted to seal them was stopped.
    pub(crate) fn put_back(&mut self, events: Vec<BatchedEvent>) {
        self.sealing = None;
        for event in events.into_iter().rev() {
            self.unsealed.push_front(event);
        }
    }

    /// Takes out the next batch to post, if one may be posted now. The caller must answer with one of
    /// [`delivered`](Self::delivered), [`failed`](Self::failed), [`refused`](Self::refused), [`split`](Self::split) and
    /// [`returned`](Self::returned).
    pub(crate) fn start_post(&mut self, now: Instant) -> Option<SealedBatch> {
        if self.in_flight.len() >= MAX_CONCURRENT_POSTS {
            return None;
        }
        let is_held = self.hold_until.is_some_and(|until| now < until);
        let may_post_any = !is_held && (self.is_healthy() || self.in_flight.is_empty());
        let may_post_urgent = !is_held || !self.is_closing;
        let key = self
            .waiting
            .iter()
            .find(|(_, batch)| may_post_any || (may_post_urgent && batch.is_urgent))
            .map(|(key, _)| *key)?;
        let batch = self.waiting.remove(&key)?;
        self.in_flight.insert(batch.first, batch.events);
        Some(batch)
    }

    /// The service has the batch.
    pub(crate) fn delivered(&mut self, batch: &SealedBatch, counters: &EventCounters) {
        self.in_flight.remove(&batch.first);
        counters.add_delivered(batch.events);
        self.interval = (self.interval / 2).max(MIN_INTERVAL);
        // The service is back: the next batch need not wait. Until the interval has shrunk they go one at a time.
        self.hold_until = None;
    }

    /// The attempt failed: the batch waits for the next one, or is dropped after the last.
    pub(crate) fn failed(
        &mut self,
        mut batch: SealedBatch,
        now: Instant,
        random: f64,
        counters: &EventCounters,
    ) {
        self.in_flight.remove(&batch.first);
        // Batches that fail together are one failure: only the first of them lengthens the pause.
        if self.hold_until.is_none_or(|until| until <= now) {
            let pause = if self.is_closing {
                self.final_failures += 1;
                FINAL_PAUSE * (1 << (self.final_failures - 1).min(MAX_ATTEMPTS))
            } else {
                self.interval
            };
            let jitter = pause.mul_f64(random.clamp(0.0, 1.0) * MAX_JITTER);
            self.hold_until = Some(now + pause + jitter);
            self.interval = (self.interval * 2).min(MAX_INTERVAL);
        }
        batch.attempts += 1;
        batch.is_urgent = self.is_closing;
        if batch.attempts >= MAX_ATTEMPTS {
            counters.add_dropped(DropReason::DeliveryFailed, batch.events);
        } else {
            self.add_waiting(batch, counters);
        }
    }

    /// The service will never take the batch.
    pub(crate) fn refused(&mut self, batch: &SealedBatch, counters: &EventCounters) {
        self.in_flight.remove(&batch.first);
        counters.add_dropped(DropReason::DeliveryFailed, batch.events);
    }

    /// The batch was too large: its two halves wait instead.
    pub(crate) fn split(
        &mut self,
        batch: &SealedBatch,
        halves: [Half; 2],
        counters: &EventCounters,
    ) {
        self.in_flight.remove(&batch.first);
        let mut first = batch.first;
        for half in halves {
            let events = half.events;
            self.add_waiting(
                SealedBatch {
                    first,
                    events,
                    attempts: batch.attempts,
                    is_urgent: batch.is_urgent,
                    body: half.body,
                },
                counters,
            );
            first += events;
        }
    }

    /// The attempt was stopped from our side: the batch waits as before.
    pub(crate) fn returned(&mut self, batch: SealedBatch, counters: &EventCounters) {
        self.in_flight.remove(&batch.first);
        self.add_waiting(batch, counters);
    }

    /// When something may be posted that is held back now.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        self.hold_until.filter(|_| !self.waiting.is_empty())
    }

    /// The pause between two attempts now.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    #[cfg(test)]
    pub(crate) fn load(&self) -> OutboxLoad {
        OutboxLoad {
            unsealed: self.unsealed.len() as u64,
            sealing: self.sealing.unwrap_or(0),
            waiting: self.waiting.values().map(|batch| batch.events).sum(),
            in_flight: self.in_flight.values().sum(),
            waiting_batches: self.waiting.len(),
            in_flight_batches: self.in_flight.len(),
        }
    }

    fn seal_everything(&mut self, reason: &'static str, now: Instant) {
        self.seal_to = self.pushed;
        self.seal_reason = reason;
        self.last_flush = Some(now);
    }

    /// Whether the service took what it was sent last.
    pub(crate) fn is_healthy(&self) -> bool {
        self.interval == MIN_INTERVAL && self.hold_until.is_none()
    }

    fn add_waiting(&mut self, batch: SealedBatch, counters: &EventCounters) {
        self.waiting.insert((batch.attempts, batch.first), batch);
        while self.waiting.len() > self.max_waiting {
            let oldest = self.waiting.iter().min_by_key(|(_, batch)| batch.first);
            let Some(key) = oldest.map(|(key, _)| *key) else {
                return;
            };
            if let Some(dropped) = self.waiting.remove(&key) {
                counters.add_dropped(DropReason::TooManyBatches, dropped.events);
            }
        }
    }
}

/// One half of a batch that was too large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) events: u64,
    pub(crate) body: Bytes,
}

#[cfg(test)]
mod tests;
