//! The ranges of numbers, sizes and times.

use std::fmt::Display;
use std::ops::RangeBounds;
use std::time::Duration;

use super::StatsigOptions;
use crate::error::OptionsError;

const MIN_SYNC_INTERVAL: Duration = Duration::from_secs(1);
const MIN_DURATION: Duration = Duration::from_millis(10);
const MIN_AGE: Duration = Duration::from_secs(1);
const MIN_EVENT_BYTES: u64 = 1024;
#[cfg(feature = "spool")]
const MIN_SPOOL_BYTES: u64 = 1024 * 1024;

/// An option, and in words what it accepts.
struct Accepts(&'static str, &'static str);

impl Accepts {
    fn number<T: PartialOrd + Display>(
        self,
        range: impl RangeBounds<T>,
        found: T,
    ) -> Result<(), OptionsError> {
        self.check(range.contains(&found), found)
    }

    fn bytes(self, least: u64, found: u64) -> Result<(), OptionsError> {
        self.check(found >= least, format_args!("{found} bytes"))
    }

    fn time(self, range: impl RangeBounds<Duration>, found: Duration) -> Result<(), OptionsError> {
        let is_accepted = range.contains(&found);
        self.check(is_accepted, format_args!("{} ms", found.as_millis()))
    }

    fn check(self, is_accepted: bool, found: impl Display) -> Result<(), OptionsError> {
        let Self(option, expected) = self;
        if is_accepted {
            return Ok(());
        }
        Err(OptionsError::new(option, expected, found.to_string()))
    }
}

pub(super) fn check(options: &StatsigOptions) -> Result<(), OptionsError> {
    Accepts("specs_sync_interval", "at least 1000 ms")
        .time(MIN_SYNC_INTERVAL.., options.specs_sync_interval)?;
    Accepts("id_lists_sync_interval", "at least 1000 ms")
        .time(MIN_SYNC_INTERVAL.., options.id_lists_sync_interval)?;
    let limits = &options.event_limits;
    Accepts("event_logging_max_queue_size", "between 10 and 2000 events")
        .number(10..=2_000, limits.batch_size)?;
    let option = "event_logging_max_pending_batch_queue_size";
    Accepts(option, "at least 1 batch").number(1.., limits.max_waiting)?;
    Accepts("event_queue_capacity", "at least 10 events").number(10.., limits.queue_capacity)?;
    Accepts("event_max_bytes", "at least 1 KiB").bytes(MIN_EVENT_BYTES, limits.event_max_bytes)?;
    Accepts("event_batch_max_bytes", "at least `event_max_bytes`")
        .bytes(limits.event_max_bytes, limits.batch_max_bytes)?;
    Accepts("event_queue_max_bytes", "at least `event_max_bytes`")
        .bytes(limits.event_max_bytes, limits.queue_max_bytes)?;
    Accepts(
        "event_pending_max_bytes",
        "at least `event_batch_max_bytes`",
    )
    .bytes(limits.batch_max_bytes, limits.pending_max_bytes)?;
    Accepts("event_max_age", "at least 1 s").time(MIN_AGE.., limits.max_age)?;
    Accepts("event_flush_interval", "at least 10 ms")
        .time(MIN_DURATION.., limits.flush_interval)?;
    Accepts("event_max_retries", "at most 100").number(..=100, limits.max_attempts - 1)?;
    let expected = "a first pause between 10 ms and the longest pause";
    Accepts("event_retry_pauses", expected)
        .time(MIN_DURATION..=limits.max_pause, limits.min_pause)?;
    Accepts("event_concurrent_posts", "between 1 and 64")
        .number(1..=64, limits.max_concurrent_posts)?;
    Accepts("event_request_timeout", "at least 10 ms").time(MIN_DURATION.., limits.post_timeout)?;
    #[cfg(feature = "spool")]
    if let Some(spool) = &options.event_spool {
        Accepts("event_spool_max_bytes", "at least 1 MiB")
            .bytes(MIN_SPOOL_BYTES, spool.max_bytes)?;
    }
    Ok(())
}
