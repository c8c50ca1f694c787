//! A wall clock that follows tokio's time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Clock;

/// Wall time that follows tokio's clock, which tests can pause and move.
///
/// It starts at a fixed moment, so that tests repeat exactly.
///
/// ```
/// use std::time::Duration;
/// use statsig::clock::Clock;
/// use statsig::testing::SimulatedClock;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let clock = SimulatedClock::new();
/// assert_eq!(clock.now_ms(), SimulatedClock::START_MS);
/// tokio::time::sleep(Duration::from_secs(3_600)).await;
/// assert_eq!(clock.now_ms(), SimulatedClock::START_MS + 3_600_000);
/// # });
/// ```
#[derive(Debug)]
pub struct SimulatedClock {
    start: Instant,
    start_ms: AtomicU64,
}

impl SimulatedClock {
    /// The default start: 2026-01-01, 00:00 UTC, in epoch milliseconds.
    pub const START_MS: u64 = 1_767_225_600_000;

    /// A clock that starts at [`START_MS`](Self::START_MS).
    ///
    /// ```
    /// use statsig::clock::Clock;
    /// use statsig::testing::SimulatedClock;
    ///
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// assert_eq!(SimulatedClock::new().now_ms(), SimulatedClock::START_MS);
    /// # });
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(Self::START_MS)
    }

    /// A clock that starts at this moment, in epoch milliseconds.
    ///
    /// ```
    /// use statsig::clock::Clock;
    /// use statsig::testing::SimulatedClock;
    ///
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let clock = SimulatedClock::starting_at(1_800_000_000_000);
    /// assert_eq!(clock.now_ms(), 1_800_000_000_000);
    /// # });
    /// ```
    #[must_use]
    pub fn starting_at(epoch_ms: u64) -> Self {
        Self {
            start: Instant::now(),
            start_ms: AtomicU64::new(epoch_ms),
        }
    }

    /// Moves wall-clock time alone, as if somebody set the clock of the machine. Timers do not
    /// change.
    ///
    /// ```
    /// use std::time::Duration;
    /// use statsig::clock::Clock;
    /// use statsig::testing::SimulatedClock;
    ///
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let clock = SimulatedClock::starting_at(0);
    /// clock.jump(Duration::from_secs(60));
    /// assert_eq!(clock.now_ms(), 60_000);
    /// # });
    /// ```
    pub fn jump(&self, forward: Duration) {
        let ms = u64::try_from(forward.as_millis()).unwrap_or(u64::MAX);
        self.start_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Default for SimulatedClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SimulatedClock {
    fn now_ms(&self) -> u64 {
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.start_ms
            .load(Ordering::Relaxed)
            .saturating_add(elapsed)
    }
}
