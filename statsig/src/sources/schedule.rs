//! How hard to try for specs, depending on why they are wanted. Pure.

use std::time::Duration;

use tokio::time::Instant;

use super::FetchError;
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

/// The longest pause between two rounds of a source that refuses them. It doubles from the interval.
pub(crate) const LONGEST_REFUSED_PAUSE: Duration = Duration::from_secs(300);

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

    /// Whether sources that are slow are asked at the same time as those after them: where somebody waits, one that hangs must not
    /// spend the time of all.
    pub(crate) fn shares_time(self) -> bool {
        match self {
            Self::Initial | Self::Manual => true,
            Self::Background => false,
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

/// What a source that refuses requests (401, 403, 429) or asks for a pause (`Retry-After`) gets: fewer of them.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    in_row: u32,
    /// Until when it is left alone.
    quiet_until: Option<Instant>,
}

impl Refusals {
    /// A scheduled request failed with an error that asks for a pause: the interval, or what the source asks for if that is longer.
    /// After refusals in a row it doubles, with jitter by a `random` in `0.0..1.0`; a source that only says when it is back gets
    /// its next request then.
    pub(crate) fn refused(
        &mut self,
        error: &FetchError,
        interval: Duration,
        now: Instant,
        random: f64,
    ) {
        self.in_row = if error.is_refusal() {
            self.in_row.saturating_add(1)
        } else {
            0
        };
        let pause = if self.in_row <= 1 {
            interval
        } else {
            let backoff = Backoff::new(interval, LONGEST_REFUSED_PAUSE.max(interval));
            backoff.pause(self.in_row, random)
        };
        self.keep_quiet(Some(pause), now);
        self.keep_quiet(error.retry_after(), now);
    }

    /// The source asks for a pause. Somebody who asks often does not make it longer than that.
    pub(crate) fn keep_quiet(&mut self, pause: Option<Duration>, now: Instant) {
        let until = pause.and_then(|pause| now.checked_add(pause));
        self.quiet_until = self.quiet_until.max(until);
    }

    /// A request was answered, or failed otherwise.
    pub(crate) fn passed(&mut self) {
        *self = Self::default();
    }

    /// Whether the source is to be left alone.
    pub(crate) fn is_quiet(&self, now: Instant) -> bool {
        self.quiet_until.is_some_and(|until| until > now)
    }

    /// The pause before the next request: the interval, or a longer one.
    pub(crate) fn pause(&self, interval: Duration, now: Instant) -> Duration {
        let quiet = self.quiet_until.map_or(Duration::ZERO, |until| until - now);
        quiet.max(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, retry_after: Option<u64>) -> FetchError {
        FetchError::Status {
            status,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_refuses_is_asked_less_and_less_and_never_before_it_wants() {
        let (interval, now) = (Duration::from_secs(10), Instant::now());
        let mut refusals = Refusals::default();
        assert_eq!(refusals.pause(interval, now), interval);
        let pauses: Vec<u64> = (0..7)
            .map(|_| {
                refusals.refused(&failure(429, None), interval, now, 0.0);
                refusals.pause(interval, now).as_secs()
            })
            .collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300]);
        refusals.passed();
        assert!(!refusals.is_quiet(now));
        refusals.refused(&failure(429, Some(300)), interval, now, 0.0);
        assert!(refusals.is_quiet(now));
        let later = now + Duration::from_secs(100);
        assert_eq!(refusals.pause(interval, later).as_secs(), 200);
        // Asked by hand, a hundred times.
        for _ in 0..100 {
            refusals.keep_quiet(None, later);
            refusals.keep_quiet(Some(Duration::from_secs(50)), later);
        }
        assert_eq!(refusals.pause(interval, later).as_secs(), 200);
        let much_later = now + Duration::from_secs(300);
        assert!(!refusals.is_quiet(much_later));
        assert_eq!(refusals.pause(interval, much_later), interval);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_says_when_it_is_back_is_asked_then_however_often_it_says_so() {
        let (interval, now) = (Duration::from_secs(10), Instant::now());
        for (retry_after, expected) in [(1, 10), (30, 30)] {
            let mut refusals = Refusals::default();
            for _ in 0..10 {
                refusals.refused(&failure(503, Some(retry_after)), interval, now, 0.9);
                assert_eq!(refusals.pause(interval, now).as_secs(), expected);
            }
            // Refusals after that are the first ones.
            refusals.refused(&failure(429, None), interval, now, 0.9);
            assert_eq!(refusals.pause(interval, now).as_secs(), expected);
        }
    }

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
    fn only_the_background_has_time_to_ask_one_source_after_the_other() {
        assert!(Trigger::Initial.shares_time() && Trigger::Manual.shares_time());
        assert!(!Trigger::Background.shares_time());
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
