//! The SDK's reports about itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::Shared;
use crate::events::event::QueuedEvent;
use crate::facts::Fact;
use crate::observability::observer::{Health, Observer};
use crate::observability::reporter::{Report, Reporter};
use crate::observability::subscriptions::Subscriptions;
use crate::options::StatsigOptions;
use crate::process::HomeProcess;
use crate::typed::{DriftLog, MismatchLog};

/// The most reports that wait for the observability clients; further ones are lost.
const MAX_REPORTS: usize = 1_000;

/// Reports of the SDK about itself, and who receives them.
pub(crate) struct Telemetry {
    /// Callbacks for evaluations and new specs.
    pub(crate) subscriptions: Subscriptions,
    /// For the observability clients. Locked by the task that calls them.
    pub(crate) reports: tokio::sync::Mutex<mpsc::Receiver<Report>>,
    to_reports: mpsc::Sender<Report>,
    /// Reports for which there was no room.
    lost_reports: AtomicU64,
    /// Typed parameters that did not fit, so that each is logged once.
    pub(crate) mismatches: MismatchLog,
    /// The findings of the latest check of parameter structs.
    pub(crate) drift_log: DriftLog,
    /// The time of the last successful sync of specs, in epoch milliseconds; 0 before it.
    synced_at_ms: AtomicU64,
    /// Locked by actors and their tasks, never by callers.
    observer: Mutex<Observer>,
}

impl Telemetry {
    pub(super) fn new(options: &StatsigOptions, home: Arc<HomeProcess>) -> Self {
        let (to_reports, reports) = mpsc::channel(MAX_REPORTS);
        Self {
            subscriptions: Subscriptions::new(options.evaluation_telemetry),
            reports: tokio::sync::Mutex::new(reports),
            to_reports,
            lost_reports: AtomicU64::new(0),
            mismatches: MismatchLog::new(home, options.panic_in_tests),
            drift_log: DriftLog::default(),
            synced_at_ms: AtomicU64::new(0),
            observer: Mutex::default(),
        }
    }

    /// The number of lost reports since the last call.
    pub(crate) fn take_lost_reports(&self) -> u64 {
        self.lost_reports.swap(0, Ordering::Relaxed)
    }
}

impl Shared {
    /// Passes an event of the SDK to the observer, and hands on the resulting reports.
    pub(crate) fn note(&self, fact: Fact) {
        if let Fact::SyncEnded(sync) = &fact
            && sync.error.is_none()
        {
            let synced_at_ms = &self.telemetry.synced_at_ms;
            synced_at_ms.store(sync.at_ms, Ordering::Relaxed);
        }
        self.report(|observer, reporter| observer.note(fact, reporter));
    }

    /// The time since the last successful sync of specs, in milliseconds.
    pub(crate) fn sync_age_ms(&self) -> Option<u64> {
        match self.telemetry.synced_at_ms.load(Ordering::Relaxed) {
            0 => None,
            synced_at_ms => Some(self.clock.now_ms().saturating_sub(synced_at_ms)),
        }
    }

    /// Reports the counters.
    pub(crate) fn look_at_health(&self) {
        let (memo_hits, memo_misses) = self.published.memo_counts();
        let health = Health {
            events: self.events.counters.stats(),
            memo_hits,
            memo_misses,
            typed_mismatches: self.telemetry.mismatches.total(),
            sync_age_ms: self.sync_age_ms(),
        };
        self.report(|observer, reporter| observer.look(health, reporter));
    }

    fn report(&self, observe: impl FnOnce(&mut Observer, &mut Reporter<'_>)) {
        let snapshot = self.published.load();
        let mut reporter = Reporter {
            sdk_key: self.identity.key.expose(),
            is_measured: self.options.is_measured(),
            is_diagnosed: self.options.is_diagnosed(),
            rates: &snapshot.settings.diagnostics,
            now_ms: self.clock.now_ms(),
            random: fastrand::f64(),
            reports: Vec::new(),
            event: None,
        };
        let telemetry = &self.telemetry;
        let mut observer = (telemetry.observer.lock()).unwrap_or_else(PoisonError::into_inner);
        observe(&mut observer, &mut reporter);
        drop(observer);
        for report in reporter.reports {
            if telemetry.to_reports.try_send(report).is_err() {
                telemetry.lost_reports.fetch_add(1, Ordering::Relaxed);
            }
        }
        if let Some(event) = reporter.event {
            // The exposure actor checks the queue every second, so no wake-up is needed.
            self.events.record(QueuedEvent::Other(Box::new(event)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observability::{ObservabilityClient, Tag};

    #[derive(Debug)]
    struct Ignoring;

    impl ObservabilityClient for Ignoring {
        fn increment(&self, _: &'static str, _: f64, _: &[Tag]) {}
        fn gauge(&self, _: &'static str, _: f64, _: &[Tag]) {}
        fn dist(&self, _: &'static str, _: f64, _: &[Tag]) {}
    }

    #[test]
    fn reports_beyond_the_limit_are_counted_as_lost() {
        let options = StatsigOptions::builder().observability_client(Arc::new(Ignoring));
        let shared = Shared::new("secret-key", options.build().unwrap());
        for _ in 0..MAX_REPORTS + 3 {
            shared.note(Fact::StreamMessage);
        }
        let telemetry = &shared.telemetry;
        assert_eq!(telemetry.take_lost_reports(), 3);
        assert_eq!(telemetry.take_lost_reports(), 0);
        assert_eq!(telemetry.reports.try_lock().unwrap().len(), MAX_REPORTS);
    }
}
