//! The part of the outbox that posts batches: which is next, and what follows from the result.

use std::time::{Duration, Instant};

use super::Outbox;
use crate::counters::DropReason;
use crate::events::batch::SealedBatch;
use crate::transport::backoff::jittered;

/// The first pause after a failure during a shutdown.
const FINAL_PAUSE: Duration = Duration::from_millis(250);
/// The longest accepted `Retry-After`.
const MAX_ASKED_PAUSE: Duration = Duration::from_secs(300);
/// The budget of posts for split batches, besides [`POSTS_FOR_ACCEPTED`] for each accepted post. It
/// is enough to find a malformed event in each of several full batches, and limits the posts to a
/// service that refuses everything.
pub(super) const MAX_SPARE_POSTS: u32 = 100;
/// What each accepted post returns to the budget.
const POSTS_FOR_ACCEPTED: u32 = 2;
/// The cost of a split.
pub(super) const POSTS_FOR_HALVES: u32 = 2;

/// A batch that is being posted.
#[derive(Debug)]
pub(super) struct Flight {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests compare it with the books")
    )]
    pub(super) events: u64,
    /// A scheduled attempt, not an extra one of a flush.
    is_scheduled: bool,
    /// A flush with a limit has waited for it in vain. Later ones do not wait for it again.
    pub(super) is_overdue: bool,
}

impl Outbox {
    /// Takes the next batch to post, if one may be posted now. The caller must answer with one of
    /// [`delivered`](Self::delivered), [`failed`](Self::failed), [`refused`](Self::refused),
    /// [`split`](Self::split) and [`returned`](Self::returned).
    pub(crate) fn start_post(&mut self, now: Instant) -> Option<SealedBatch> {
        if self.posts() >= self.limits.max_concurrent_posts {
            return None;
        }
        let may_post_any = self.may_post_any(now);
        let may_post_urgent = if self.is_closing {
            !self.is_held(now)
        } else {
            // A failing service gets one post at a time, even if flushes are frequent.
            self.is_healthy() || self.posts() == 0
        };
        let may_post_memory = may_post_any && !self.goes_to_disk_only(now);
        let is_wanted =
            |batch: &SealedBatch| may_post_memory || (may_post_urgent && batch.is_urgent);
        if let Some(batch) = self.waiting.take_first(is_wanted) {
            let flight = Flight {
                events: batch.events,
                is_scheduled: may_post_any || self.is_closing,
                is_overdue: false,
            };
            self.in_flight.insert(batch.first, flight);
            return Some(batch);
        }
        let batch = self.disk.loaded.take_if(|_| may_post_any)?;
        self.disk.is_posting = true;
        Some(batch)
    }

    /// The service has the batch.
    pub(crate) fn delivered(&mut self, batch: &SealedBatch) {
        self.landed(batch);
        if batch.record.is_some() {
            self.counters.add_delivered_from_spool(batch.events);
        } else {
            self.counters.add_delivered(batch.events);
        }
        self.spare_posts = (self.spare_posts + POSTS_FOR_ACCEPTED).min(MAX_SPARE_POSTS);
        self.interval = (self.interval / 2).max(self.limits.min_pause);
        // The service works again, so the next batch need not wait. Until the interval has shrunk,
        // posts go one at a time.
        self.hold_until = None;
    }

    /// The attempt failed; the service may have asked for a pause. The batch waits in memory or on
    /// disk. It is dropped after its last scheduled attempt or if it is too old. Extra attempts of
    /// a flush do not count.
    pub(crate) fn failed(
        &mut self,
        mut batch: SealedBatch,
        asked_pause: Option<Duration>,
        now: Instant,
        random: f64,
    ) {
        let is_scheduled = self.landed(&batch).is_none_or(|flight| flight.is_scheduled);
        let goes_to_disk = self.disk.takes(&batch, now);
        // Batches that fail together are one failure, so only the first lengthens the pause.
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
        if !self.is_closing {
            // The flush has failed, so the other batches wait for the schedule or for the disk.
            self.urgent_to = 0;
        }
        for waiting in self.waiting.iter_mut() {
            waiting.is_urgent &= self.is_closing && !self.disk.takes(waiting, now);
        }
        if batch.record.is_some() {
            return;
        }
        batch.attempts += u32::from(is_scheduled);
        batch.is_urgent = self.is_closing && !goes_to_disk;
        if self.is_given_up(&batch, now) && !goes_to_disk {
            self.counters
                .add_dropped(DropReason::DeliveryFailed, batch.events);
        } else {
            self.add_waiting(batch);
        }
    }

    /// The service will never take the batch.
    pub(crate) fn refused(&mut self, batch: &SealedBatch) {
        self.landed(batch);
        if batch.record.is_some() {
            self.counters
                .add_dropped_from_spool(DropReason::Refused, batch.events);
        } else {
            self.counters.add_dropped(DropReason::Refused, batch.events);
        }
    }

    /// Whether a batch may be split in two. If so, the budget pays for it.
    pub(crate) fn may_split(&mut self) -> bool {
        let rest = self.spare_posts.checked_sub(POSTS_FOR_HALVES);
        self.spare_posts = rest.unwrap_or(self.spare_posts);
        rest.is_some()
    }

    /// The batch was split: its two halves wait instead.
    pub(crate) fn split(&mut self, batch: &SealedBatch, halves: [SealedBatch; 2]) {
        self.landed(batch);
        halves.into_iter().for_each(|half| self.add_waiting(half));
    }

    /// The attempt ended for a reason that says nothing about the service: a flush ran out of
    /// time, or the process was frozen meanwhile. It does not count. The batch waits for the
    /// schedule or goes to disk.
    pub(crate) fn interrupted(&mut self, mut batch: SealedBatch) {
        batch.is_urgent = self.is_closing;
        self.returned(batch);
    }

    /// The attempt was cancelled: the batch waits again.
    pub(crate) fn returned(&mut self, batch: SealedBatch) {
        self.landed(&batch);
        if batch.record.is_none() {
            self.add_waiting(batch);
        }
    }

    /// Whether a failed batch has no attempts or time left.
    pub(super) fn is_given_up(&self, batch: &SealedBatch, now: Instant) -> bool {
        let is_too_old = batch
            .sealed_at
            .is_some_and(|at| now.saturating_duration_since(at) >= self.limits.max_age);
        is_too_old || batch.attempts >= self.limits.max_attempts
    }

    /// The post of the batch has ended.
    fn landed(&mut self, batch: &SealedBatch) -> Option<Flight> {
        if batch.record.is_some() {
            self.disk.is_posting = false;
            return None;
        }
        self.in_flight.remove(&batch.first)
    }
}
