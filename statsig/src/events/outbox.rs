//! Events on their way to the service: which wait, which are being sealed into a batch, which are being posted.
//!
//! Pure bookkeeping. Time and randomness are arguments; the exposure actor and the tasks that work for it carry out what is
//! decided here. The outbox outlives them all, so a crash of one loses nothing.
//!
//! ```text
//! push ─▶ unsealed ─ start_sealing ─▶ (sealing) ─ sealed ─▶ waiting ─ start_post ─▶ (in flight) ─▶ delivered | refused
//!                                                            │  ▲────────────── failed ───────┘
//!                            spool only (see `disk`):        ╰──▶ (storing) ─ stored ─▶ on disk ─ loaded ─▶ (in flight)
//! ```

mod disk;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::disk::Disk;
pub(crate) use self::disk::SpoolJob;
use super::batch::{Half, SealedBatch, Unsealed};
use super::limits::EventLimits;
use super::wire::BatchedEvent;
use crate::counters::{DropReason, EventCounters};
use crate::transport::backoff::jittered;

/// Batches of events that may wait for sealing before the queue is left to fill (and, once full, to drop).
const MAX_UNSEALED_BATCHES: usize = 2;
/// The first pause after a failure while shutting down, when seconds count.
const FINAL_PAUSE: Duration = Duration::from_millis(250);
/// What the service may ask for with `Retry-After` at most.
const MAX_ASKED_PAUSE: Duration = Duration::from_secs(300);
/// Posts that cutting batches in two may cost beyond [`POSTS_FOR_ACCEPTED`] for each accepted one: enough to find a malformed event
/// in each of several full batches at once, and a bound on what a service that refuses everything is asked.
const MAX_SPARE_POSTS: u32 = 100;
/// What each accepted post adds to the spare ones again.
const POSTS_FOR_ACCEPTED: u32 = 2;
/// What cutting a batch in two costs.
const POSTS_FOR_HALVES: u32 = 2;

// Why events leave, in the words of the protocol.
const FLUSH_LIMIT: &str = "limit";
const FLUSH_FULL_BATCH: &str = "scheduled:full_batch";
const FLUSH_MAX_TIME: &str = "scheduled:max_time";
const FLUSH_MANUAL: &str = "manual";
const FLUSH_SHUTDOWN: &str = "shutdown";

/// Events on their way to the service.
#[derive(Debug)]
pub(crate) struct Outbox {
    limits: EventLimits,
    /// In the order they were recorded, not yet formed into a batch.
    unsealed: VecDeque<BatchedEvent>,
    /// Events that were ever pushed; an event's number is the count before it.
    pushed: u64,
    /// Events numbered below this are sealed without waiting for a full batch, and why.
    seal_to: u64,
    seal_reason: &'static str,
    /// A flush wants an attempt for the events numbered below this, whatever the interval says.
    urgent_to: u64,
    /// How many events are being sealed, if any are, and why they leave.
    sealing: Option<(u64, &'static str)>,
    /// Sealed batches: those with the fewest attempts first, so that one that the service chokes on does not hold up the others;
    /// then the oldest first.
    waiting: BTreeMap<(u32, u64), SealedBatch>,
    /// Batches being posted: number of the first event, and how many. One from the spool is with `disk`.
    in_flight: BTreeMap<u64, u64>,
    disk: Option<Disk>,
    /// Grows with failures, shrinks with successes.
    interval: Duration,
    /// No attempt before this, but for a flush.
    hold_until: Option<Instant>,
    last_flush: Option<Instant>,
    spare_posts: u32,
    is_closing: bool,
    /// Failures in a row since closing began.
    final_failures: u32,
}

/// How many events are where.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OutboxLoad {
    pub(crate) unsealed: u64,
    pub(crate) sealing: u64,
    pub(crate) waiting: u64,
    pub(crate) in_flight: u64,
    /// On their way to the spool.
    pub(crate) storing: u64,
    pub(crate) waiting_batches: usize,
    pub(crate) in_flight_batches: usize,
}

#[cfg(test)]
impl OutboxLoad {
    /// All events that are in memory only.
    pub(crate) fn events(&self) -> u64 {
        self.unsealed + self.sealing + self.waiting + self.in_flight + self.storing
    }
}

impl Outbox {
    /// An empty outbox. With a spool of so many bytes, what cannot be delivered goes to disk.
    pub(crate) fn new(limits: EventLimits, spool_bytes: Option<u64>) -> Self {
        Self {
            limits,
            unsealed: VecDeque::new(),
            pushed: 0,
            seal_to: 0,
            seal_reason: FLUSH_MAX_TIME,
            urgent_to: 0,
            sealing: None,
            waiting: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            disk: spool_bytes.map(Disk::new),
            interval: limits.min_pause,
            hold_until: None,
            last_flush: None,
            spare_posts: MAX_SPARE_POSTS,
            is_closing: false,
            final_failures: 0,
        }
    }

    /// How many more events are welcome. More may be pushed for a flush, which takes in what the queue holds.
    pub(crate) fn room(&self) -> usize {
        (self.limits.batch_size * MAX_UNSEALED_BATCHES).saturating_sub(self.unsealed.len())
    }

    pub(crate) fn push(&mut self, event: BatchedEvent) {
        self.unsealed.push_back(event);
        self.pushed += 1;
    }

    /// Whether the flush interval has passed since the last flush of any kind; the first call starts the wait.
    pub(crate) fn is_flush_due(&mut self, now: Instant) -> bool {
        let since = *self.last_flush.get_or_insert(now);
        now.saturating_duration_since(since) >= self.limits.flush_interval
    }

    /// Everything pushed so far waited long enough: it is sealed without waiting for a full batch.
    pub(crate) fn seal_all(&mut self, now: Instant) {
        self.seal_everything(FLUSH_MAX_TIME, now);
    }

    /// Seals everything, and gives every batch in memory one attempt that does not wait for the interval. The answer is a mark
    /// for [`is_flushed`](Self::is_flushed).
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

    /// As [`flush`](Self::flush), for the last time: whatever fails is tried again, as often as attempts and time allow, or goes
    /// to disk.
    pub(crate) fn close(&mut self, now: Instant) -> u64 {
        self.is_closing = true;
        self.interval = self.limits.min_pause;
        self.hold_until = None;
        self.flush(now)
    }

    /// Goes on after [`close`](Self::close), with a spool that was closed meanwhile.
    pub(crate) fn reopen(&mut self) {
        self.is_closing = false;
        self.final_failures = 0;
        self.disk = self.disk.as_ref().map(Disk::reopened);
    }

    /// Whether every event before the mark has left, is on disk, or had the attempt that the flush promised.
    pub(crate) fn is_flushed(&self, mark: u64, now: Instant) -> bool {
        let unsealed_from = self.pushed - self.unsealed.len() as u64;
        let is_stored = self.disk.as_ref().is_none_or(|disk| disk.is_stored(mark));
        unsealed_from >= mark
            && self.sealing.is_none()
            && self.in_flight.keys().all(|first| *first >= mark)
            && is_stored
            && self.waiting.values().all(|batch| {
                batch.first >= mark || !(batch.is_urgent || self.goes_to_disk(batch, now))
            })
    }

    /// Takes out the next events to seal: a full batch, or fewer if they are not to wait. One batch at a time, so that order
    /// is kept and memory stays bounded; the caller must answer with [`sealed`](Self::sealed),
    /// [`unsealable`](Self::unsealable) or [`put_back`](Self::put_back).
    pub(crate) fn start_sealing(&mut self) -> Option<Unsealed> {
        let first = self.pushed - self.unsealed.len() as u64;
        let is_full = self.unsealed.len() >= self.limits.batch_size;
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
        let count = self.limits.batch_size.min(self.unsealed.len());
        let events: Vec<BatchedEvent> = self.unsealed.drain(..count).collect();
        self.sealing = Some((events.len() as u64, flush_type));
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
        let sealing = self.sealing.take();
        let is_urgent = first < self.urgent_to;
        self.add_waiting(
            SealedBatch {
                first,
                events,
                attempts: 0,
                is_urgent,
                flush_type: sealing.map(|(_, flush_type)| flush_type),
                body,
                record: None,
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
        if self.posts() >= self.limits.max_concurrent_posts {
            return None;
        }
        let may_post_any = self.may_post_any(now);
        let may_post_urgent = !self.is_held(now) || !self.is_closing;
        let key = self
            .waiting
            .iter()
            .find(|(_, batch)| may_post_any || (may_post_urgent && batch.is_urgent))
            .map(|(key, _)| *key);
        if let Some(batch) = key.and_then(|key| self.waiting.remove(&key)) {
            self.in_flight.insert(batch.first, batch.events);
            return Some(batch);
        }
        self.disk.as_mut().filter(|_| may_post_any)?.start_post()
    }

    /// The service has the batch.
    pub(crate) fn delivered(&mut self, batch: &SealedBatch, counters: &EventCounters) {
        self.landed(batch);
        if batch.record.is_some() {
            counters.add_delivered_from_spool(batch.events);
        } else {
            counters.add_delivered(batch.events);
        }
        self.spare_posts = (self.spare_posts + POSTS_FOR_ACCEPTED).min(MAX_SPARE_POSTS);
        self.interval = (self.interval / 2).max(self.limits.min_pause);
        // The service is back: the next batch need not wait. Until the interval has shrunk they go one at a time.
        self.hold_until = None;
    }

    /// The attempt failed, and the service may have asked for a pause. The batch waits for the next attempt, in memory or where
    /// it is on disk, or is dropped after the last.
    pub(crate) fn failed(
        &mut self,
        mut batch: SealedBatch,
        asked_pause: Option<Duration>,
        now: Instant,
        random: f64,
        counters: &EventCounters,
    ) {
        self.landed(&batch);
        let goes_to_disk = self.goes_to_disk(&batch, now);
        // Batches that fail together are one failure: only the first of them lengthens the pause.
        if self.hold_until.is_none_or(|until| until <= now) {
            let pause = if self.is_closing {
                self.final_failures += 1;
                FINAL_PAUSE * (1 << (self.final_failures - 1).min(8))
            } else {
                self.interval
            };
            self.hold_until = Some(now + jittered(pause, random));
            self.interval = (self.interval * 2).min(self.limits.max_pause);
        }
        if let Some(asked) = asked_pause {
            let asked_until = now + asked.min(MAX_ASKED_PAUSE);
            self.hold_until = self.hold_until.max(Some(asked_until));
        }
        if let Some(disk) = &self.disk {
            // What would be tried now is safe on disk sooner.
            for waiting in self.waiting.values_mut() {
                waiting.is_urgent &= !disk.takes(waiting, now);
            }
        }
        if batch.record.is_some() {
            return;
        }
        batch.attempts += 1;
        batch.is_urgent = self.is_closing && !goes_to_disk;
        if batch.attempts >= self.limits.max_attempts && !goes_to_disk {
            counters.add_failed(DropReason::DeliveryFailed, batch.events, batch.flush_type);
        } else {
            self.add_waiting(batch, counters);
        }
    }

    /// The service will never take the batch.
    pub(crate) fn refused(&mut self, batch: &SealedBatch, counters: &EventCounters) {
        self.landed(batch);
        if batch.record.is_some() {
            counters.add_dropped_from_spool(DropReason::Refused, batch.events);
        } else {
            counters.add_failed(DropReason::Refused, batch.events, batch.flush_type);
        }
    }

    /// Whether a batch that was not taken as a whole may be posted in two halves. True uses up what that costs.
    pub(crate) fn may_split(&mut self) -> bool {
        let rest = self.spare_posts.checked_sub(POSTS_FOR_HALVES);
        self.spare_posts = rest.unwrap_or(self.spare_posts);
        rest.is_some()
    }

    /// The batch was not taken as a whole: its two halves wait instead.
    pub(crate) fn split(
        &mut self,
        batch: &SealedBatch,
        halves: [Half; 2],
        counters: &EventCounters,
    ) {
        self.landed(batch);
        let mut first = batch.first;
        for half in halves {
            let events = half.events;
            self.add_waiting(
                SealedBatch {
                    first,
                    events,
                    attempts: batch.attempts,
                    is_urgent: batch.is_urgent,
                    flush_type: batch.flush_type,
                    body: half.body,
                    record: None,
                },
                counters,
            );
            first += events;
        }
    }

    /// The attempt was stopped from our side: the batch waits as before.
    pub(crate) fn returned(&mut self, batch: SealedBatch, counters: &EventCounters) {
        self.landed(&batch);
        if batch.record.is_none() {
            self.add_waiting(batch, counters);
        }
    }

    /// When something may be posted that is held back now.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        let waits = !self.waiting.is_empty() || self.disk.as_ref().is_some_and(Disk::waits);
        self.hold_until.filter(|_| waits)
    }

    /// Whether the service took what it was sent last.
    pub(crate) fn is_healthy(&self) -> bool {
        self.interval == self.limits.min_pause && self.hold_until.is_none()
    }

    /// The pause between two attempts now.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    #[cfg(test)]
    pub(crate) fn load(&self) -> OutboxLoad {
        OutboxLoad {
            unsealed: self.unsealed.len() as u64,
            sealing: self.sealing.map_or(0, |(events, _)| events),
            waiting: self.waiting.values().map(|batch| batch.events).sum(),
            in_flight: self.in_flight.values().sum(),
            storing: self.disk.as_ref().map_or(0, Disk::storing_events),
            waiting_batches: self.waiting.len(),
            in_flight_batches: self.posts(),
        }
    }

    fn seal_everything(&mut self, reason: &'static str, now: Instant) {
        self.seal_to = self.pushed;
        self.seal_reason = reason;
        self.last_flush = Some(now);
    }

    fn posts(&self) -> usize {
        let from_disk = self.disk.as_ref().is_some_and(Disk::is_posting);
        self.in_flight.len() + usize::from(from_disk)
    }

    fn is_held(&self, now: Instant) -> bool {
        self.hold_until.is_some_and(|until| now < until)
    }

    fn may_post_any(&self, now: Instant) -> bool {
        !self.is_held(now) && (self.is_healthy() || self.posts() == 0)
    }

    fn goes_to_disk(&self, batch: &SealedBatch, now: Instant) -> bool {
        let disk = self.disk.as_ref();
        disk.is_some_and(|disk| disk.takes(batch, now))
    }

    /// The batch is in flight no more.
    fn landed(&mut self, batch: &SealedBatch) {
        match (batch.record, &mut self.disk) {
            (Some(_), Some(disk)) => disk.landed(),
            _ => drop(self.in_flight.remove(&batch.first)),
        }
    }

    fn add_waiting(&mut self, batch: SealedBatch, counters: &EventCounters) {
        self.waiting.insert((batch.attempts, batch.first), batch);
        while self.waiting.len() > self.limits.max_waiting {
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

#[cfg(test)]
mod tests;
