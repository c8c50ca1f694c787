//! The bounded queue between callers and the exposure actor.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;
use once_cell::race::OnceBox;

use super::event::QueuedEvent;
use super::limits::EventLimits;

/// Holds what callers recorded until the exposure actor drains it. Pushing never waits.
///
/// Allocates its memory at the first event.
#[derive(Debug)]
pub(crate) struct EventQueue {
    events: OnceBox<ArrayQueue<QueuedEvent>>,
    capacity: usize,
    /// Their estimated bytes. Added before a push and subtracted after a pop, so never too few.
    bytes: AtomicU64,
    max_bytes: u64,
    high_water: usize,
    high_water_bytes: u64,
    /// Set by the push that reaches the high-water mark, cleared by the drain: one wake-up at a
    /// time.
    nudged: AtomicBool,
}

/// The result of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// Queued. This push reached the high-water mark, so the actor must be woken.
    QueuedAtHighWater,
    /// Queued, but the queue was full and lost this many of its oldest events.
    InPlaceOf(u64),
}

impl EventQueue {
    /// An empty queue.
    pub(crate) fn new(limits: &EventLimits) -> Self {
        Self {
            events: OnceBox::new(),
            capacity: limits.queue_capacity.max(1),
            bytes: AtomicU64::new(0),
            max_bytes: limits.queue_max_bytes,
            high_water: limits.high_water(),
            high_water_bytes: limits.high_water_bytes(),
            nudged: AtomicBool::new(false),
        }
    }

    /// Queues an event with this estimate of its bytes.
    pub(crate) fn push(&self, event: QueuedEvent, bytes: u64) -> Pushed {
        let events = (self.events).get_or_init(|| Box::new(ArrayQueue::new(self.capacity)));
        let total = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let mut gone = 0;
        if let Some(oldest) = events.force_push(event) {
            self.forget(&oldest);
            gone += 1;
        }
        if total > self.max_bytes {
            gone += self.make_room();
        }
        if gone > 0 {
            return Pushed::InPlaceOf(gone);
        }
        let is_high = events.len() >= self.high_water || total >= self.high_water_bytes;
        if is_high
            && !self.nudged.load(Ordering::Relaxed)
            && !self.nudged.swap(true, Ordering::AcqRel)
        {
            return Pushed::QueuedAtHighWater;
        }
        Pushed::Queued
    }

    /// Drops the oldest events until the bytes are within the limit. Returns how many it dropped.
    #[cold]
    fn make_room(&self) -> u64 {
        let mut gone = 0;
        while self.bytes.load(Ordering::Relaxed) > self.max_bytes && self.pop().is_some() {
            gone += 1;
        }
        gone
    }

    fn forget(&self, event: &QueuedEvent) {
        self.bytes.fetch_sub(event.bytes(), Ordering::Relaxed);
    }

    /// Allows the next wake-up. Call it before draining, so that none is missed.
    pub(crate) fn rearm(&self) {
        self.nudged.store(false, Ordering::Release);
    }

    pub(crate) fn pop(&self) -> Option<QueuedEvent> {
        let event = self.events.get()?.pop()?;
        self.forget(&event);
        Some(event)
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn len(&self) -> usize {
        self.events.get().map_or(0, ArrayQueue::len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::events::event::OtherEvent;

    fn event(number: u64) -> QueuedEvent {
        QueuedEvent::Other(Box::new(OtherEvent {
            name: "event".into(),
            user: None,
            value: None,
            metadata: None,
            time_ms: number,
        }))
    }

    fn queue(capacity: usize, batch_size: usize) -> EventQueue {
        EventQueue::new(&EventLimits {
            queue_capacity: capacity,
            batch_size,
            ..EventLimits::default()
        })
    }

    fn push(queue: &EventQueue, number: u64) -> Pushed {
        let event = event(number);
        let bytes = event.bytes();
        queue.push(event, bytes)
    }

    fn number_of(event: &QueuedEvent) -> Option<u64> {
        match event {
            QueuedEvent::Other(event) => Some(event.time_ms),
            QueuedEvent::Exposure(_) => None,
        }
    }

    #[test]
    fn takes_as_many_as_it_holds_and_gives_up_the_oldest_for_one_more() {
        let queue = queue(3, 100);
        for number in 0..3 {
            push(&queue, number);
        }
        assert_eq!(push(&queue, 3), Pushed::InPlaceOf(1));
        assert_eq!(queue.pop().as_ref().and_then(number_of), Some(1));
        assert_ne!(push(&queue, 4), Pushed::InPlaceOf(1));
    }

    #[test]
    fn asks_for_a_drain_once_until_it_is_answered() {
        let queue = queue(10, 2);
        assert_eq!(push(&queue, 0), Pushed::Queued);
        assert_eq!(push(&queue, 1), Pushed::QueuedAtHighWater);
        assert_eq!(push(&queue, 2), Pushed::Queued);
        queue.rearm();
        assert_eq!(push(&queue, 3), Pushed::QueuedAtHighWater);
    }

    fn large(bytes: usize) -> QueuedEvent {
        QueuedEvent::Other(Box::new(OtherEvent {
            name: "x".repeat(bytes).into(),
            user: None,
            value: None,
            metadata: None,
            time_ms: 0,
        }))
    }

    #[test]
    fn bytes_are_limited_like_events() {
        const MIB: u64 = 1024 * 1024;
        let queue = queue(1_000, 100);
        let push = |event: QueuedEvent| {
            let bytes = event.bytes();
            queue.push(event, bytes)
        };
        let halves = 2 * (EventLimits::default().queue_max_bytes / MIB) - 1;
        for number in 0..halves {
            let pushed = push(large(500_000));
            assert!(!matches!(pushed, Pushed::InPlaceOf(_)), "{number}");
        }
        // A drain is asked for before they are too many.
        assert!(queue.nudged.load(Ordering::Relaxed));
        let mut gone = 0;
        for _ in 0..halves {
            if let Pushed::InPlaceOf(events) = push(large(500_000)) {
                gone += events;
            }
        }
        assert_eq!(queue.len() as u64 + gone, 2 * halves);
        assert!(queue.bytes.load(Ordering::Relaxed) <= queue.max_bytes);
        // One that is larger than all of it pushes out the others, and itself.
        assert!(matches!(push(large(40_000_000)), Pushed::InPlaceOf(_)));
        assert_eq!((queue.len(), queue.bytes.load(Ordering::Relaxed)), (0, 0));
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_in_order_but_for_the_oldest_beyond_the_limit(
            capacity in 1_usize..20,
            steps in proptest::collection::vec(any::<bool>(), 0..200),
        ) {
            let queue = queue(capacity, 5);
            let mut expected = std::collections::VecDeque::new();
            for (number, is_push) in (0..).zip(steps) {
                if is_push {
                    let is_full = push(&queue, number) == Pushed::InPlaceOf(1);
                    prop_assert_eq!(is_full, expected.len() == capacity);
                    if is_full {
                        expected.pop_front();
                    }
                    expected.push_back(number);
                } else {
                    let popped = queue.pop().as_ref().and_then(number_of);
                    prop_assert_eq!(popped, expected.pop_front());
                }
                prop_assert_eq!(queue.len(), expected.len());
            }
        }
    }
}
