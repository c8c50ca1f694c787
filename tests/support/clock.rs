//! A clock that stands still.

use statsig::clock::Clock;

/// A wall clock that always shows the same time, in epoch milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub u64);

impl Clock for FixedClock {
    fn now_ms(&self) -> u64 {
        self.0
    }
}
