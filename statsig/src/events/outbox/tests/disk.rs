//! With a spool: what goes to disk, and when it comes back.

use super::*;
use crate::events::batch::RecordId;

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

    pub(super) fn finish(
        &mut self,
        job: SpoolJob,
        outbox: &mut Outbox,
        now: Instant,
        counters: &EventCounters,
    ) {
        match job {
            SpoolJob::Adopt => outbox.adopted(0, self.ready_at(now), counters),
            SpoolJob::Store(batches) => {
                let events = batches.iter().map(|batch| batch.events).sum();
                for batch in batches {
                    let record = RecordId {
                        segment: 0,
                        offset: self.next,
                    };
                    self.next += 1;
                    let kept = SealedBatch {
                        record: Some(record),
                        ..batch
                    };
                    self.stored.insert(record, (kept, false));
                }
                outbox.stored(events, self.ready_at(now), counters);
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
    let mut desk = Desk::new();
    desk.outbox = Outbox::new(limits(P), true);
    let mut disk = FakeDisk::default();
    let job = desk.outbox.start_spool_job(desk.now).unwrap();
    assert!(matches!(job, SpoolJob::Adopt));
    disk.finish(job, &mut desk.outbox, desk.now, &desk.counters);
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
    disk.finish(job, &mut desk.outbox, desk.now, &desk.counters);
    assert!(desk.outbox.is_flushed(mark, desk.now));
    assert_eq!(desk.counters.stats().spooled, B as u64);

    assert!(desk.outbox.start_spool_job(desk.now).is_none());
    desk.now = desk.outbox.held_until().unwrap();
    let job = desk.outbox.start_spool_job(desk.now).unwrap();
    assert!(matches!(job, SpoolJob::Load));
    disk.finish(job, &mut desk.outbox, desk.now, &desk.counters);
    let batch = desk.post().unwrap();
    assert_eq!((batch.attempts, batch.record.is_some()), (1, true));
    disk.settle(&batch);
    desk.outbox.delivered(&batch, &desk.counters);
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
        let told = desk.outbox.not_stored(batches, desk.now, &desk.counters);
        assert_eq!(told, is_news);
        assert!(desk.outbox.start_spool_job(desk.now).is_none());
        assert_eq!(
            desk.outbox.load().waiting_batches,
            if is_news { 1 } else { 2 }
        );
        desk.pass(seconds(60));
    }
    assert_eq!(desk.counters.stats().spooled, 0);
}
