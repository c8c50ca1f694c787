//! The counts of events, for callers.

use std::fmt;

use serde::Serialize;

use super::DroppedEvents;

/// The counts of all events since the client was created, by state.
///
/// They add up at any moment: `enqueued + recovered` equals
/// `delivered + sampled_out + dropped.total() + spooled + left_on_disk + pending`.
///
/// ```
/// # use statsig::StatsigUser;
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// let user = StatsigUser::with_user_id("a-user");
/// let _ = (statsig.check_gate(&user, "a_gate"), statsig.check_gate(&user, "a_gate"));
/// let stats = statsig.event_stats();
/// assert_eq!((stats.enqueued, stats.deduplicated, stats.pending), (1, 1, 1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct EventStats {
    /// Recorded events: exposures without repeats, custom events, the SDK's own events.
    pub enqueued: u64,
    /// Events found in the spool: of earlier processes, and of this client before a shutdown and a
    /// new initialization.
    pub recovered: u64,
    /// Exposures that repeat one of the same minute. They are not recorded, so `enqueued` does not
    /// contain them.
    pub deduplicated: u64,
    /// Events that the service accepted.
    pub delivered: u64,
    /// Exposures left out because the service asked for a sample.
    pub sampled_out: u64,
    /// Dropped events by reason.
    pub dropped: DroppedEvents,
    /// Events on disk that wait for the service or for the next process. A crash does not lose
    /// them.
    pub spooled: u64,
    /// Events that a shutdown left on disk, before the client was initialized again. The process
    /// that delivers them counts them as `recovered`; so does this client.
    pub left_on_disk: u64,
    /// Events in memory: waiting or being posted.
    pub pending: u64,
}

/// The result of a [flush with a limit](crate::Statsig::flush_within).
///
/// ```
/// # fn _show(report: statsig::FlushReport) {
/// println!("{report}"); // timed out: 120 events delivered, 0 dropped, 0 kept on disk, 3 pending
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FlushReport {
    /// Events that the service accepted during the call.
    pub delivered: u64,
    /// Events that were dropped during the call. `stats.dropped` has the reasons.
    pub dropped: u64,
    /// The counts of all events at the end of the call, since the client was created. `spooled`
    /// ones survive the process. `pending` ones wait in memory for the next flush or post.
    pub stats: EventStats,
    /// The time for posts passed while events were still `pending`.
    pub timed_out: bool,
}

impl FlushReport {
    pub(crate) fn new(before: &EventStats, stats: EventStats, is_late: bool) -> Self {
        let since = |after: u64, before: u64| after.saturating_sub(before);
        Self {
            delivered: since(stats.delivered, before.delivered),
            dropped: since(stats.dropped.total(), before.dropped.total()),
            stats,
            timed_out: is_late && stats.pending > 0,
        }
    }

    /// Whether no event is left in memory: the process may end without losing one.
    ///
    /// ```
    /// # fn _show(report: statsig::FlushReport) {
    /// if !report.is_complete() {
    ///     eprintln!("{} events wait for the next flush", report.stats.pending);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.stats.pending == 0
    }
}

impl fmt::Display for FlushReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            delivered, dropped, ..
        } = self;
        let EventStats {
            spooled, pending, ..
        } = self.stats;
        let how = how(self.timed_out, dropped + spooled + pending);
        write!(
            f,
            "{how}: {delivered} events delivered, {dropped} dropped, {spooled} kept on disk, {pending} pending"
        )
    }
}

/// How a shutdown ended.
///
/// ```
/// # fn _show(report: statsig::ShutdownReport) {
/// if report.stats.pending > 0 {
///     eprintln!("{report}"); // timed out: 120 events delivered, 0 dropped, 3 not sent
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The counts of all events since the client was created. `pending` ones are lost, `spooled`
    /// ones are not.
    pub stats: EventStats,
    /// The limit passed or the runtime ended before every event was delivered, spooled or dropped.
    pub timed_out: bool,
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EventStats {
            delivered,
            dropped,
            spooled,
            pending,
            ..
        } = self.stats;
        let dropped = dropped.total();
        let how = how(self.timed_out, dropped + spooled + pending);
        write!(
            f,
            "{how}: {delivered} events delivered, {dropped} dropped, "
        )?;
        if spooled > 0 {
            write!(f, "{spooled} kept on disk, ")?;
        }
        write!(f, "{pending} not sent")
    }
}

fn how(timed_out: bool, not_delivered: u64) -> &'static str {
    match (timed_out, not_delivered) {
        (true, _) => "timed out",
        (false, 0) => "complete",
        _ => "ended",
    }
}
