//! The books balance, whatever is asked of the outbox in whatever order.

use proptest::prelude::*;

use super::disk::{FakeDisk, SPOOL_BYTES};
use super::*;

#[derive(Debug, Clone)]
enum Step {
    Push(usize),
    StartSealing,
    FinishSealing,
    LoseSealing,
    BreakSealing,
    Post,
    Deliver(usize),
    Fail(usize),
    Refuse(usize),
    Return(usize),
    Split(usize),
    Flush,
    Close,
    Pass(u64),
    StartSpoolJob,
    FinishSpoolJob,
    BreakDisk,
    StopSpoolJob,
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<usize>();
    prop_oneof![
        5 => (1..25_usize).prop_map(Step::Push),
        4 => Just(Step::StartSealing),
        4 => Just(Step::FinishSealing),
        1 => Just(Step::LoseSealing),
        1 => Just(Step::BreakSealing),
        5 => Just(Step::Post),
        2 => any.prop_map(Step::Deliver),
        3 => any.prop_map(Step::Fail),
        1 => any.prop_map(Step::Refuse),
        1 => any.prop_map(Step::Return),
        1 => any.prop_map(Step::Split),
        1 => Just(Step::Flush),
        4 => Just(Step::StartSpoolJob),
        4 => Just(Step::FinishSpoolJob),
        1 => Just(Step::BreakDisk),
        1 => Just(Step::StopSpoolJob),
        1 => Just(Step::Close),
        3 => (0..90_u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn every_event_is_somewhere_at_any_moment(
        steps in prop::collection::vec(step(), 1..200),
        has_spool in any::<bool>(),
    ) {
            let mut desk = Desk::with(limits(P), has_spool.then_some(SPOOL_BYTES));
        let mut disk = FakeDisk::default();
        let mut job: Option<SpoolJob> = None;
        let mut sealing: Option<Unsealed> = None;
        let mut in_flight: Vec<SealedBatch> = Vec::new();
        let take = |in_flight: &mut Vec<SealedBatch>, which: usize| {
            (!in_flight.is_empty()).then(|| in_flight.swap_remove(which % in_flight.len()))
        };
        for step in steps {
            let outbox = &mut desk.outbox;
            match step {
                Step::Push(events) => desk.push(events),
                Step::StartSealing => sealing = sealing.or_else(|| outbox.start_sealing(desk.now)),
                Step::FinishSealing => {
                    if let Some(unsealed) = sealing.take() {
                        let count = unsealed.events.len() as u64;
                        outbox.sealed(unsealed.first, count, Bytes::new(), desk.now);
                    }
                }
                Step::LoseSealing => {
                    if let Some(unsealed) = sealing.take() {
                        outbox.put_back(unsealed.events);
                    }
                }
                Step::BreakSealing => {
                    if let Some(unsealed) = sealing.take() {
                        outbox.unsealable(unsealed.events.len() as u64);
                    }
                }
                Step::Post => in_flight.extend(outbox.start_post(desk.now)),
                Step::Deliver(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        disk.settle(&batch);
                        outbox.delivered(&batch);
                        outbox.set_spool_ready_at(disk.ready_at(desk.now));
                    }
                }
                Step::StartSpoolJob => {
                    if job.is_none() {
                        job = outbox.start_spool_job(desk.now);
                    }
                }
                Step::FinishSpoolJob => {
                    if let Some(job) = job.take() {
                        disk.finish(job, outbox, desk.now);
                    }
                }
                Step::BreakDisk => match job.take() {
                    Some(SpoolJob::Store(mut batches)) => {
                        // It breaks when half of them are on it.
                        let rest = batches.split_off(batches.len() / 2);
                        let kept = batches.iter().map(|batch| batch.events).sum();
                        disk.keep(batches);
                        outbox.not_stored(kept, rest, desk.now);
                        outbox.set_spool_ready_at(disk.ready_at(desk.now));
                    }
                    Some(SpoolJob::Adopt) => {
                        outbox.not_adopted();
                    }
                    // A batch that cannot be read is passed over.
                    other => job = other,
                },
                Step::StopSpoolJob => match job.take() {
                    Some(SpoolJob::Store(batches)) => outbox.spool_job_stopped(batches),
                    Some(_) => outbox.spool_job_stopped(Vec::new()),
                    None => {}
                },
                Step::Fail(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        disk.put_back(&batch);
                        outbox.failed(batch, None, desk.now, 0.5);
                    }
                }
                Step::Refuse(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        disk.settle(&batch);
                        outbox.refused(&batch);
                    }
                }
                Step::Return(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        disk.put_back(&batch);
                        outbox.returned(batch);
                    }
                }
                Step::Split(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        let early = batch.events / 2;
                        if early == 0 || batch.record.is_some() {
                            disk.settle(&batch);
                            outbox.refused(&batch);
                        } else {
                            let half = |first, events| SealedBatch { first, events, ..batch.clone() };
                            let middle = batch.first + early;
                            let halves = [half(batch.first, early), half(middle, batch.events - early)];
                            outbox.split(&batch, halves);
                        }
                    }
                }
                Step::Flush => { outbox.flush(desk.now); }
                Step::Close => { outbox.close(desk.now); }
                Step::Pass(secs) => desk.pass(seconds(secs)),
            }
            let load = desk.outbox.load();
            let stats = desk.counters.stats();
            prop_assert_eq!(load.events(), stats.pending);
            prop_assert_eq!(disk.events(), stats.spooled);
            prop_assert_eq!(
                stats.enqueued,
                stats.delivered + stats.dropped.total() + stats.spooled + stats.pending
            );
            prop_assert!(load.waiting_batches <= P);
            prop_assert!(load.in_flight_batches <= limits(P).max_concurrent_posts);
            prop_assert_eq!(load.in_flight_batches, in_flight.len());
        }
        // Whatever happened, a working service empties the outbox.
        let mark = desk.outbox.flush(desk.now);
        if let Some(job) = job.take() {
            disk.finish(job, &mut desk.outbox, desk.now);
        }
        if let Some(unsealed) = sealing.take() {
            let count = unsealed.events.len() as u64;
            desk.outbox.sealed(unsealed.first, count, Bytes::new(), desk.now);
        }
        while desk.seal().is_some() {
            in_flight.extend(desk.post());
            for batch in in_flight.drain(..) {
                disk.settle(&batch);
                desk.outbox.delivered(&batch);
            }
        }
        desk.pass(seconds(100));
        loop {
            // What was held back while the service failed is sealed now.
            let sealed = desk.seal();
            in_flight.extend(desk.post());
            let job = desk.outbox.start_spool_job(desk.now);
            if sealed.is_none() && in_flight.is_empty() && job.is_none() {
                break;
            }
            if let Some(job) = job {
                disk.finish(job, &mut desk.outbox, desk.now);
            }
            for batch in in_flight.drain(..) {
                disk.settle(&batch);
                desk.outbox.delivered(&batch);
                desk.outbox.set_spool_ready_at(disk.ready_at(desk.now));
            }
        }
        prop_assert!(desk.outbox.is_flushed(mark, desk.now));
        prop_assert_eq!(desk.counters.stats().pending, 0);
    }
}
