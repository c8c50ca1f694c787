//! The limits in bytes.

use super::*;

const KIB: usize = 1024;

fn large(bytes: usize) -> BatchedEvent {
    let QueuedEvent::Other(mut other) = event().event else {
        unreachable!("it is none of the others");
    };
    other.name = "x".repeat(bytes).into();
    BatchedEvent {
        event: QueuedEvent::Other(other),
        sampling: None,
    }
}

fn desk(set: impl FnOnce(&mut EventLimits)) -> Desk {
    let mut limits = limits(P);
    limits.batch_max_bytes = 64 * KIB as u64;
    set(&mut limits);
    Desk::with(limits, None)
}

impl Desk {
    fn push_large(&mut self, bytes: usize) {
        self.counters.add_enqueued(1);
        self.outbox.push(large(bytes));
    }

    fn seal_as(&mut self, bytes: usize) -> u64 {
        let unsealed = self.outbox.start_sealing(self.now).unwrap();
        let (first, count) = (unsealed.first, unsealed.events.len() as u64);
        let body = vec![0; bytes].into();
        self.outbox.sealed(first, count, body, self.now);
        count
    }
}

#[test]
fn a_batch_is_full_when_its_bytes_are() {
    let mut desk = desk(|_| ());
    desk.push_large(30 * KIB);
    desk.push_large(30 * KIB);
    assert!(desk.outbox.start_sealing(desk.now).is_none());
    desk.push_large(30 * KIB);
    assert_eq!(desk.seal_as(1), 2);
    assert!(desk.outbox.start_sealing(desk.now).is_none());
}

#[test]
fn a_single_event_fits_into_any_batch() {
    let mut desk = desk(|_| ());
    desk.push_large(200 * KIB);
    desk.push(1);
    assert_eq!(desk.seal_as(1), 1);
}

#[test]
fn what_waits_for_sealing_is_limited_in_bytes_and_a_flush_takes_one_queue_more() {
    let mut desk = desk(|limits| limits.queue_max_bytes = 100 * KIB as u64);
    let bytes = |room: Room| room.bytes / KIB as u64;
    assert_eq!(bytes(desk.outbox.room()), 128);
    desk.push_large(100 * KIB);
    assert_eq!(bytes(desk.outbox.room()), 27);
    assert_eq!(bytes(desk.outbox.room_for_flush()), 127);
    desk.push_large(100 * KIB);
    assert_eq!(bytes(desk.outbox.room()), 0);
    let unsealed = desk.outbox.start_sealing(desk.now).unwrap();
    assert_eq!(bytes(desk.outbox.room()), 27);
    desk.outbox.put_back(unsealed.events);
    assert_eq!(bytes(desk.outbox.room()), 0);
}

#[test]
fn waiting_batches_are_limited_in_bytes_and_the_oldest_goes() {
    let mut desk = desk(|limits| limits.pending_max_bytes = 100 * KIB as u64);
    for _ in 0..2 {
        desk.push(B);
        desk.seal_as(60 * KIB);
    }
    assert_eq!(desk.counters.stats().dropped.too_many_batches, B as u64);
    let batch = desk.post().unwrap();
    assert_eq!(batch.first, B as u64);
    // One that waits alone is kept whatever its size.
    desk.push(B);
    desk.seal_as(200 * KIB);
    assert_eq!(desk.counters.stats().dropped.too_many_batches, B as u64);
    desk.fail(batch);
    assert_eq!(desk.counters.stats().dropped.too_many_batches, 2 * B as u64);
    assert_eq!(desk.outbox.load().waiting_batches, 1);
}
