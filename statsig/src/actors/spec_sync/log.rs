//! Reports about rounds of syncing specs: log lines and facts.

use std::time::Duration;

use tokio::time::Instant;

use crate::actors::messages::SyncError;
use crate::cause::Cause;
use crate::error::SpecsError;
use crate::facts::{Fact, SyncEnded};
use crate::results::SpecsSource;
use crate::shared::Shared;
use crate::sources::FetchError;
use crate::sources::schedule::Trigger;
use crate::targets;

/// The round that is under way, or the last one, and what the log says of those before.
#[derive(Debug, Default)]
pub(super) struct SyncLog {
    /// Rounds that failed. Each series is logged once: an outage can last for hours.
    failures_in_row: u32,
    /// Whether older specs were logged, once for each series.
    is_older_logged: bool,
    is_older: bool,
    problems: Vec<String>,
    started: Option<Instant>,
    is_initial: bool,
    /// Whose payload was used, or who was asked last.
    pub(super) source: SpecsSource,
    pub(super) has_payload: bool,
}

impl SyncLog {
    pub(super) fn begins(&mut self, trigger: Trigger) {
        *self = Self {
            failures_in_row: self.failures_in_row,
            is_older_logged: self.is_older_logged,
            started: Some(Instant::now()),
            is_initial: trigger == Trigger::Initial,
            ..Self::default()
        };
    }

    /// One of the sources failed. That the network is disabled is no problem: an option says so.
    pub(super) fn notes(&mut self, error: &SyncError) {
        if !is_by_option(error) {
            self.problems.push(error.to_string());
        }
    }

    pub(super) fn found_older(&mut self, error: &SpecsError) {
        self.is_older = true;
        if !std::mem::replace(&mut self.is_older_logged, true) {
            let source = &self.source;
            tracing::warn!(target: targets::SYNC, %source, %error, "the source has older specs, the specs in use stay in use");
        }
    }

    /// Why the round failed, if it did and was not meant to.
    pub(super) fn ends(&mut self, shared: &Shared, error: Option<&SyncError>) -> Option<Cause> {
        if !error.is_some_and(is_by_option) {
            shared.note(Fact::SyncEnded(SyncEnded {
                at_ms: shared.clock.now_ms(),
                is_initial: self.is_initial,
                duration: self.started.map_or(Duration::ZERO, |at| at.elapsed()),
                source: self.source.clone(),
                network_success: self.has_payload,
                error: error.map(ToString::to_string),
            }));
        }
        let Some(error) = error else {
            self.is_older_logged &= self.is_older;
            let failures = std::mem::take(&mut self.failures_in_row);
            if failures > 0 {
                tracing::info!(target: targets::SYNC, failures, "specs sync works again");
            }
            return None;
        };
        self.notes(error);
        self.failures_in_row = self.failures_in_row.saturating_add(1);
        let problem = (!self.problems.is_empty()).then(|| self.problems.join("; then: "))?;
        if self.failures_in_row == 1 {
            if shared.published.load().specs.time == 0 {
                tracing::warn!(target: targets::SYNC, problem, "specs sync failed, and there are no specs yet: evaluations serve fallbacks until one succeeds");
            } else {
                tracing::warn!(target: targets::SYNC, problem, "specs sync failed, the specs in use stay in use");
            }
        }
        Some(Cause::saying(&problem, error.clone()))
    }
}

fn is_by_option(error: &SyncError) -> bool {
    matches!(error, SyncError::Fetch(FetchError::NetworkDisabled))
}
