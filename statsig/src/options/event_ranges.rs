//! The ranges of the options about events.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::StatsigOptions;
use crate::error::OptionsError;

const BATCH_SIZES: RangeInclusive<usize> = 10..=2_000;
const CONCURRENT_POSTS: RangeInclusive<usize> = 1..=64;
const RETRIES: RangeInclusive<u32> = 0..=100;
const MIN_DURATION: Duration = Duration::from_millis(10);
const MIN_AGE: Duration = Duration::from_secs(1);
const MIN_EVENT_BYTES: u64 = 1024;
#[cfg(feature = "spool")]
const MIN_SPOOL_BYTES: u64 = 1024 * 1024;

/// Checks the ranges of all options about events.
pub(super) fn check(options: &StatsigOptions) -> Result<(), OptionsError> {
    let limits = &options.event_limits;
    let check = |is_valid: bool, option, expected, found: String| {
        if is_valid {
            Ok(())
        } else {
            Err(OptionsError {
                option,
                expected,
                found,
            })
        }
    };
    let milliseconds = |time: Duration| format!("{} ms", time.as_millis());
    check(
        BATCH_SIZES.contains(&limits.batch_size),
        "event_logging_max_queue_size",
        "between 10 and 2000 events",
        limits.batch_size.to_string(),
    )?;
    check(
        limits.max_waiting > 0,
        "event_logging_max_pending_batch_queue_size",
        "at least 1 batch",
        limits.max_waiting.to_string(),
    )?;
    check(
        limits.queue_capacity >= *BATCH_SIZES.start(),
        "event_queue_capacity",
        "at least 10 events",
        limits.queue_capacity.to_string(),
    )?;
    let bytes = |bytes: u64| format!("{bytes} bytes");
    check(
        limits.event_max_bytes >= MIN_EVENT_BYTES,
        "event_max_bytes",
        "at least 1 KiB",
        bytes(limits.event_max_bytes),
    )?;
    check(
        limits.batch_max_bytes >= limits.event_max_bytes,
        "event_batch_max_bytes",
        "at least `event_max_bytes`",
        bytes(limits.batch_max_bytes),
    )?;
    check(
        limits.queue_max_bytes >= limits.event_max_bytes,
        "event_queue_max_bytes",
        "at least `event_max_bytes`",
        bytes(limits.queue_max_bytes),
    )?;
    check(
        limits.pending_max_bytes >= limits.batch_max_bytes,
        "event_pending_max_bytes",
        "at least `event_batch_max_bytes`",
        bytes(limits.pending_max_bytes),
    )?;
    check(
        limits.max_age >= MIN_AGE,
        "event_max_age",
        "at least 1 s",
        milliseconds(limits.max_age),
    )?;
    check(
        limits.flush_interval >= MIN_DURATION,
        "event_flush_interval",
        "at least 10 ms",
        milliseconds(limits.flush_interval),
    )?;
    check(
        RETRIES.contains(&(limits.max_attempts - 1)),
        "event_max_retries",
        "at most 100",
        (limits.max_attempts - 1).to_string(),
    )?;
    check(
        (MIN_DURATION..=limits.max_pause).contains(&limits.min_pause),
        "event_retry_pauses",
        "a first pause between 10 ms and the longest pause",
        milliseconds(limits.min_pause),
    )?;
    check(
        CONCURRENT_POSTS.contains(&limits.max_concurrent_posts),
        "event_concurrent_posts",
        "between 1 and 64",
        limits.max_concurrent_posts.to_string(),
    )?;
    check(
        limits.post_timeout >= MIN_DURATION,
        "event_request_timeout",
        "at least 10 ms",
        milliseconds(limits.post_timeout),
    )?;
    #[cfg(feature = "spool")]
    if let Some(spool) = &options.event_spool {
        check(
            spool.max_bytes >= MIN_SPOOL_BYTES,
            "event_spool_max_bytes",
            "at least 1 MiB",
            format!("{} bytes", spool.max_bytes),
        )?;
    }
    Ok(())
}
