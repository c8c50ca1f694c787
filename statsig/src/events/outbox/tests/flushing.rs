//! What a flush does, and what it costs.

use super::*;

fn failed_once(max_waiting: usize) -> Desk {
    let mut desk = Desk::with(limits(max_waiting), None);
    desk.push_batch();
    let batch = desk.post().unwrap();
    desk.fail(batch);
    assert_eq!(desk.post(), None);
    desk
}

#[test]
fn a_flush_tries_batches_whatever_the_pause_until_one_fails() {
    let mut desk = failed_once(100);
    desk.push(1);
    let mark = desk.outbox.flush(desk.now);
    desk.seal().unwrap();
    let batch = desk.post().unwrap();
    // The service failed last: it gets one at a time.
    assert_eq!(desk.post(), None);
    assert!(!desk.outbox.is_flushed(mark, desk.now));
    desk.outbox.delivered(&batch);
    let batch = desk.post().unwrap();
    desk.fail(batch);
    assert!(desk.outbox.is_flushed(mark, desk.now));
    assert_eq!(desk.post(), None);

    desk.push_batch();
    desk.outbox.flush(desk.now);
    let batch = desk.post().unwrap();
    desk.fail(batch);
    assert_eq!(desk.post(), None);
}

#[test]
fn a_flush_of_a_healthy_service_posts_several_batches_at_once() {
    let mut desk = Desk::new();
    desk.push(2 * B + 1);
    desk.outbox.flush(desk.now);
    while desk.seal().is_some() {}
    assert_eq!(std::iter::from_fn(|| desk.post()).count(), 3);
}

#[test]
fn attempts_of_flushes_cost_a_batch_nothing_and_leave_the_schedule_alone() {
    let mut desk = failed_once(P);
    let (until, interval) = (desk.outbox.held_until(), desk.outbox.interval);
    for _ in 0..1_000 {
        desk.outbox.flush(desk.now);
        let batch = desk.post().unwrap();
        assert_eq!(batch.attempts, 1);
        desk.fail(batch);
    }
    assert_eq!(
        (desk.outbox.held_until(), desk.outbox.interval),
        (until, interval)
    );
    assert_eq!(desk.counters.stats().pending, B as u64);
    // The number of scheduled attempts is unchanged.
    let mut tries = 1;
    while let Some(until) = desk.outbox.held_until() {
        desk.now = until;
        let batch = desk.post().unwrap();
        desk.fail(batch);
        tries += 1;
    }
    assert_eq!(tries, MAX_ATTEMPTS);
    assert_eq!(desk.counters.stats().dropped.delivery_failed, B as u64);
}

#[test]
fn a_batch_that_is_too_old_is_given_up_whatever_its_attempts() {
    let mut desk = failed_once(P);
    desk.pass(EventLimits::default().max_age - seconds(1));
    let batch = desk.post().unwrap();
    desk.fail(batch);
    assert_eq!(desk.counters.stats().dropped.total(), 0);
    desk.pass(seconds(1));
    desk.outbox.flush(desk.now);
    let batch = desk.post().unwrap();
    assert_eq!(batch.attempts, 2);
    desk.fail(batch);
    assert_eq!(desk.counters.stats().dropped.delivery_failed, B as u64);
}

#[test]
fn small_batches_of_flushes_do_not_push_each_other_out_of_an_outage() {
    let mut desk = failed_once(P);
    for _ in 0..2 * B {
        desk.push(1);
        let mark = desk.outbox.flush(desk.now);
        while desk.seal().is_some() {}
        let batch = desk.post().unwrap();
        desk.fail(batch);
        assert!(desk.outbox.is_flushed(mark, desk.now));
    }
    let stats = desk.counters.stats();
    assert_eq!((stats.pending, stats.dropped.total()), (3 * B as u64, 0));
    // Once the service is back, what was held back leaves without another flush.
    while desk.counters.stats().pending > 0 {
        desk.pass(seconds(1));
        while desk.seal().is_some() {}
        let batch = desk.post().unwrap();
        desk.outbox.delivered(&batch);
    }
}

#[test]
fn a_flush_does_not_wait_for_what_comes_after_it() {
    let mut desk = Desk::new();
    desk.push(1);
    let mark = desk.outbox.flush(desk.now);
    desk.seal().unwrap();
    let batch = desk.post().unwrap();
    desk.push_batch();
    desk.post().unwrap();
    desk.outbox.delivered(&batch);
    assert!(desk.outbox.is_flushed(mark, desk.now));
}
