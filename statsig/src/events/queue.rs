//! The bounded queue between callers and the exposure actor.

use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_queue::ArrayQueue;
use once_cell::race::OnceBox;

use super::event::QueuedEvent;

/// Holds what callers recorded until the exposure actor drains it. Pushing never waits.
///
/// Takes its memory with the first event: a client that records nothing costs nothing.
#[derive(Debug)]
pub(crate) struct EventQueue {
    events: OnceBox<ArrayQueue<QueuedEvent>>,
    capacity: usize,
    high_water: usize,
    /// Set by the push that reaches the high-water mark, cleared by the drain that answers it: one nudge at a time.
    nudged: AtomicBool,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// Queued, and the actor should be told: this push reached the high-water mark.
    QueuedAtHighWater,
    /// Queued, but the queue was full: its oldest event is gone.
    InPlaceOfOldest,
}

impl EventQueue {
    /// A queue of `capacity` events that asks for a drain once `high_water` of them wait.
    pub(crate) fn new(capacity: usize, high_water: usize) -> Self {
        Self {
            events: OnceBox::new(),
            capacity: capacity.max(1),
            high_water: high_water.max(1),
            nudged: AtomicBool::new(false),
        }
    }

    pub(crate) fn push(&self, event: QueuedEvent) -> Pushed {
        let events = (self.events).get_or_init(|| Box::new(ArrayQueue::new(self.capacity)));
        if let Some(oldest) = events.force_push(event) {
            drop(oldest);
            return Pushed::InPlaceOfOldest;
        }
        if events.len() >= self.high_water
            && !self.nudged.load(Ordering::Relaxed)
            && !self.nudged.swap(true, Ordering::AcqRel)
        {
            return Pushed::QueuedAtHighWater;
        }
        Pushed::Queued
    }

    /// Allows the next nudge. To be called before draining, so that none is missed.
    pub(crate) fn rearm(&self) {
        self.nudged.store(false, Ordering::Release);
    }

    pub(crate) fn pop(&self) -> Option<QueuedEvent> {
        self.events.get()?.pop()
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

    fn number_of(event: &QueuedEvent) -> Option<u64> {
        match event {
            QueuedEvent::Other(event) => Some(event.time_ms),
            QueuedEvent::Exposure(_) => None,
        }
    }

    #[test]
    fn takes_as_many_as_it_holds_and_gives_up_the_oldest_for_one_more() {
        let queue = EventQueue::new(3, 100);
        for number in 0..3 {
            assert_eq!(queue.push(event(number)), Pushed::Queued);
        }
        assert_eq!(queue.push(event(3)), Pushed::InPlaceOfOldest);
        assert_eq!(queue.pop().as_ref().and_then(number_of), Some(1));
        assert_eq!(queue.push(event(4)), Pushed::Queued);
    }

    #[test]
    fn asks_for_a_drain_once_until_it_is_answered() {
        let queue = EventQueue::new(10, 2);
        assert_eq!(queue.push(event(0)), Pushed::Queued);
        assert_eq!(queue.push(event(1)), Pushed::QueuedAtHighWater);
        assert_eq!(queue.push(event(2)), Pushed::Queued);
        queue.rearm();
        assert_eq!(queue.push(event(3)), Pushed::QueuedAtHighWater);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_in_order_but_for_the_oldest_beyond_the_limit(
            capacity in 1_usize..20,
            steps in proptest::collection::vec(any::<bool>(), 0..200),
        ) {
            let queue = EventQueue::new(capacity, 5);
            let mut expected = std::collections::VecDeque::new();
            for (number, is_push) in (0..).zip(steps) {
                if is_push {
                    let is_full = queue.push(event(number)) == Pushed::InPlaceOfOldest;
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
