//! Wall-clock time from one source that tests can replace.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use crate::guard::guarded;

/// The source of wall-clock time.
///
/// Timers are tokio's. Times in events, in evaluation details and in `current_time` conditions come
/// from here. Replace it in tests with `statsig::testing::SimulatedClock`, which follows tokio's
/// paused time.
///
/// ```
/// use statsig::clock::{Clock, SystemClock};
///
/// assert!(SystemClock.now_ms() > 1_700_000_000_000);
/// ```
pub trait Clock: Debug + Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;
}

/// The time that is left until a deadline: zero if it has passed. Measured by tokio's clock, which
/// tests can pause and move.
///
/// ```
/// # use std::time::{Duration, Instant};
/// # use statsig::Statsig;
/// use statsig::clock::time_until;
///
/// # async fn run(statsig: Statsig, deadline: Instant) -> Result<(), statsig::StatsigError> {
/// let report = statsig.flush_within(time_until(deadline)).await?;
/// # Ok(()) }
/// ```
#[must_use]
pub fn time_until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(tokio::time::Instant::now().into_std())
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

/// A clock of the application. If it panics, the client uses its last time, or the system's time if
/// there is none.
pub(crate) struct GuardedClock {
    clock: Arc<dyn Clock>,
    /// 0 before the first successful call.
    last_ms: AtomicU64,
}

impl GuardedClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            last_ms: AtomicU64::new(0),
        }
    }
}

impl Debug for GuardedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.clock, f)
    }
}

impl Clock for GuardedClock {
    fn now_ms(&self) -> u64 {
        match guarded("the clock", || self.clock.now_ms()) {
            Some(now_ms) => {
                self.last_ms.store(now_ms, Ordering::Relaxed);
                now_ms
            }
            None => match self.last_ms.load(Ordering::Relaxed) {
                0 => SystemClock.now_ms(),
                last_ms => last_ms,
            },
        }
    }
}
