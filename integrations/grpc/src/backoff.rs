//! The pauses before the client opens a broken stream again.

use std::time::Duration;

/// The first pause by default.
const FIRST: Duration = Duration::from_secs(3);
/// The longest pause, without jitter.
const LONGEST: Duration = Duration::from_secs(60);
/// Jitter makes a pause longer by up to this share, so that clients do not all return at once.
const MAX_JITTER: f64 = 0.25;

/// Pauses that double with each failure in a row, up to a minute, plus jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    first: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration) -> Self {
        Self { first }
    }

    /// The pause after this number of failures in a row (at least one). `random` is in `0.0..1.0`.
    pub(crate) fn pause(self, failures: u32, random: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let pause = self.first.saturating_mul(1 << doublings).min(LONGEST);
        pause + pause.mul_f64(random * MAX_JITTER)
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_jitter_adds_up_to_a_quarter() {
        let backoff = Backoff::default();
        let pauses = [1, 2, 3, 4, 5, 6, u32::MAX].map(|n| backoff.pause(n, 0.0).as_secs());
        assert_eq!(pauses, [3, 6, 12, 24, 48, 60, 60]);
        assert_eq!(backoff.pause(1, 1.0), Duration::from_millis(3_750));
        assert_eq!(Backoff::new(Duration::from_secs(90)).pause(1, 0.0), LONGEST);
    }
}
