//! Reports about rounds of syncing specs: log lines and facts.

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
#[derive(Debug)]
pub(super) struct SyncLog {
    /// Rounds that failed. Each series is logged once: an outage can last for hours.
    failures_in_row: u32,
    /// Whether older specs were logged, once for each series.
    is_older_logged: bool,
    is_older: bool,
    problems: Vec<String>,
    started: Instant,
    is_initial: bool,
    /// Whose payload was used, or who was asked last.
    source: SpecsSource,
    has_payload: bool,
}

impl SyncLog {
    pub(super) fn new() -> Self {
        Self {
            failures_in_row: 0,
            is_older_logged: false,
            is_older: false,
            problems: Vec::new(),
            started: Instant::now(),
            is_initial: false,
            source: SpecsSource::default(),
            has_payload: false,
        }
    }

    pub(super) fn begins(&mut self, trigger: Trigger) {
        self.problems.clear();
        self.started = Instant::now();
        self.is_initial = trigger == Trigger::Initial;
        self.has_payload = false;
        self.is_older = false;
    }

    pub(super) fn asks(&mut self, source: SpecsSource) {
        self.source = source;
    }

    pub(super) fn got_payload(&mut self, source: SpecsSource) {
        self.source = source;
        self.has_payload = true;
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
                duration: self.started.elapsed(),
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
