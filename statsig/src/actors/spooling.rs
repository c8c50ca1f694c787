//! The work between outbox and spool: jobs on threads for blocking work, which outlive the actor.

use std::sync::Arc;
use std::time::Instant;

use super::actor::Address;
use super::messages::ExposureMessage;
use super::sealing::SealingJob;
use super::tasks::{now, start_blocking};
use super::tree::Tree;
use crate::counters::DropReason;
use crate::events::batch::{RecordId, SealedBatch};
use crate::events::outbox::SpoolJob;
use crate::events::sampling::Sampler;
use crate::events::spool::Spool;
use crate::targets;

/// Starts a job of the spool.
pub(super) fn start(tree: &Arc<Tree>, actor: &Address<ExposureMessage>, job: SpoolJob) {
    let job = Job {
        tree: Arc::clone(tree),
        job: Some(job),
    };
    start_blocking(actor, move || job.run());
}

/// A job under way. Dropped early, it returns its batches to memory.
struct Job {
    tree: Arc<Tree>,
    job: Option<SpoolJob>,
}

impl Job {
    fn run(mut self) {
        let (Some(job), Some(spool)) = (self.job.take(), self.tree.spool.clone()) else {
            return;
        };
        match job {
            SpoolJob::Adopt => self.adopt(&*spool),
            SpoolJob::Store(batches) => self.tree.store(&*spool, batches),
            SpoolJob::Load => self.load(&*spool),
        }
    }

    fn adopt(&self, spool: &dyn Spool) {
        let pipe = &self.tree.shared.events;
        match spool.adopt() {
            Ok(events) => {
                if events > 0 {
                    tracing::info!(target: targets::EVENTS, events, "events of an earlier process were found on disk");
                }
                let ready_at = spool.ready_at(now());
                pipe.outbox().adopted(events, ready_at);
            }
            // Once for each series of failures.
            Err(error) if pipe.outbox().not_adopted() => {
                tracing::warn!(target: targets::EVENTS, %error, "the directory of the event spool cannot be searched for events of earlier processes");
            }
            Err(_) => {}
        }
    }

    fn load(&self, spool: &dyn Spool) {
        let loaded = spool.load(now());
        let reason = DropReason::SpoolUnreadable;
        self.tree.count_lost_from_spool(reason, loaded.lost);
        let ready_at = spool.ready_at(now());
        let mut outbox = self.tree.shared.events.outbox();
        outbox.loaded(loaded.batch, ready_at);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let batches = match self.job.take() {
            None => return,
            Some(SpoolJob::Store(batches)) => batches,
            Some(SpoolJob::Adopt | SpoolJob::Load) => Vec::new(),
        };
        let pipe = &self.tree.shared.events;
        pipe.outbox().spool_job_stopped(batches);
    }
}

impl Tree {
    fn store(&self, spool: &dyn Spool, mut batches: Vec<SealedBatch>) {
        let pipe = &self.shared.events;
        let stored = spool.store(&batches);
        let ready_at = spool.ready_at(now());
        let rest = batches.split_off(stored.kept.len().min(batches.len()));
        let events = batches.iter().map(|batch| batch.events).sum();
        match stored.outcome {
            Ok(()) => pipe.outbox().stored(events, ready_at),
            Err(error) => {
                let mut outbox = pipe.outbox();
                let is_news = outbox.not_stored(events, rest, now());
                outbox.set_spool_ready_at(ready_at);
                drop(outbox);
                // Once for each series of failures: the disk may be full for hours.
                if is_news {
                    tracing::error!(target: targets::EVENTS, %error, "events cannot be kept on disk; they wait in memory, as long as there is room");
                }
            }
        }
        // Last, as some of them may be among those that were just stored.
        self.count_lost_from_spool(DropReason::SpoolFull, stored.made_room);
    }

    fn count_lost_from_spool(&self, reason: DropReason, events: u64) {
        if events > 0 {
            let counters = &self.shared.events.counters;
            counters.add_dropped_from_spool(reason, events);
        }
    }

    /// Tells the outbox when the next batch on disk is due.
    fn note_spool(&self, spool: &dyn Spool) {
        let ready_at = spool.ready_at(now());
        self.shared.events.outbox().set_spool_ready_at(ready_at);
    }

    /// The batch is done with; if it was on disk, it leaves it. Blocks if it was.
    pub(super) fn forget_record(&self, batch: &SealedBatch) {
        if let (Some(record), Some(spool)) = (batch.record, &self.spool) {
            spool.settle(record);
            self.note_spool(&**spool);
        }
    }

    /// The batch stays on disk for another attempt.
    pub(super) fn put_off_record(&self, record: RecordId, events: u64, now: Instant) {
        let Some(spool) = &self.spool else {
            return;
        };
        if !spool.put_off(record, now) {
            self.count_lost_from_spool(DropReason::SpoolFull, events);
        }
        self.note_spool(&**spool);
    }

    /// Puts two halves on disk in place of a batch. False if that is not possible now; then the
    /// batch is still there.
    pub(super) fn replace_record(&self, batch: &SealedBatch, halves: &[SealedBatch]) -> bool {
        let (Some(record), Some(spool)) = (batch.record, &self.spool) else {
            return false;
        };
        let stored = spool.store(halves);
        self.count_lost_from_spool(DropReason::SpoolFull, stored.made_room);
        if stored.outcome.is_err() {
            stored.kept.into_iter().for_each(|half| spool.settle(half));
            return false;
        }
        spool.settle(record);
        self.note_spool(&**spool);
        true
    }

    /// Seals what is left in memory and puts it on disk, when no actor works any more. Blocks.
    pub(super) fn spool_rest(&self) {
        let Some(spool) = &self.spool else {
            return;
        };
        let shared = &self.shared;
        let pipe = &shared.events;
        let sampling = shared.published.load().settings.sampling;
        let now_ms = shared.clock.now_ms();
        // The one of the actor is gone with it; a new one leaves out less.
        let mut sampler = Sampler::default();
        while let Some(event) = pipe.queue.pop() {
            match sampler.batched(event, sampling, now_ms) {
                Some(event) => pipe.outbox().push(event),
                None => pipe.counters.add_sampled_out(1),
            }
        }
        pipe.outbox().close(now());
        let next = || pipe.outbox().start_sealing(now());
        while let Some(unsealed) = next() {
            let shared = Arc::clone(shared);
            SealingJob { shared, unsealed }.run();
        }
        spool.put_all_back();
        let rest = pipe.outbox().take_rest();
        if !rest.is_empty() {
            self.store(&**spool, rest);
        }
        spool.close();
    }
}
