//! Counts requests with overrides and refused tokens, and logs warnings about refused ones.

use std::sync::atomic::{AtomicU64, Ordering};

use statsig::overrides::signed::OverrideRefusal;

/// The time between two warnings, in milliseconds.
const WARNING_INTERVAL_MS: u64 = 60_000;

/// How many requests had overrides, and how many tokens were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OverrideCounts {
    applied: u64,
    refused: [u64; OverrideRefusal::ALL.len()],
}

impl OverrideCounts {
    /// Requests with overrides.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Tokens that were refused for this reason.
    #[must_use]
    pub fn refused(&self, reason: OverrideRefusal) -> u64 {
        index(reason)
            .and_then(|index| self.refused.get(index).copied())
            .unwrap_or(0)
    }

    /// Refused tokens, for any reason.
    #[must_use]
    pub fn all_refused(&self) -> u64 {
        self.refused.iter().sum()
    }
}

fn index(reason: OverrideRefusal) -> Option<usize> {
    OverrideRefusal::ALL
        .iter()
        .position(|known| *known == reason)
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    applied: AtomicU64,
    refused: [AtomicU64; OverrideRefusal::ALL.len()],
    /// Before this time, in epoch milliseconds, there is no further warning.
    silent_until_ms: AtomicU64,
}

impl Counts {
    pub(super) fn add_applied(&self) {
        self.applied.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_refused(&self, reason: OverrideRefusal) {
        if let Some(counter) = index(reason).and_then(|index| self.refused.get(index)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> OverrideCounts {
        OverrideCounts {
            applied: self.applied.load(Ordering::Relaxed),
            refused: self
                .refused
                .each_ref()
                .map(|counter| counter.load(Ordering::Relaxed)),
        }
    }

    /// Logs a warning about a refused token, at most once in an interval: a client of the service
    /// can send any number of them.
    pub(super) fn warn(&self, reason: OverrideRefusal, now_ms: u64) {
        let silent_until_ms = self.silent_until_ms.load(Ordering::Relaxed);
        let next_ms = now_ms.saturating_add(WARNING_INTERVAL_MS);
        // A clock that was set back does not silence the warnings for long.
        let is_silent = now_ms < silent_until_ms && silent_until_ms <= next_ms;
        if is_silent {
            return;
        }
        let first = self.silent_until_ms.compare_exchange(
            silent_until_ms,
            next_ms,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if first.is_ok() {
            tracing::warn!(
                target: crate::TARGET,
                reason = reason.as_str(),
                refused = self.read().all_refused(),
                "ignored the overrides of a request: {reason}; further warnings follow after a minute"
            );
        }
    }
}
