//! The bounded queue between callers and the exposure actor.

use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_queue::ArrayQueue;

use super::event::QueuedEvent;

/// Holds what callers recorded until the exposure actor drains it. Pushing never waits.
#[derive(Debug)]
pub(crate) struct EventQueue {
    events: ArrayQueue<QueuedEvent>,
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
    /// The queue was full; the event is gone.
    Full,
}

impl EventQueue {
    /// A queue of `capacity` events that asks for a drain once `high_water` of them wait.
    pub(crate) fn new(capacity: usize, high_water: usize) -> Self {
        Self {
            events: ArrayQueue::new(capacity.max(1)),
            high_water: high_water.max(1),
            nudged: AtomicBool::new(false),
        }
    }

    pub(crate) fn push(&self, event: QueuedEvent) -> Pushed {
        if self.events.push(event).is_err() {
            return Pushed::Full;
        }
        if self.events.len() >= self.high_water
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
        self.events.pop()
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }
}
