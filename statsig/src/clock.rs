//! Wall-clock time, from one source that tests can replace.

use std::fmt::Debug;
use std::time::{Duration, UNIX_EPOCH};

/// Where the SDK reads wall-clock time.
///
/// Timers are tokio's; everything that ends up in an event, in evaluation details or in a `current_time` condition is read
/// from here. Replace it in tests with `statsig::testing::SimulatedClock`, which follows tokio's paused time.
///
/// ```
/// use statsig::{Clock, SystemClock};
///
/// assert!(SystemClock.now_ms() > 1_700_000_000_000);
/// ```
pub trait Clock: Debug + Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    fn now_ms(&self) -> u64 {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
    }
}
