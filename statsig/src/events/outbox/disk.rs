//! The part of the outbox that uses the spool: which batches go to disk, and which are read back.
//!
//! While the service is healthy, batches wait in memory. If it fails or is too slow, batches go to
//! disk. One at a time is read back and posted; it leaves the disk when the service has it.

use std::time::{Duration, Instant};

use super::Outbox;
use crate::counters::DropReason;
use crate::events::batch::SealedBatch;

/// After a failure of the disk, events stay in memory for this time.
const DISK_PAUSE: Duration = Duration::from_secs(60);
/// Batches written in one job: bounds the memory, and one sync serves all of them.
const MAX_STORED_AT_ONCE: usize = 16;
/// A batch stays in memory if the disk has room for fewer than this many of its size.
const MIN_FITTING: u64 = 2;
/// How often to look for batches that other processes left behind.
const ADOPT_INTERVAL: Duration = Duration::from_secs(60);

/// The next job of the spool. One at a time.
#[derive(Debug)]
pub(crate) enum SpoolJob {
    /// Look for batches of ended processes.
    Adopt,
    /// Write these.
    Store(Vec<SealedBatch>),
    /// Read one.
    Load,
}

/// What the outbox knows about the spool.
#[derive(Debug, Default)]
pub(super) struct Disk {
    /// The size limit of the spool; 0 if there is none.
    pub(super) bytes: u64,
    is_busy: bool,
    /// Batches being written: number of the first event, and count of events.
    pub(super) storing: Vec<(u64, u64)>,
    /// The disk failed; it is not used before this time.
    broken_until: Option<Instant>,
    /// No write has succeeded since the disk failed.
    is_failing: bool,
    adopted_at: Option<Instant>,
    /// The last search for batches of other processes failed.
    is_unsearchable: bool,
    /// When the next batch on disk is due. `None` without batches.
    ready_at: Option<Instant>,
    /// A batch that was read and is not posted yet.
    pub(super) loaded: Option<SealedBatch>,
    pub(super) is_posting: bool,
}

impl Disk {
    pub(super) fn new(bytes: u64) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// Whether the batch goes to disk now instead of waiting in memory.
    pub(super) fn takes(&self, batch: &SealedBatch, now: Instant) -> bool {
        self.is_usable(now) && self.is_large_enough_for(batch)
    }

    pub(super) fn is_usable(&self, now: Instant) -> bool {
        self.bytes > 0 && self.broken_until.is_none_or(|until| until <= now)
    }

    fn is_large_enough_for(&self, batch: &SealedBatch) -> bool {
        batch.body.len() as u64 <= self.bytes / MIN_FITTING
    }

    pub(super) fn is_stored(&self, mark: u64) -> bool {
        self.storing.iter().all(|(first, _)| *first >= mark)
    }

    /// Whether there is something to post.
    pub(super) fn waits(&self) -> bool {
        self.ready_at.is_some() || self.loaded.is_some()
    }

    fn job_ended(&mut self) {
        self.is_busy = false;
        self.storing.clear();
    }

    fn job_succeeded(&mut self, ready_at: Option<Instant>) {
        self.job_ended();
        self.broken_until = None;
        self.ready_at = ready_at;
    }
}

impl Outbox {
    /// Takes the next job of the spool. The caller must answer with [`adopted`](Self::adopted) or
    /// [`not_adopted`](Self::not_adopted), [`stored`](Self::stored) or
    /// [`not_stored`](Self::not_stored), or [`loaded`](Self::loaded).
    pub(crate) fn start_spool_job(&mut self, now: Instant) -> Option<SpoolJob> {
        let disk = &self.disk;
        if disk.is_busy || !disk.is_usable(now) {
            return None;
        }
        let is_adoption_due = disk
            .adopted_at
            .is_none_or(|at| now.saturating_duration_since(at) >= ADOPT_INTERVAL);
        let may_load = disk.ready_at.is_some_and(|ready_at| ready_at <= now)
            && disk.loaded.is_none()
            && !disk.is_posting
            && !self.is_closing
            && self.may_post_any(now);
        let to_store = self.take_for_disk(now);
        let job = if !to_store.is_empty() {
            let batches = to_store.iter();
            self.disk.storing = batches.map(|batch| (batch.first, batch.events)).collect();
            SpoolJob::Store(to_store)
        } else if is_adoption_due && !self.is_closing {
            self.disk.adopted_at = Some(now);
            SpoolJob::Adopt
        } else if may_load {
            SpoolJob::Load
        } else {
            return None;
        };
        self.disk.is_busy = true;
        Some(job)
    }

    /// The spool was searched for batches of ended processes.
    pub(crate) fn adopted(&mut self, events: u64, ready_at: Option<Instant>) {
        self.counters.add_recovered(events);
        self.disk.job_succeeded(ready_at);
        self.disk.is_unsearchable = false;
    }

    /// The search of the spool failed. Writes of this process may still work. Returns whether the
    /// previous search succeeded.
    pub(crate) fn not_adopted(&mut self) -> bool {
        self.disk.job_ended();
        !std::mem::replace(&mut self.disk.is_unsearchable, true)
    }

    /// This many events are now safe on disk.
    pub(crate) fn stored(&mut self, events: u64, ready_at: Option<Instant>) {
        self.counters.add_spooled(events);
        self.disk.job_succeeded(ready_at);
        self.disk.is_failing = false;
    }

    /// The disk failed after it stored `kept` events. The other batches wait in memory, and so do
    /// new ones for the next minute. Returns whether the disk worked before.
    pub(crate) fn not_stored(
        &mut self,
        kept: u64,
        batches: Vec<SealedBatch>,
        now: Instant,
    ) -> bool {
        self.counters.add_spooled(kept);
        self.disk.job_ended();
        self.disk.broken_until = Some(now + DISK_PAUSE);
        for batch in batches {
            if self.is_given_up(&batch, now) {
                self.counters
                    .add_dropped(DropReason::DeliveryFailed, batch.events);
            } else {
                self.add_waiting(batch);
            }
        }
        // At the end of the client, batches that cannot go to disk use their remaining attempts.
        for batch in self.waiting.iter_mut() {
            batch.is_urgent |= self.is_closing;
        }
        !std::mem::replace(&mut self.disk.is_failing, true)
    }

    /// The job was cancelled: its batches wait in memory.
    pub(crate) fn spool_job_stopped(&mut self, batches: Vec<SealedBatch>) {
        self.disk.job_ended();
        batches
            .into_iter()
            .for_each(|batch| self.add_waiting(batch));
    }

    /// A batch was read from the spool. `None` if none is due.
    pub(crate) fn loaded(&mut self, batch: Option<SealedBatch>, ready_at: Option<Instant>) {
        self.disk.job_succeeded(ready_at);
        self.disk.loaded = batch;
    }

    /// A flush of the events before the mark runs out of time. Returns whether the disk takes what
    /// it has not delivered; the caller then interrupts the posts under way.
    ///
    /// Without a disk, posts continue: a batch is as safe there as in memory, and the service may
    /// still accept it.
    pub(crate) fn cut_flush_short(&mut self, mark: u64, now: Instant) -> bool {
        if self.is_closing || !self.disk.is_usable(now) {
            for (_, flight) in self.in_flight.range_mut(..mark) {
                flight.is_overdue = true;
            }
            return false;
        }
        self.to_disk_until = Some(now + self.limits.min_pause);
        self.urgent_to = 0;
        for batch in self.waiting.iter_mut() {
            batch.is_urgent = false;
        }
        true
    }

    /// The time at which the next batch on disk is due has changed.
    pub(crate) fn set_spool_ready_at(&mut self, ready_at: Option<Instant>) {
        self.disk.ready_at = ready_at;
    }

    /// Whether a task is sealing events or working on the spool.
    pub(crate) fn is_being_worked_for(&self) -> bool {
        self.sealing.is_some() || self.disk.is_busy
    }

    /// The batches in memory that fit on disk, for the last write when the client ends. Do not push
    /// events afterwards.
    pub(crate) fn take_rest(&mut self) -> Vec<SealedBatch> {
        self.waiting
            .take_all(usize::MAX, |batch| self.disk.is_large_enough_for(batch))
    }

    /// Batches that should go to disk: if the service fails or is too slow, all except those that a
    /// flush tries first.
    fn take_for_disk(&mut self, now: Instant) -> Vec<SealedBatch> {
        let is_slow = self.waiting.len() > self.limits.max_waiting / 2;
        if !is_slow && self.is_healthy() && !self.goes_to_disk_only(now) {
            return Vec::new();
        }
        self.waiting.take_all(MAX_STORED_AT_ONCE, |batch| {
            !batch.is_urgent && self.disk.is_large_enough_for(batch)
        })
    }
}
