//! Pauses between attempts. Pure: the caller provides the random numbers.

use std::time::Duration;

/// The largest share of a pause that is added at random, so that many processes do not retry at the
/// same time.
pub(crate) const MAX_JITTER: f64 = 0.25;

/// Pauses that double with each failure, up to a limit, plus jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// The pause is `first` after one failure, and at most `longest`, without the jitter.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The pause after this many failures in a row (at least one), for a `random` in `0.0..1.0`.
    #[must_use]
    pub fn pause(&self, failures: u32, random: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let pause = self.first.saturating_mul(1 << doublings);
        jittered(pause.min(self.longest), random)
    }
}

/// The pause, longer by up to [`MAX_JITTER`] of itself, for a `random` in `0.0..1.0`.
pub(crate) fn jittered(pause: Duration, random: f64) -> Duration {
    let share = if random.is_finite() {
        random.clamp(0.0, 1.0)
    } else {
        0.0
    };
    pause + pause.mul_f64(share * MAX_JITTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(60));

    #[test]
    fn doubles_from_the_first_pause_to_the_longest() {
        let pauses: Vec<u128> = (1..=10)
            .map(|failures| BACKOFF.pause(failures, 0.0).as_millis())
            .collect();
        assert_eq!(
            pauses,
            [
                200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000
            ]
        );
        assert_eq!(BACKOFF.pause(u32::MAX, 0.0), Duration::from_secs(60));
    }

    #[test]
    fn no_failure_counts_as_one() {
        assert_eq!(BACKOFF.pause(0, 0.0), Duration::from_millis(200));
    }

    #[test]
    fn jitter_lengthens_by_at_most_a_quarter() {
        assert_eq!(BACKOFF.pause(1, 0.5), Duration::from_millis(225));
        assert_eq!(BACKOFF.pause(1, 1.0), Duration::from_millis(250));
        for odd in [-1.0, 7.0, f64::NAN, f64::INFINITY] {
            let pause = BACKOFF.pause(1, odd).as_millis();
            assert!((200..=250).contains(&pause), "{odd}: {pause}");
        }
    }
}
