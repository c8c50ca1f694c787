//! The only reader of the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[expect(
    clippy::disallowed_methods,
    reason = "this crate stamps what really arrives; nothing here simulates time"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Milliseconds since the Unix epoch; 0 for times before it.
pub(crate) fn epoch_millis(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// `HH:MM:SS.mmmZ`, or `None` when the time is beyond the calendar's range.
pub(crate) fn time_of_day(epoch_millis: u64) -> Option<String> {
    let millis = i64::try_from(epoch_millis).ok()?;
    let time = chrono::DateTime::from_timestamp_millis(millis)?;
    Some(time.format("%H:%M:%S%.3fZ").to_string())
}
