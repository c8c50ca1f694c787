//! The attempts and limits of a fetch, by its purpose. Pure.

use std::time::Duration;

use tokio::time::Instant;

use super::FetchError;
use crate::transport::backoff::Backoff;

/// The limit of the first request, unless `init_timeout` is set.
pub(crate) const INITIAL_REQUEST_LIMIT: Duration = Duration::from_secs(3);
/// The first of the pauses between the attempts of one background sync.
const FIRST_RETRY_PAUSE: Duration = Duration::from_millis(200);
/// The attempts of one background sync.
const BACKGROUND_ATTEMPTS: u32 = 4;
/// The longest of the pauses between the attempts of one background sync.
const LAST_RETRY_PAUSE: Duration = Duration::from_millis(800);
/// The number of background failures after which the client asks the fallback.
const FALLBACK_PERIOD: u32 = 5;

/// The longest pause between two rounds of a source that refuses requests. The pause starts at the
/// interval and doubles.
pub(crate) const LONGEST_REFUSED_PAUSE: Duration = Duration::from_secs(300);

/// The pauses between the attempts of one background sync.
pub(crate) const RETRY_BACKOFF: Backoff = Backoff::new(FIRST_RETRY_PAUSE, LAST_RETRY_PAUSE);

/// The purpose of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// The client starts.
    Initial,
    /// The interval passed, or the adapter has something new.
    Background,
    /// A caller requested specs.
    Manual,
}

impl Trigger {
    /// The number of attempts. Only background syncs retry, because no caller waits for them.
    pub(crate) fn attempts(self) -> u32 {
        match self {
            Self::Initial | Self::Manual => 1,
            Self::Background => BACKGROUND_ATTEMPTS,
        }
    }

    /// The limit of each attempt: the init timeout for the first request, unless it is zero, and
    /// `others` for all other requests.
    pub(crate) fn limit(self, init_timeout: Option<Duration>, others: Duration) -> Duration {
        match (self, init_timeout) {
            (Self::Initial, None) => INITIAL_REQUEST_LIMIT,
            (Self::Initial, Some(limit)) if !limit.is_zero() => limit,
            (Self::Initial | Self::Background | Self::Manual, _) => others,
        }
    }

    /// Whether a slow source and the next one are asked at the same time. When a caller waits, a
    /// hanging source must not use up the time of all.
    pub(crate) fn shares_time(self) -> bool {
        self != Self::Background
    }

    /// Whether to ask the fallback after `failures` failed background syncs, including this one.
    pub(crate) fn asks_fallback(self, failures: u32) -> bool {
        match self {
            Self::Initial | Self::Manual => true,
            Self::Background => failures > 0 && failures.is_multiple_of(FALLBACK_PERIOD),
        }
    }
}

/// Reduces the requests to a source that refuses them (401, 403, 429) or asks for a pause
/// (`Retry-After`).
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    in_row: u32,
    /// The time before which no request is sent.
    quiet_until: Option<Instant>,
}

impl Refusals {
    /// Records a scheduled request that failed with an error that asks for a pause. The pause is
    /// the interval, or the source's pause if that is longer. After successive refusals it doubles,
    /// with jitter from `random` in `0.0..1.0`. A source that only sends `Retry-After` gets its
    /// next request at that time.
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

    /// Records that the source asks for a pause. Frequent requests of callers do not make the pause
    /// longer.
    pub(crate) fn keep_quiet(&mut self, pause: Option<Duration>, now: Instant) {
        let until = pause.and_then(|pause| now.checked_add(pause));
        self.quiet_until = self.quiet_until.max(until);
    }

    /// Records an answer, or a failure that asks for no pause.
    pub(crate) fn passed(&mut self) {
        *self = Self::default();
    }

    /// Whether to send no request to the source now.
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
        // A caller requests specs a hundred times.
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
            // Later refusals count from one again.
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
