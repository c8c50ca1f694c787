//! Logs losses of events: one warning when a series starts, and at most one a minute while it
//! lasts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, TryLockError};

use super::{DropReason, DroppedEvents};
use crate::process::log_aside;
use crate::targets;

/// The pause between two lines about the same reason.
const PAUSE_MS: u64 = 60_000;
/// The pipeline checks every second. While it does, callers leave the log to it, because it can sum
/// up losses.
const WATCHED_MS: u64 = 5_000;

/// Logs lost events, without any subscription.
///
/// On a caller's thread it does not wait, and allocates only to write a line. So it works
/// everywhere, also in a fork.
#[derive(Debug, Default)]
pub(crate) struct LossLog {
    series: [Series; DropReason::COUNT],
    /// The last check of the pipeline, plus one. 0 if it has ended.
    looked: AtomicU64,
}

/// The losses for one reason.
#[derive(Debug, Default)]
struct Series {
    /// The number of logged events.
    logged_so_far: AtomicU64,
    /// The time of the last line, plus one. 0 before the first.
    last_line: AtomicU64,
    /// The last known cause.
    cause: Mutex<Option<String>>,
}

impl LossLog {
    /// Sets the cause for the next line about this reason: one line of text, without secrets. For
    /// the pipeline only.
    pub(crate) fn because(&self, reason: DropReason, cause: impl ToString) {
        if let Some(series) = self.series.get(reason.index())
            && let Ok(mut known) = series.cause.try_lock()
        {
            *known = Some(cause.to_string());
        }
    }

    /// A caller's thread lost events. `so_far` counts all for this reason.
    pub(crate) fn lost_by_caller(&self, reason: DropReason, so_far: u64, now_ms: u64) {
        let looked = self.looked.load(Ordering::Relaxed);
        let is_watched = looked != 0 && now_ms.abs_diff(looked - 1) < WATCHED_MS;
        // A fork has a copy of its parent's time, but nothing checks in it.
        if !is_watched || reason == DropReason::Forked {
            self.look_at(reason, so_far, now_ms);
        }
    }

    /// Logs the reasons for which a line is due. The pipeline calls it every second with all losses
    /// so far.
    pub(crate) fn look(&self, so_far: &DroppedEvents, now_ms: u64) {
        self.looked
            .store(now_ms.saturating_add(1), Ordering::Relaxed);
        for reason in DropReason::ALL {
            self.look_at(reason, so_far.of(reason), now_ms);
        }
    }

    /// Logs all losses that are not logged yet, because the pipeline ends.
    pub(crate) fn finish(&self, so_far: &DroppedEvents, now_ms: u64) {
        self.looked.store(0, Ordering::Relaxed);
        for (reason, series) in DropReason::ALL.into_iter().zip(&self.series) {
            series.tell(reason, so_far.of(reason), now_ms);
        }
    }

    /// Another log line already reports these losses.
    pub(crate) fn told_elsewhere(&self, reason: DropReason, events: u64) {
        if let Some(series) = self.series.get(reason.index()) {
            series.logged_so_far.fetch_add(events, Ordering::Relaxed);
        }
    }

    fn look_at(&self, reason: DropReason, so_far: u64, now_ms: u64) {
        let Some(series) = self.series.get(reason.index()) else {
            return;
        };
        let last_line = series.last_line.load(Ordering::Relaxed);
        // A clock that is set back must not silence the log.
        let is_due = last_line == 0 || now_ms.abs_diff(last_line - 1) >= PAUSE_MS;
        if is_due && so_far > series.logged_so_far.load(Ordering::Relaxed) {
            series.tell(reason, so_far, now_ms);
        }
    }
}

impl Series {
    fn tell(&self, reason: DropReason, so_far: u64, now_ms: u64) {
        // Of several threads at once, only one finds new losses.
        let logged_so_far = self.logged_so_far.fetch_max(so_far, Ordering::Relaxed);
        let events = so_far.saturating_sub(logged_so_far);
        if events == 0 {
            return;
        }
        self.last_line
            .store(now_ms.saturating_add(1), Ordering::Relaxed);
        let cause = match self.cause.try_lock() {
            Ok(mut cause) => cause.take(),
            Err(TryLockError::Poisoned(cause)) => cause.into_inner().take(),
            Err(TryLockError::WouldBlock) => None,
        };
        let explanation = reason.explanation();
        let name = reason.name();
        match reason {
            DropReason::NetworkDisabled => {
                tracing::debug!(target: targets::EVENTS, reason = name, events, "events were discarded: {explanation}");
            }
            DropReason::Forked => log_aside(move || {
                tracing::warn!(target: targets::EVENTS, reason = name, events, "events were lost: {explanation}");
            }),
            _ => {
                tracing::warn!(target: targets::EVENTS, reason = name, events, cause, "events were lost: {explanation}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{LogLines, record_logs};

    const START_MS: u64 = 1_767_981_029_000;

    /// Level, reason, count and cause of each line since the last call.
    fn taken(log: &LogLines) -> Vec<String> {
        let lines = log.take().into_iter();
        let shown = lines.map(|line| {
            let field = |name| line.fields.get(name).map_or("", String::as_str);
            let (reason, events, cause) = (field("reason"), field("events"), field("cause"));
            format!("{} {reason} {events} {cause}", line.level)
        });
        shown.map(|line| line.trim_end().to_owned()).collect()
    }

    fn logged(act: impl FnOnce(&LossLog, &LogLines)) {
        act(&LossLog::default(), &record_logs());
    }

    fn lost(refused: u64) -> DroppedEvents {
        DroppedEvents {
            refused,
            ..DroppedEvents::default()
        }
    }

    #[test]
    fn a_series_is_one_line_at_once_and_one_a_minute() {
        logged(|log, lines| {
            log.look(&lost(0), START_MS);
            log.because(DropReason::Refused, "status 403");
            log.look(&lost(3), START_MS);
            log.look(&lost(5), START_MS + 59_999);
            assert_eq!(taken(lines), ["WARN refused 3 status 403"]);
            log.look(&lost(5), START_MS + 60_000);
            log.look(&lost(9), START_MS + 60_001);
            assert_eq!(taken(lines), ["WARN refused 2"]);
        });
    }

    #[test]
    fn the_end_is_reported_in_any_case_and_once() {
        logged(|log, lines| {
            log.look(&lost(1), START_MS);
            log.finish(&lost(4), START_MS + 1);
            log.finish(&lost(4), START_MS + 2);
            assert_eq!(taken(lines), ["WARN refused 1", "WARN refused 3"]);
        });
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_mute_it() {
        logged(|log, lines| {
            log.look(&lost(1), START_MS);
            log.look(&lost(2), START_MS - 3_600_000);
            assert_eq!(taken(lines), ["WARN refused 1", "WARN refused 1"]);
        });
    }

    #[test]
    fn callers_log_what_they_lose_when_the_pipeline_does_not_look() {
        logged(|log, lines| {
            log.look(&lost(0), START_MS);
            log.lost_by_caller(DropReason::QueueFull, 1, START_MS + 1);
            assert!(taken(lines).is_empty());
            log.lost_by_caller(DropReason::QueueFull, 9, START_MS + WATCHED_MS);
            log.lost_by_caller(DropReason::QueueFull, 10, START_MS + WATCHED_MS);
            assert_eq!(taken(lines), ["WARN queue_full 9"]);
            log.finish(&lost(0), START_MS + WATCHED_MS);
            log.lost_by_caller(DropReason::AfterShutdown, 1, START_MS + WATCHED_MS);
            assert_eq!(taken(lines), ["WARN after_shutdown 1"]);
        });
    }
}
