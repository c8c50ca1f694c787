//! Whether the times of specs and ID lists are reliable enough to order them. Pure.

/// The maximum distance of a time ahead of the clock. A time further ahead does not order anything,
/// because all real times would be older forever.
pub const MAX_AHEAD_MS: u64 = 24 * 60 * 60 * 1_000;

/// Whether a time is too far ahead of the clock.
#[must_use]
pub fn is_far_ahead(time_ms: u64, now_ms: u64) -> bool {
    time_ms > now_ms.saturating_add(MAX_AHEAD_MS)
}

/// The time of the specs in use for comparisons. 0 if the time is not reliable.
#[must_use]
pub fn ordering_time(time_ms: u64, now_ms: u64) -> u64 {
    if is_far_ahead(time_ms, now_ms) {
        0
    } else {
        time_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ahead_of_the_clock_is_believed_and_no_more() {
        let now = 1_790_000_000_000;
        assert_eq!(ordering_time(5, now), 5);
        assert_eq!(ordering_time(now + MAX_AHEAD_MS, now), now + MAX_AHEAD_MS);
        for time in [now + MAX_AHEAD_MS + 1, 9_000_000_000_000_000, u64::MAX] {
            assert_eq!(ordering_time(time, now), 0, "{time}");
        }
        assert!(!is_far_ahead(u64::MAX, u64::MAX));
    }
}
