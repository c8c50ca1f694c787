//! Events that wait to be sealed, in the order of recording, with their estimated bytes.

use std::collections::VecDeque;

use crate::events::limits::EventLimits;
use crate::events::sampling::BatchedEvent;

/// At most this many batches of unsealed events are taken from the queue; the rest stays there.
const MAX_UNSEALED_BATCHES: u64 = 2;

/// Room for more events and their bytes. The last event may exceed the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

#[derive(Debug, Default)]
pub(super) struct UnsealedEvents {
    events: VecDeque<BatchedEvent>,
    bytes: u64,
}

impl UnsealedEvents {
    pub(super) fn push(&mut self, event: BatchedEvent) {
        self.bytes += event.event.bytes();
        self.events.push_back(event);
    }

    pub(super) fn len(&self) -> u64 {
        self.events.len() as u64
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether there are enough events for a full batch.
    pub(super) fn fill_batch(&self, limits: &EventLimits) -> bool {
        self.events.len() >= limits.batch_size || self.bytes >= limits.batch_max_bytes
    }

    /// Takes the next batch: at least one event, if there are any.
    pub(super) fn take_batch(&mut self, limits: &EventLimits) -> Vec<BatchedEvent> {
        let mut bytes = 0;
        let mut events = self.events.iter().take(limits.batch_size);
        let fitting = std::iter::from_fn(|| {
            bytes += events.next()?.event.bytes();
            (bytes <= limits.batch_max_bytes).then_some(())
        });
        let count = fitting.count().max(1).min(self.events.len());
        let batch: Vec<_> = self.events.drain(..count).collect();
        self.bytes -= bytes_of(&batch);
        batch
    }

    /// Returns events to the front.
    pub(super) fn put_back(&mut self, events: Vec<BatchedEvent>) {
        self.bytes += bytes_of(&events);
        for event in events.into_iter().rev() {
            self.events.push_front(event);
        }
    }

    /// The room for events and bytes, with these many more than without a flush.
    pub(super) fn room(&self, limits: &EventLimits, events: u64, bytes: u64) -> Room {
        let batch_size = limits.batch_size as u64;
        Room {
            events: (batch_size * MAX_UNSEALED_BATCHES + events).saturating_sub(self.len()),
            bytes: (limits.batch_max_bytes * MAX_UNSEALED_BATCHES + bytes)
                .saturating_sub(self.bytes),
        }
    }
}

fn bytes_of(events: &[BatchedEvent]) -> u64 {
    events.iter().map(|event| event.event.bytes()).sum()
}
