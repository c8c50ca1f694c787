use proptest::prelude::*;

use super::*;
use crate::events::event::{OtherEvent, QueuedEvent};

const B: usize = 10;
const P: usize = 3;

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
    counters: EventCounters,
    now: Instant,
}

impl Desk {
    fn new() -> Self {
        Self {
            outbox: Outbox::new(B, P),
            counters: EventCounters::default(),
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
        let unsealed = self.outbox.start_sealing()?;
        let count = unsealed.events.len() as u64;
        self.outbox
            .sealed(unsealed.first, count, Bytes::new(), &self.counters);
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
        self.outbox.failed(batch, self.now, 0.0, &self.counters);
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
    let unsealed = desk.outbox.start_sealing().unwrap();
    assert!(desk.outbox.start_sealing().is_none());
    assert_eq!(desk.outbox.room(), B);
    desk.outbox.put_back(unsealed.events);
    assert_eq!(desk.outbox.room(), 0);
    assert_eq!(desk.outbox.start_sealing().unwrap().first, 0);
}

#[test]
fn a_healthy_service_gets_five_batches_at_once_oldest_first() {
    let mut desk = Desk::new();
    desk.outbox = Outbox::new(B, 100);
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
    let account = desk.counters.account();
    assert_eq!(account.dropped.delivery_failed, B as u64);
    assert_eq!(account.pending, 0);
    assert_eq!(desk.outbox.interval, MAX_INTERVAL);
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
    let mut desk = Desk::new();
    desk.outbox = Outbox::new(B, 100);
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
        desk.outbox.delivered(&batch, &desk.counters);
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
    assert_eq!(desk.counters.account().dropped.total(), 0);
    desk.push_batch();
    let account = desk.counters.account();
    assert_eq!(account.dropped.too_many_batches, B as u64);
    assert_eq!(account.pending, (P * B) as u64);
    assert_eq!(desk.post().unwrap().first, B as u64);
}

#[test]
fn a_flush_gives_every_batch_one_attempt_whatever_the_pause() {
    let mut desk = Desk::new();
    desk.push_batch();
    let batch = desk.post().unwrap();
    desk.fail(batch);
    assert_eq!(desk.post(), None);

    desk.push(1);
    let mark = desk.outbox.flush(desk.now);
    desk.seal().unwrap();
    let posted: Vec<SealedBatch> = std::iter::from_fn(|| desk.post()).collect();
    assert_eq!(posted.len(), 2);
    assert!(!desk.outbox.is_flushed(mark));
    for batch in posted {
        desk.fail(batch);
    }
    assert!(desk.outbox.is_flushed(mark));
    assert_eq!(desk.post(), None);
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
    desk.outbox.delivered(&batch, &desk.counters);
    assert!(desk.outbox.is_flushed(mark));
}

#[test]
fn closing_tries_again_after_short_pauses() {
    let mut desk = Desk::new();
    desk.push(1);
    let mark = desk.outbox.close(desk.now);
    desk.seal().unwrap();
    let mut tries = 0;
    while !desk.outbox.is_flushed(mark) {
        let batch = desk.post().unwrap();
        desk.fail(batch);
        tries += 1;
        desk.now = desk.outbox.held_until().unwrap_or(desk.now);
    }
    assert_eq!(tries, MAX_ATTEMPTS);
    assert_eq!(desk.counters.account().dropped.delivery_failed, 1);
}

#[test]
fn halves_take_the_place_of_a_batch_that_was_too_large() {
    let mut desk = Desk::new();
    desk.push_batch();
    let batch = desk.post().unwrap();
    let half = |events| Half {
        events,
        body: Bytes::new(),
    };
    desk.outbox
        .split(&batch, [half(5), half(5)], &desk.counters);
    let (early, late) = (desk.post().unwrap(), desk.post().unwrap());
    assert_eq!((early.first, early.events), (0, 5));
    assert_eq!((late.first, late.events), (5, 5));
    assert_eq!(desk.counters.account().pending, B as u64);
}

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
        1 => Just(Step::Close),
        3 => (0..90_u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn every_event_is_somewhere_at_any_moment(steps in prop::collection::vec(step(), 1..200)) {
        let mut desk = Desk::new();
        let mut sealing: Option<Unsealed> = None;
        let mut in_flight: Vec<SealedBatch> = Vec::new();
        let take = |in_flight: &mut Vec<SealedBatch>, which: usize| {
            (!in_flight.is_empty()).then(|| in_flight.swap_remove(which % in_flight.len()))
        };
        for step in steps {
            let (outbox, counters) = (&mut desk.outbox, &desk.counters);
            match step {
                Step::Push(events) => desk.push(events),
                Step::StartSealing => sealing = sealing.or_else(|| outbox.start_sealing()),
                Step::FinishSealing => {
                    if let Some(unsealed) = sealing.take() {
                        let count = unsealed.events.len() as u64;
                        outbox.sealed(unsealed.first, count, Bytes::new(), counters);
                    }
                }
                Step::LoseSealing => {
                    if let Some(unsealed) = sealing.take() {
                        outbox.put_back(unsealed.events);
                    }
                }
                Step::BreakSealing => {
                    if let Some(unsealed) = sealing.take() {
                        outbox.unsealable(unsealed.events.len() as u64, counters);
                    }
                }
                Step::Post => in_flight.extend(outbox.start_post(desk.now)),
                Step::Deliver(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        outbox.delivered(&batch, counters);
                    }
                }
                Step::Fail(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        outbox.failed(batch, desk.now, 0.5, counters);
                    }
                }
                Step::Refuse(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        outbox.refused(&batch, counters);
                    }
                }
                Step::Return(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        outbox.returned(batch, counters);
                    }
                }
                Step::Split(which) => {
                    if let Some(batch) = take(&mut in_flight, which) {
                        let early = batch.events / 2;
                        if early == 0 {
                            outbox.refused(&batch, counters);
                        } else {
                            let half = |events| Half { events, body: Bytes::new() };
                            let halves = [half(early), half(batch.events - early)];
                            outbox.split(&batch, halves, counters);
                        }
                    }
                }
                Step::Flush => { outbox.flush(desk.now); }
                Step::Close => { outbox.close(desk.now); }
                Step::Pass(secs) => desk.pass(seconds(secs)),
            }
            let load = desk.outbox.load();
            let account = desk.counters.account();
            prop_assert_eq!(load.events(), account.pending);
            prop_assert_eq!(
                account.enqueued,
                account.delivered + account.dropped.total() + account.pending
            );
            prop_assert!(load.waiting_batches <= P);
            prop_assert!(load.in_flight_batches <= MAX_CONCURRENT_POSTS);
            prop_assert_eq!(load.in_flight_batches, in_flight.len());
        }
        // Whatever happened, a working service empties the outbox.
        let mark = desk.outbox.flush(desk.now);
        if let Some(unsealed) = sealing.take() {
            let count = unsealed.events.len() as u64;
            desk.outbox.sealed(unsealed.first, count, Bytes::new(), &desk.counters);
        }
        while desk.seal().is_some() {
            in_flight.extend(desk.post());
            for batch in in_flight.drain(..) {
                desk.outbox.delivered(&batch, &desk.counters);
            }
        }
        desk.pass(seconds(100));
        loop {
            in_flight.extend(desk.post());
            if in_flight.is_empty() {
                break;
            }
            for batch in in_flight.drain(..) {
                desk.outbox.delivered(&batch, &desk.counters);
            }
        }
        prop_assert!(desk.outbox.is_flushed(mark));
        prop_assert_eq!(desk.counters.account().pending, 0);
    }
}
