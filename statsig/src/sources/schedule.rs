//! How hard to try for specs, depending on why they are wanted. Pure.

use std::time::Duration;

use crate::transport::backoff::Backoff;

/// The limit of the first request, unless `init_timeout` says otherwise.
pub(crate) const INITIAL_REQUEST_LIMIT: Duration = Duration::from_secs(3);
/// The first of the pauses between the attempts of one background sync.
const FIRST_RETRY_PAUSE: Duration = Duration::from_millis(200);
/// The attempts of one background sync.
const BACKGROUND_ATTEMPTS: u32 = 4;
/// The longest of the pauses between the attempts of one background sync.
const LAST_RETRY_PAUSE: Duration = Duration::from_millis(800);
/// In the background, the fallback is asked after every so many failures.
const FALLBACK_PERIOD: u32 = 5;

/// The pauses between the attempts of one background sync.
pub(crate) const RETRY_BACKOFF: Backoff = Backoff::new(FIRST_RETRY_PAUSE, LAST_RETRY_PAUSE);

/// Why specs are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// The client starts.
    Initial,
    /// The interval passed, or the adapter has something new.
    Background,
    /// Somebody asked.
    Manual,
}

impl Trigger {
    /// Attempts in all. Only the background tries again: elsewhere somebody waits.
    pub(crate) fn attempts(self) -> u32 {
        match self {
            Self::Initial | Self::Manual => 1,
            Self::Background => BACKGROUND_ATTEMPTS,
        }
    }

    /// The limit of each attempt: that of initialisation for the first request, unless it is zero, and `others` for all others.
    pub(crate) fn limit(self, init_timeout: Option<Duration>, others: Duration) -> Duration {
        match (self, init_timeout) {
            (Self::Initial, None) => INITIAL_REQUEST_LIMIT,
            (Self::Initial, Some(limit)) if !limit.is_zero() => limit,
            (Self::Initial | Self::Background | Self::Manual, _) => others,
        }
    }

    /// Whether the fallback is asked, `failures` background syncs (this one included) having failed.
    pub(crate) fn asks_fallback(self, failures: u32) -> bool {
        match self {
            Self::Initial | Self::Manual => true,
            Self::Background => failures > 0 && failures.is_multiple_of(FALLBACK_PERIOD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_background_tries_again() {
        assert_eq!(Trigger::Initial.attempts(), 1);
        assert_eq!(Trigger::Manual.attempts(), 1);
        assert_eq!(Trigger::Background.attempts(), 4);
        let pauses: Vec<u128> = (1..4)
            .map(|n| RETRY_BACKOFF.pause(n, 0.0).as_millis())
            .collect();
        assert_eq!(pauses, [200, 400, 800]);
    }

    #[test]
    fn the_first_request_is_held_to_the_limit_of_initialisation() {
        let (limit, others) = (Duration::from_millis(700), Duration::from_secs(10));
        assert_eq!(Trigger::Initial.limit(Some(limit), others), limit);
        assert_eq!(Trigger::Initial.limit(None, others), Duration::from_secs(3));
        assert_eq!(Trigger::Initial.limit(Some(Duration::ZERO), others), others);
        assert_eq!(Trigger::Background.limit(Some(limit), others), others);
    }

    #[test]
    fn the_fallback_is_asked_at_once_where_somebody_waits_and_rarely_elsewhere() {
        assert!(Trigger::Initial.asks_fallback(1));
        assert!(Trigger::Manual.asks_fallback(3));
        let asked: Vec<u32> = (0..=11)
            .filter(|failures| Trigger::Background.asks_fallback(*failures))
            .collect();
        assert_eq!(asked, [5, 10]);
    }
}
