//! A clock that stands still.

use statsig::clock::Clock;

/// A wall clock that shows the same time for ever, in epoch milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub u64);

impl Clock for FixedClock {
    fn now_ms(&self) -> u64 {
        self.0
    }
}
