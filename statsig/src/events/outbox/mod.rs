//! Events on their way to the service: waiting, being sealed into a batch, or being posted.
//!
//! Pure bookkeeping: time and randomness are arguments. The exposure actor and its tasks carry out
//! the decisions. The outbox outlives them, so a crash loses nothing.
//!
//! ```text
//! push ─▶ unsealed ─ start_sealing ─▶ (sealing) ─ sealed ─▶ waiting
//!
//! waiting ─ start_post ─▶ (in flight) ─▶ delivered | refused
//!    ▲──────── failed ────────╯
//!
//! with a spool, see `disk`:
//! waiting ─▶ (storing) ─ stored ─▶ on disk ─ loaded ─▶ (in flight)
//! ```

mod disk;
mod posting;
mod unsealed;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::disk::Disk;
pub(crate) use self::disk::SpoolJob;
use self::posting::{Flight, MAX_SPARE_POSTS};
pub(crate) use self::unsealed::Room;
use self::unsealed::UnsealedEvents;
use self::waiting::Waiting;
use super::batch::{SealedBatch, Unsealed};
use super::limits::EventLimits;
use super::sampling::BatchedEvent;
use crate::counters::{DropReason, EventCounters};

// Why events are sealed; the names are the protocol's.
const FLUSH_LIMIT: &str = "limit";
const FLUSH_FULL_BATCH: &str = "scheduled:full_batch";
const FLUSH_MAX_TIME: &str = "scheduled:max_time";
const FLUSH_MANUAL: &str = "manual";
const FLUSH_SHUTDOWN: &str = "shutdown";

/// Events on their way to the service.
#[derive(Debug)]
pub(crate) struct Outbox {
    limits: EventLimits,
    counters: Arc<EventCounters>,
    unsealed: UnsealedEvents,
    /// The count of all pushed events. An event's number is the count before it.
    pushed: u64,
    /// Events numbered below this are sealed without waiting for a full batch, and why.
    seal_to: u64,
    seal_reason: &'static str,
    /// A flush asks for an attempt for the events numbered below this, regardless of the interval.
    urgent_to: u64,
    /// The number of events being sealed, if any.
    sealing: Option<u64>,
    waiting: Waiting,
    /// Batches being posted, by the number of the first event. `disk` has the one from the spool.
    in_flight: BTreeMap<u64, Flight>,
    disk: Disk,
    /// Grows with failures, shrinks with successes.
    interval: Duration,
    /// No attempt before this time, except for a flush.
    hold_until: Option<Instant>,
    /// A flush ran out of time: before this time, what waits in memory goes to disk and is not
    /// posted, except by the next flush. The disk is posted as usual, so that flushes in quick
    /// succession do not keep events there.
    to_disk_until: Option<Instant>,
    last_flush: Option<Instant>,
    spare_posts: u32,
    is_closing: bool,
    /// Failures in a row since closing began.
    final_failures: u32,
}

/// Counts of events by place.
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
    pub(crate) unsealed_bytes: u64,
    pub(crate) waiting_bytes: u64,
}

#[cfg(test)]
impl OutboxLoad {
    /// All events in memory.
    pub(crate) fn events(&self) -> u64 {
        self.unsealed + self.sealing + self.waiting + self.in_flight + self.storing
    }
}

impl Outbox {
    /// An empty outbox. With a spool of this size, undeliverable batches go to disk.
    pub(crate) fn new(
        limits: EventLimits,
        spool_bytes: Option<u64>,
        counters: Arc<EventCounters>,
    ) -> Self {
        Self {
            limits,
            counters,
            unsealed: UnsealedEvents::default(),
            pushed: 0,
            seal_to: 0,
            seal_reason: FLUSH_MAX_TIME,
            urgent_to: 0,
            sealing: None,
            waiting: Waiting::default(),
            in_flight: BTreeMap::new(),
            disk: Disk::new(spool_bytes.unwrap_or(0)),
            interval: limits.min_pause,
            hold_until: None,
            to_disk_until: None,
            last_flush: None,
            spare_posts: MAX_SPARE_POSTS,
            is_closing: false,
            final_failures: 0,
        }
    }

    /// The room for more events.
    pub(crate) fn room(&self) -> Room {
        self.unsealed.room(&self.limits, 0, 0)
    }

    /// The room for the events of a flush: the whole queue, unless flushes come faster than events
    /// are sealed.
    pub(crate) fn room_for_flush(&self) -> Room {
        let limits = &self.limits;
        let queue = limits.queue_capacity as u64;
        self.unsealed.room(limits, queue, limits.queue_max_bytes)
    }

    pub(crate) fn push(&mut self, event: BatchedEvent) {
        self.unsealed.push(event);
        self.pushed += 1;
    }

    /// Whether the flush interval has passed since the last flush of any kind; the first call
    /// starts the wait.
    pub(crate) fn is_flush_due(&mut self, now: Instant) -> bool {
        let since = *self.last_flush.get_or_insert(now);
        now.saturating_duration_since(since) >= self.limits.flush_interval
    }

    /// Seals everything pushed so far without waiting for a full batch.
    pub(crate) fn seal_all(&mut self, now: Instant) {
        self.seal_everything(FLUSH_MAX_TIME, now);
    }

    /// Seals everything. Then each batch in memory is tried once, without waiting for the interval,
    /// until one fails. Returns a mark for [`is_flushed`](Self::is_flushed).
    pub(crate) fn flush(&mut self, now: Instant) -> u64 {
        let reason = if self.is_closing {
            FLUSH_SHUTDOWN
        } else {
            FLUSH_MANUAL
        };
        self.seal_everything(reason, now);
        self.urgent_to = self.pushed;
        for batch in self.waiting.iter_mut() {
            batch.is_urgent = true;
        }
        self.pushed
    }

    /// Like [`flush`](Self::flush), for the last time. Failed batches are retried while attempts
    /// and time remain, or go to disk.
    pub(crate) fn close(&mut self, now: Instant) -> u64 {
        self.is_closing = true;
        self.interval = self.limits.min_pause;
        self.hold_until = None;
        self.to_disk_until = None;
        self.flush(now)
    }

    /// Resumes after [`close`](Self::close), which has closed the spool.
    pub(crate) fn reopen(&mut self) {
        self.is_closing = false;
        self.final_failures = 0;
        self.disk = Disk::new(self.disk.bytes);
    }

    /// Whether every event before the mark has left, is on disk, or waits because an attempt of the
    /// flush failed.
    pub(crate) fn is_flushed(&self, mark: u64, now: Instant) -> bool {
        self.in_flight.keys().all(|first| *first >= mark) && self.is_sealed_and_tried(mark, now)
    }

    /// Like [`is_flushed`](Self::is_flushed), for a flush with a limit: it does not wait for posts
    /// that such a flush has waited for in vain.
    pub(crate) fn is_flushed_except_overdue(&self, mark: u64, now: Instant) -> bool {
        let mut in_flight = self.in_flight.range(..mark);
        in_flight.all(|(_, flight)| flight.is_overdue) && self.is_sealed_and_tried(mark, now)
    }

    fn is_sealed_and_tried(&self, mark: u64, now: Instant) -> bool {
        (self.unsealed_from() >= mark || self.holds_back(now))
            && self.sealing.is_none()
            && self.disk.is_stored(mark)
            && self.waiting.iter().all(|batch| {
                batch.first >= mark || !(batch.is_urgent || self.disk.takes(batch, now))
            })
    }

    /// Takes the next events to seal: a full batch, or fewer if they are due. One batch at a time
    /// keeps the order and bounds the memory. The caller must answer with [`sealed`](Self::sealed),
    /// [`unsealable`](Self::unsealable) or [`put_back`](Self::put_back).
    pub(crate) fn start_sealing(&mut self, now: Instant) -> Option<Unsealed> {
        let first = self.unsealed_from();
        let is_full = self.unsealed.fill_batch(&self.limits);
        let is_due = first < self.seal_to;
        let is_wanted = is_full || (is_due && !self.holds_back(now));
        if self.sealing.is_some() || self.unsealed.len() == 0 || !is_wanted {
            return None;
        }
        let flush_type = if is_due {
            self.seal_reason
        } else if self.is_healthy() {
            FLUSH_LIMIT
        } else {
            FLUSH_FULL_BATCH
        };
        let events = self.unsealed.take_batch(&self.limits);
        self.sealing = Some(events.len() as u64);
        Some(Unsealed {
            first,
            events,
            flush_type,
            interval: self.interval,
        })
    }

    /// The taken events are sealed. Beyond the limits for waiting batches, the oldest batch is
    /// dropped.
    pub(crate) fn sealed(&mut self, first: u64, events: u64, body: Bytes, now: Instant) {
        self.sealing = None;
        self.add_waiting(SealedBatch {
            first,
            events,
            attempts: 0,
            is_urgent: first < self.urgent_to,
            body,
            sealed_at: Some(now),
            record: None,
        });
    }

    /// The taken events cannot be sealed. They are dropped.
    pub(crate) fn unsealable(&mut self, events: u64) {
        self.sealing = None;
        self.counters.add_dropped(DropReason::Internal, events);
    }

    /// Sealing was cancelled: the taken events return to their place.
    pub(crate) fn put_back(&mut self, events: Vec<BatchedEvent>) {
        self.sealing = None;
        self.unsealed.put_back(events);
    }

    /// When waiting batches may be posted.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        let waits = self.waiting.len() > 0 || self.disk.waits();
        self.hold_until.max(self.to_disk_until).filter(|_| waits)
    }

    /// Whether the last post succeeded.
    pub(crate) fn is_healthy(&self) -> bool {
        self.interval == self.limits.min_pause && self.hold_until.is_none()
    }

    #[cfg(test)]
    pub(crate) fn load(&self) -> OutboxLoad {
        OutboxLoad {
            unsealed: self.unsealed.len(),
            sealing: self.sealing.unwrap_or(0),
            waiting: self.waiting.iter().map(|batch| batch.events).sum(),
            in_flight: self.in_flight.values().map(|flight| flight.events).sum(),
            storing: self.disk.storing.iter().map(|(_, events)| events).sum(),
            waiting_batches: self.waiting.len(),
            in_flight_batches: self.posts(),
            unsealed_bytes: self.unsealed.bytes(),
            waiting_bytes: self.waiting.bytes(),
        }
    }

    fn seal_everything(&mut self, reason: &'static str, now: Instant) {
        self.seal_to = self.pushed;
        self.seal_reason = reason;
        self.last_flush = Some(now);
    }

    /// The number of the first unsealed event, or else of the next event.
    fn unsealed_from(&self) -> u64 {
        self.pushed - self.unsealed.len()
    }

    /// Whether due events wait for a full batch: if the service fails and many batches wait, small
    /// batches would only evict others.
    fn holds_back(&self, now: Instant) -> bool {
        let is_crowded = self.waiting.len() >= (self.limits.max_waiting / 2).max(1);
        is_crowded && !self.disk.is_usable(now) && !self.is_closing && !self.is_healthy()
    }

    /// The batches that are being posted or settled.
    pub(crate) fn posts(&self) -> usize {
        self.in_flight.len() + usize::from(self.disk.is_posting)
    }

    fn is_held(&self, now: Instant) -> bool {
        self.hold_until.is_some_and(|until| now < until)
    }

    fn goes_to_disk_only(&self, now: Instant) -> bool {
        self.to_disk_until.is_some_and(|until| now < until)
    }

    fn may_post_any(&self, now: Instant) -> bool {
        !self.is_held(now) && (self.is_healthy() || self.posts() == 0)
    }

    fn add_waiting(&mut self, batch: SealedBatch) {
        self.waiting.insert(batch);
        while self.waiting.len() > self.limits.max_waiting
            || (self.waiting.bytes() > self.limits.pending_max_bytes && self.waiting.len() > 1)
        {
            let Some(dropped) = self.waiting.take_oldest() else {
                return;
            };
            self.counters
                .add_dropped(DropReason::TooManyBatches, dropped.events);
        }
    }
}

#[cfg(test)]
mod tests;
