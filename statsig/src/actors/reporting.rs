//! The tasks that report about the SDK: one calls the observability clients, one reads the
//! counters. No actor owns them or waits for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::tasks::Tasks;
use crate::observability::ObservabilityClient;
use crate::shared::Shared;
use crate::targets;

/// The interval of reading the counters.
const HEALTH_INTERVAL: Duration = Duration::from_secs(10);

/// The tasks of one client.
#[derive(Debug)]
pub(super) struct Reporting {
    shared: Arc<Shared>,
    is_ending: watch::Sender<bool>,
    tasks: Tasks,
}

impl Reporting {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            is_ending: watch::Sender::new(false),
            tasks: Tasks::default(),
        }
    }

    /// Starts the tasks on the current runtime.
    pub(super) fn start(&self) {
        let new = || (Arc::clone(&self.shared), self.is_ending.subscribe());
        let (shared, is_ending) = new();
        self.tasks.spawn(tell_clients(shared, is_ending));
        let (shared, is_ending) = new();
        self.tasks.spawn(look_regularly(shared, is_ending));
    }

    /// Sends the remaining reports, for at most `limit`. Those that remain are dropped with the
    /// tasks.
    pub(super) async fn finish(&self, limit: Duration) {
        self.shared.look_at_health();
        self.is_ending.send_replace(true);
        self.tasks.ended_within(limit).await;
    }
}

async fn look_regularly(shared: Arc<Shared>, mut is_ending: watch::Receiver<bool>) {
    let ended = is_ending.wait_for(|is_ending| *is_ending);
    tokio::pin!(ended);
    loop {
        tokio::select! {
            _ = &mut ended => return,
            () = tokio::time::sleep(HEALTH_INTERVAL) => shared.look_at_health(),
        }
    }
}

async fn tell_clients(shared: Arc<Shared>, mut is_ending: watch::Receiver<bool>) {
    let clients = &shared.options.observability_clients;
    for client in clients {
        guarded(client, |client| client.init());
    }
    let mut reports = shared.telemetry.reports.lock().await;
    loop {
        let report = tokio::select! {
            biased;
            report = reports.recv() => report,
            _ = is_ending.wait_for(|is_ending| *is_ending) => reports.try_recv().ok(),
        };
        let Some(report) = report else {
            return;
        };
        for client in clients {
            guarded(client, |client| report.send(client));
        }
        let lost = shared.telemetry.take_lost_reports();
        if lost > 0 {
            tracing::warn!(
                target: targets::OBSERVABILITY,
                lost,
                "the observability clients are too slow: measurements were lost"
            );
        }
    }
}

/// Calls code of the application and contains its panics.
fn guarded(client: &Arc<dyn ObservabilityClient>, call: impl FnOnce(&dyn ObservabilityClient)) {
    if catch_unwind(AssertUnwindSafe(|| call(&**client))).is_err() {
        tracing::error!(target: targets::OBSERVABILITY, "an observability client panicked");
    }
}
