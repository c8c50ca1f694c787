mod books;
mod bytes;
mod disk;
mod flushing;

use super::posting::POSTS_FOR_HALVES;
use super::*;
use crate::events::event::{OtherEvent, QueuedEvent};

const B: usize = 10;
const P: usize = 3;
const MAX_ATTEMPTS: u32 = 6;
const MAX_WAIT: Duration = Duration::from_secs(60);

fn limits(max_waiting: usize) -> EventLimits {
    EventLimits {
        batch_size: B,
        max_waiting,
        ..EventLimits::default()
    }
}

fn event() -> BatchedEvent {
    BatchedEvent {
        event: QueuedEvent::Other(Box::new(OtherEvent {
            name: "e".into(),
            user: None,
            value: None,
            metadata: None,
            time_ms: 0,
        })),
        sampling: None,
    }
}

/// An outbox with its counters and a clock that stands still unless moved.
struct Desk {
    outbox: Outbox,
    counters: Arc<EventCounters>,
    now: Instant,
}

impl Desk {
    fn new() -> Self {
        Self::with(limits(P), None)
    }

    fn with(limits: EventLimits, spool_bytes: Option<u64>) -> Self {
        let counters = Arc::new(EventCounters::default());
        Self {
            outbox: Outbox::new(limits, spool_bytes, Arc::clone(&counters)),
            counters,
            now: tokio::time::Instant::now().into_std(),
        }
    }

    fn push(&mut self, events: usize) {
        for _ in 0..events {
            self.counters.add_enqueued(1);
            self.outbox.push(event());
        }
    }

    fn seal(&mut self) -> Option<&'static str> {
        let unsealed = self.outbox.start_sealing(self.now)?;
        let count = unsealed.events.len() as u64;
        self.outbox
            .sealed(unsealed.first, count, Bytes::new(), self.now);
        Some(unsealed.flush_type)
    }

    fn push_batch(&mut self) {
        self.push(B);
        self.seal().unwrap();
    }

    fn post(&mut self) -> Option<SealedBatch> {
        self.outbox.start_post(self.now)
    }

    fn fail(&mut self, batch: SealedBatch) {
        self.outbox.failed(batch, None, self.now, 0.0);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }
}

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

#[test]
fn a_batch_is_sealed_when_full_and_not_before() {
    let mut desk = Desk::new();
    desk.push(B - 1);
    assert_eq!(desk.seal(), None);
    desk.push(1);
    assert_eq!(desk.seal(), Some("limit"));
    assert_eq!(desk.post().unwrap().events, B as u64);
}

#[test]
fn fewer_events_leave_after_the_longest_wait_or_on_request() {
    let mut desk = Desk::new();
    desk.push(1);
    assert!(!desk.outbox.is_flush_due(desk.now));
    desk.pass(MAX_WAIT - Duration::from_millis(1));
    assert!(!desk.outbox.is_flush_due(desk.now));
    desk.pass(Duration::from_millis(1));
    assert!(desk.outbox.is_flush_due(desk.now));
    desk.outbox.seal_all(desk.now);
    assert_eq!(desk.seal(), Some("scheduled:max_time"));
    assert!(!desk.outbox.is_flush_due(desk.now));

    desk.push(1);
    desk.outbox.flush(desk.now);
    assert_eq!(desk.seal(), Some("manual"));
    desk.push(1);
    desk.outbox.close(desk.now);
    assert_eq!(desk.seal(), Some("shutdown"));
}

#[test]
fn one_batch_is_sealed_at_a_time_and_comes_back_in_its_place() {
    let mut desk = Desk::new();
    desk.push(2 * B);
    let unsealed = desk.outbox.start_sealing(desk.now).unwrap();
    assert!(desk.outbox.start_sealing(desk.now).is_none());
    assert_eq!(desk.outbox.room().events, B as u64);
    desk.outbox.put_back(unsealed.events);
    assert_eq!(desk.outbox.room().events, 0);
    assert_eq!(desk.outbox.start_sealing(desk.now).unwrap().first, 0);
}

#[test]
fn a_healthy_service_gets_five_batches_at_once_oldest_first() {
    let mut desk = Desk::with(limits(100), None);
    for _ in 0..7 {
        desk.push_batch();
    }
    let posted: Vec<u64> = std::iter::from_fn(|| desk.post())
        .map(|batch| batch.first)
        .collect();
    assert_eq!(posted, [0, 10, 20, 30, 40]);
}

#[test]
fn the_pause_doubles_up_to_a_minute_and_the_sixth_failure_drops() {
    let mut desk = Desk::new();
    desk.push_batch();
    let mut pauses = Vec::new();
    for attempt in 0..MAX_ATTEMPTS {
        let batch = desk.post().unwrap();
        assert_eq!(batch.attempts, attempt);
        desk.fail(batch);
        if let Some(until) = desk.outbox.held_until() {
            pauses.push((until - desk.now).as_secs());
            desk.now = until - Duration::from_millis(1);
            assert_eq!(desk.post(), None);
            desk.now = until;
        }
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16]);
    let stats = desk.counters.stats();
    assert_eq!(stats.dropped.delivery_failed, B as u64);
    assert_eq!(stats.pending, 0);
    assert_eq!(desk.outbox.interval, seconds(60));
}

#[test]
fn the_pause_stays_at_a_minute_and_halves_with_each_success() {
    let mut desk = Desk::with(
        EventLimits {
            max_attempts: 100,
            ..limits(P)
        },
        None,
    );
    desk.push_batch();
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let batch = desk.post().unwrap();
        desk.fail(batch);
        let until = desk.outbox.held_until().unwrap();
        pauses.push((until - desk.now).as_secs());
        desk.now = until;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    let mut intervals = Vec::new();
    for _ in 0..7 {
        let batch = desk.post().unwrap();
        desk.outbox.delivered(&batch);
        intervals.push(desk.outbox.interval.as_millis());
        desk.push_batch();
    }
    assert_eq!(
        intervals,
        [30_000, 15_000, 7_500, 3_750, 1_875, 1_000, 1_000]
    );
    assert!(desk.outbox.is_healthy());
}

#[test]
fn a_full_batch_of_a_failing_service_says_that_it_waits_for_the_schedule() {
    let mut desk = Desk::new();
    desk.push(B);
    assert_eq!(desk.seal(), Some("limit"));
    let batch = desk.post().unwrap();
    desk.fail(batch);
    desk.push(B);
    assert_eq!(desk.seal(), Some("scheduled:full_batch"));
    // Well again only once the interval is the shortest.
    desk.pass(seconds(1));
    let batch = desk.post().unwrap();
    desk.outbox.delivered(&batch);
    desk.push(B);
    assert_eq!(desk.seal(), Some("limit"));
}

#[test]
fn batches_that_fail_together_lengthen_the_pause_once() {
    let mut desk = Desk::new();
    for _ in 0..P {
        desk.push_batch();
    }
    let posted: Vec<SealedBatch> = std::iter::from_fn(|| desk.post()).collect();
    assert_eq!(posted.len(), P);
    for batch in posted {
        desk.fail(batch);
    }
    assert_eq!(desk.outbox.interval, seconds(2));
}

#[test]
fn after_a_success_batches_go_one_at_a_time_until_the_interval_has_shrunk() {
    let mut desk = Desk::with(limits(100), None);
    for _ in 0..8 {
        desk.push_batch();
    }
    for _ in 0..2 {
        let batch = desk.post().unwrap();
        desk.fail(batch);
        desk.pass(seconds(60));
    }
    assert_eq!(desk.outbox.interval, seconds(4));
    for _ in 0..2 {
        let batch = desk.post().unwrap();
        assert_eq!(desk.post(), None);
        desk.outbox.delivered(&batch);
    }
    assert_eq!(std::iter::from_fn(|| desk.post()).count(), 5);
}

#[test]
fn a_batch_that_keeps_failing_does_not_hold_up_the_others() {
    let mut desk = Desk::new();
    desk.push_batch();
    let poison = desk.post().unwrap();
    desk.fail(poison.clone());
    desk.push_batch();
    desk.pass(seconds(1));
    assert_ne!(desk.post().unwrap().first, poison.first);
}

#[test]
fn beyond_the_limit_the_oldest_batch_is_dropped() {
    let mut desk = Desk::new();
    for _ in 0..P {
        desk.push_batch();
    }
    assert_eq!(desk.counters.stats().dropped.total(), 0);
    desk.push_batch();
    let stats = desk.counters.stats();
    assert_eq!(stats.dropped.too_many_batches, B as u64);
    assert_eq!(stats.pending, (P * B) as u64);
    assert_eq!(desk.post().unwrap().first, B as u64);
}

#[test]
fn closing_tries_again_after_short_pauses() {
    let mut desk = Desk::new();
    desk.push(1);
    let mark = desk.outbox.close(desk.now);
    desk.seal().unwrap();
    let mut tries = 0;
    while !desk.outbox.is_flushed(mark, desk.now) {
        let batch = desk.post().unwrap();
        desk.fail(batch);
        tries += 1;
        desk.now = desk.outbox.held_until().unwrap_or(desk.now);
    }
    assert_eq!(tries, MAX_ATTEMPTS);
    assert_eq!(desk.counters.stats().dropped.delivery_failed, 1);
}

#[test]
fn a_pause_that_the_service_asks_for_is_kept_up_to_five_minutes() {
    let mut desk = Desk::new();
    for (asked, kept) in [(30, 30), (3_600, 300)] {
        desk.push_batch();
        let batch = desk.post().unwrap();
        let asked = Some(seconds(asked));
        desk.outbox.failed(batch, asked, desk.now, 0.0);
        let until = desk.outbox.held_until().unwrap();
        assert_eq!(until - desk.now, seconds(kept));
        desk.now = until;
        let batch = desk.post().unwrap();
        desk.outbox.delivered(&batch);
    }
}

#[test]
fn cutting_batches_in_two_costs_a_bounded_number_of_posts() {
    let mut desk = Desk::new();
    let cuts = std::iter::from_fn(|| desk.outbox.may_split().then_some(())).count();
    assert_eq!(cuts as u32, MAX_SPARE_POSTS / POSTS_FOR_HALVES);
    desk.push_batch();
    let batch = desk.post().unwrap();
    desk.outbox.delivered(&batch);
    assert!(desk.outbox.may_split());
    assert!(!desk.outbox.may_split());
}

#[test]
fn halves_take_the_place_of_a_batch_that_was_too_large() {
    let mut desk = Desk::new();
    desk.push_batch();
    let batch = desk.post().unwrap();
    let half = |first, events| SealedBatch {
        first,
        events,
        ..batch.clone()
    };
    desk.outbox.split(&batch, [half(0, 5), half(5, 5)]);
    let (early, late) = (desk.post().unwrap(), desk.post().unwrap());
    assert_eq!((early.first, early.events), (0, 5));
    assert_eq!((late.first, late.events), (5, 5));
    assert_eq!(desk.counters.stats().pending, B as u64);
}
