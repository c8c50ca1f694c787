//! With a spool: what goes to disk, and when it comes back.

use super::*;
use crate::events::batch::{RecordId, SegmentId};

/// What the spool may take.
pub(super) const SPOOL_BYTES: u64 = 1_000;

/// A spool without a disk.
#[derive(Debug, Default)]
pub(super) struct FakeDisk {
    stored: BTreeMap<RecordId, (SealedBatch, bool)>,
    next: u64,
}

impl FakeDisk {
    pub(super) fn events(&self) -> u64 {
        self.stored.values().map(|(batch, _)| batch.events).sum()
    }

    pub(super) fn ready_at(&self, now: Instant) -> Option<Instant> {
        let mut waiting = self.stored.values();
        waiting.any(|(_, is_out)| !is_out).then_some(now)
    }

    pub(super) fn settle(&mut self, batch: &SealedBatch) {
        if let Some(record) = batch.record {
            self.stored.remove(&record);
        }
    }

    pub(super) fn put_back(&mut self, batch: &SealedBatch) {
        if let Some(record) = batch.record {
            self.stored.get_mut(&record).unwrap().1 = false;
        }
    }

    pub(super) fn keep(&mut self, batches: Vec<SealedBatch>) {
        for batch in batches {
            let record = RecordId {
                segment: SegmentId::default(),
                offset: self.next,
            };
            self.next += 1;
            let kept = SealedBatch {
                record: Some(record),
                ..batch
            };
            self.stored.insert(record, (kept, false));
        }
    }

    pub(super) fn finish(&mut self, job: SpoolJob, outbox: &mut Outbox, now: Instant) {
        match job {
            SpoolJob::Adopt => outbox.adopted(0, self.ready_at(now)),
            SpoolJob::Store(batches) => {
                let events = batches.iter().map(|batch| batch.events).sum();
                self.keep(batches);
                outbox.stored(events, self.ready_at(now));
            }
            SpoolJob::Load => {
                let mut waiting = self.stored.values_mut();
                let oldest = waiting.find(|(_, is_out)| !is_out);
                let batch = oldest.map(|(batch, is_out)| {
                    *is_out = true;
                    batch.clone()
                });
                outbox.loaded(batch, self.ready_at(now));
            }
        }
    }
}

/// A desk with a spool, of which the first look at the disk has found nothing.
fn desk_with_spool() -> (Desk, FakeDisk) {
    let mut desk = Desk::with(limits(P), Some(SPOOL_BYTES));
    let mut disk = FakeDisk::default();
    let job = desk.outbox.start_spool_job(desk.now).unwrap();
    assert!(matches!(job, SpoolJob::Adopt));
    disk.finish(job, &mut desk.outbox, desk.now);
    assert!(desk.outbox.start_spool_job(desk.now).is_none());
    (desk, disk)
}

#[test]
fn what_failed_once_waits_on_disk_and_comes_back_from_there() {
    let (mut desk, mut disk) = desk_with_spool();
    desk.push_batch();
    let mark = desk.outbox.flush(desk.now);
    let batch = desk.post().unwrap();
    desk.fail(batch);
    assert!(!desk.outbox.is_flushed(mark, desk.now));
    let job = desk.outbox.start_spool_job(desk.now).unwrap();
    assert!(matches!(&job, SpoolJob::Store(batches) if batches.len() == 1));
    assert!(!desk.outbox.is_flushed(mark, desk.now));
    disk.finish(job, &mut desk.outbox, desk.now);
    assert!(desk.outbox.is_flushed(mark, desk.now));
    assert_eq!(desk.counters.stats().spooled, B as u64);

    assert!(desk.outbox.start_spool_job(desk.now).is_none());
    desk.now = desk.outbox.held_until().unwrap();
    let job = desk.outbox.start_spool_job(desk.now).unwrap();
    assert!(matches!(job, SpoolJob::Load));
    disk.finish(job, &mut desk.outbox, desk.now);
    let batch = desk.post().unwrap();
    assert_eq!((batch.attempts, batch.record.is_some()), (1, true));
    disk.settle(&batch);
    desk.outbox.delivered(&batch);
    let stats = desk.counters.stats();
    assert_eq!((stats.delivered, stats.spooled), (B as u64, 0));
}

#[test]
fn a_service_that_is_too_slow_sends_batches_to_disk_before_any_is_dropped() {
    let (mut desk, _) = desk_with_spool();
    for _ in 0..P {
        desk.push_batch();
    }
    let job = desk.outbox.start_spool_job(desk.now);
    assert!(matches!(job, Some(SpoolJob::Store(batches)) if batches.len() == P));
}

#[test]
fn a_disk_that_fails_is_left_alone_for_a_minute_and_is_news_once() {
    let (mut desk, _) = desk_with_spool();
    for is_news in [true, false] {
        desk.push_batch();
        let batch = desk.post().unwrap();
        desk.fail(batch);
        let Some(SpoolJob::Store(batches)) = desk.outbox.start_spool_job(desk.now) else {
            panic!("expected a batch to store");
        };
        let reported = desk.outbox.not_stored(0, batches, desk.now);
        assert_eq!(reported, is_news);
        assert!(desk.outbox.start_spool_job(desk.now).is_none());
        assert_eq!(
            desk.outbox.load().waiting_batches,
            if is_news { 1 } else { 2 }
        );
        desk.pass(seconds(60));
    }
    assert_eq!(desk.counters.stats().spooled, 0);
}

/// Fails what is posted, and then the disk that is to take it.
fn fail_with_disk(desk: &mut Desk, kept: usize) {
    let batch = desk.post().unwrap();
    desk.fail(batch);
    let Some(SpoolJob::Store(mut batches)) = desk.outbox.start_spool_job(desk.now) else {
        panic!("expected batches to store");
    };
    let rest = batches.split_off(kept);
    let kept = batches.iter().map(|batch| batch.events).sum();
    desk.outbox.not_stored(kept, rest, desk.now);
}

#[test]
fn a_disk_that_fails_during_a_flush_leaves_the_others_to_the_schedule() {
    let (mut desk, _) = desk_with_spool();
    desk.push_batch();
    desk.push_batch();
    let mark = desk.outbox.flush(desk.now);
    fail_with_disk(&mut desk, 0);
    assert!(desk.outbox.is_flushed(mark, desk.now));
    assert!(desk.post().is_none());
    desk.now = desk.outbox.held_until().unwrap();
    let second = desk.post().unwrap();
    assert_eq!((second.first, second.attempts), (B as u64, 0));
}

#[test]
fn a_disk_that_fails_at_the_end_leaves_the_attempts_that_time_allows() {
    let (mut desk, _) = desk_with_spool();
    desk.push_batch();
    let mark = desk.outbox.close(desk.now);
    fail_with_disk(&mut desk, 0);
    assert!(!desk.outbox.is_flushed(mark, desk.now));
    desk.now = desk.outbox.held_until().unwrap();
    let batch = desk.post().unwrap();
    assert_eq!(batch.attempts, 1);
    desk.outbox.delivered(&batch);
    assert!(desk.outbox.is_flushed(mark, desk.now));
}

#[test]
fn what_a_disk_took_before_it_was_full_is_on_disk() {
    let (mut desk, _) = desk_with_spool();
    desk.push_batch();
    desk.push_batch();
    fail_with_disk(&mut desk, 1);
    let stats = desk.counters.stats();
    assert_eq!((stats.spooled, stats.pending), (B as u64, B as u64));
    assert_eq!(desk.outbox.load().waiting_batches, 1);
}

#[test]
fn a_spool_that_cannot_be_searched_is_written_to_all_the_same_and_is_news_once() {
    let mut desk = Desk::with(limits(P), Some(SPOOL_BYTES));
    let mut disk = FakeDisk::default();
    for is_news in [true, false] {
        let job = desk.outbox.start_spool_job(desk.now);
        assert!(matches!(job, Some(SpoolJob::Adopt)));
        assert_eq!(desk.outbox.not_adopted(), is_news);
        desk.push_batch();
        let batch = desk.post().unwrap();
        desk.fail(batch);
        let job = desk.outbox.start_spool_job(desk.now).unwrap();
        assert!(matches!(job, SpoolJob::Store(_)));
        disk.finish(job, &mut desk.outbox, desk.now);
        desk.pass(seconds(60));
    }
    assert_eq!(desk.counters.stats().spooled, 2 * B as u64);
}

#[test]
fn a_batch_that_is_too_large_for_the_spool_waits_in_memory() {
    let (mut desk, _) = desk_with_spool();
    for bytes in [SPOOL_BYTES / 2, SPOOL_BYTES / 2 + 1] {
        desk.push(B);
        let unsealed = desk.outbox.start_sealing(desk.now).unwrap();
        let body = Bytes::from(vec![0; bytes as usize]);
        desk.outbox.sealed(unsealed.first, B as u64, body, desk.now);
    }
    let mark = desk.outbox.flush(desk.now);
    let posted = [desk.post().unwrap(), desk.post().unwrap()];
    posted.into_iter().for_each(|batch| desk.fail(batch));
    let Some(SpoolJob::Store(batches)) = desk.outbox.start_spool_job(desk.now) else {
        panic!("expected a batch to store");
    };
    assert_eq!(batches.len(), 1);
    desk.outbox.stored(B as u64, None);
    assert!(desk.outbox.is_flushed(mark, desk.now));
    assert!(desk.outbox.start_spool_job(desk.now).is_none());
    assert!(desk.outbox.take_rest().is_empty());
    assert_eq!(desk.outbox.load().waiting_batches, 1);
}
