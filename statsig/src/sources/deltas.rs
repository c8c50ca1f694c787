//! Decides whether a sync requests deltas or whole specs. Pure.

/// The shortest pause between two requests for whole specs that follow deltas without progress.
const MIN_RESYNC_PAUSE_MS: u64 = 300_000;

/// Decides from earlier syncs whether to request deltas.
#[derive(Debug)]
pub(crate) struct DeltaMode {
    is_on: bool,
    /// The number of successive syncs without progress after which the client requests whole specs;
    /// 0 means never.
    threshold: u32,
    without_progress: u32,
    resynced_at_ms: Option<u64>,
}

/// The facts about a sync that this decision needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sync {
    pub(crate) for_deltas: bool,
    /// A scheduled sync, not one that a caller requested.
    pub(crate) is_background: bool,
}

/// The result of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyncEnd {
    /// There was no answer.
    Unanswered,
    NoUpdates,
    /// The specs in use are newer than before.
    Progress,
    /// There was an answer, and the specs in use are as old as before.
    NoProgress,
    /// The answer could not be used.
    Unusable,
    /// The answer does not fit the specs in use.
    ChecksumMismatch,
}

impl DeltaMode {
    pub(crate) fn new(threshold: u32) -> Self {
        Self {
            is_on: true,
            threshold,
            without_progress: 0,
            resynced_at_ms: None,
        }
    }

    /// Whether the next sync requests deltas.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Records the end of a sync. Counts only scheduled syncs, because callers may request specs
    /// many times in a row.
    pub(crate) fn ended(&mut self, end: SyncEnd, sync: Sync, now_ms: u64) {
        if !sync.for_deltas {
            // The sync requested whole specs. After a success, deltas can start from them.
            let is_success = matches!(
                end,
                SyncEnd::NoUpdates | SyncEnd::Progress | SyncEnd::NoProgress
            );
            if is_success {
                self.is_on = true;
                self.without_progress = 0;
            }
            return;
        }
        match end {
            SyncEnd::ChecksumMismatch => self.is_on = false,
            SyncEnd::Unanswered => return,
            SyncEnd::NoUpdates | SyncEnd::Progress => self.without_progress = 0,
            SyncEnd::NoProgress | SyncEnd::Unusable => {}
        }
        let is_stalled = !matches!(end, SyncEnd::NoUpdates | SyncEnd::Progress);
        if is_stalled && sync.is_background && self.threshold > 0 {
            self.without_progress = self.without_progress.saturating_add(1);
            if self.without_progress >= self.threshold && self.may_resync(now_ms) {
                self.is_on = false;
                self.without_progress = 0;
                self.resynced_at_ms = Some(now_ms);
            }
        }
    }

    fn may_resync(&self, now_ms: u64) -> bool {
        // If the clock went backwards, the pause must still end.
        self.resynced_at_ms
            .is_none_or(|then| now_ms < then || now_ms - then >= MIN_RESYNC_PAUSE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    fn sync(mode: &mut DeltaMode, end: SyncEnd, now_ms: u64) {
        let sync = Sync {
            for_deltas: mode.is_on(),
            is_background: true,
        };
        mode.ended(end, sync, now_ms);
    }

    #[test]
    fn a_checksum_mismatch_brings_one_sync_for_whole_specs() {
        let mut mode = DeltaMode::new(10);
        assert!(mode.is_on());
        sync(&mut mode, SyncEnd::ChecksumMismatch, NOW);
        assert!(!mode.is_on());
        for failure in [SyncEnd::Unanswered, SyncEnd::Unusable] {
            sync(&mut mode, failure, NOW);
            assert!(!mode.is_on());
        }
        sync(&mut mode, SyncEnd::NoProgress, NOW);
        assert!(mode.is_on());
    }

    #[test]
    fn syncs_without_progress_add_up_and_progress_forgets_them() {
        let mut mode = DeltaMode::new(3);
        for end in [
            SyncEnd::NoProgress,
            SyncEnd::Unusable,
            SyncEnd::Progress,
            SyncEnd::NoProgress,
            SyncEnd::NoProgress,
            SyncEnd::NoUpdates,
            SyncEnd::NoProgress,
            SyncEnd::Unanswered,
            SyncEnd::NoProgress,
        ] {
            sync(&mut mode, end, NOW);
            assert!(mode.is_on(), "{end:?}");
        }
        sync(&mut mode, SyncEnd::NoProgress, NOW);
        assert!(!mode.is_on());
    }

    #[test]
    fn syncs_that_somebody_asked_for_do_not_add_up() {
        let mut mode = DeltaMode::new(2);
        let manual = Sync {
            for_deltas: true,
            is_background: false,
        };
        for _ in 0..10 {
            mode.ended(SyncEnd::NoProgress, manual, NOW);
            mode.ended(SyncEnd::Unusable, manual, NOW);
        }
        assert!(mode.is_on());
        mode.ended(SyncEnd::ChecksumMismatch, manual, NOW);
        assert!(!mode.is_on());
    }

    #[test]
    fn whole_specs_are_forced_once_in_five_minutes_at_most() {
        let mut mode = DeltaMode::new(1);
        sync(&mut mode, SyncEnd::NoProgress, NOW);
        assert!(!mode.is_on());
        sync(&mut mode, SyncEnd::Progress, NOW);
        for later in [0, 1, 299_999] {
            sync(&mut mode, SyncEnd::NoProgress, NOW + later);
            assert!(mode.is_on(), "{later}");
        }
        sync(&mut mode, SyncEnd::NoProgress, NOW + 300_000);
        assert!(!mode.is_on());
        sync(&mut mode, SyncEnd::Progress, NOW);
        sync(&mut mode, SyncEnd::NoProgress, NOW - 1);
        assert!(!mode.is_on());
    }

    #[test]
    fn with_a_threshold_of_zero_nothing_adds_up() {
        let mut mode = DeltaMode::new(0);
        for _ in 0..100 {
            sync(&mut mode, SyncEnd::NoProgress, NOW);
        }
        assert!(mode.is_on());
    }
}
