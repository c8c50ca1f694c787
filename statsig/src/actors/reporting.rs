//! The tasks that report about the SDK: one calls the observability clients, one reads the
//! counters. They belong to no actor and delay none.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::observability::ObservabilityClient;
use crate::observability::outlet::Outlet;
use crate::shared::Shared;
use crate::targets;

/// The interval of reading the counters.
const HEALTH_INTERVAL: Duration = Duration::from_secs(10);

/// The tasks of one client.
#[derive(Debug)]
pub(super) struct Reporting {
    shared: Arc<Shared>,
    is_ending: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

impl Reporting {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            is_ending: watch::Sender::new(false),
            tasks: Mutex::default(),
        }
    }

    /// Starts the tasks on the current runtime.
    pub(super) fn start(&self) {
        let mut tasks = self.tasks();
        tasks.spawn(tell_clients(
            Arc::clone(&self.shared),
            self.is_ending.subscribe(),
        ));
        tasks.spawn(look_regularly(
            Arc::clone(&self.shared),
            self.is_ending.subscribe(),
        ));
    }

    /// Sends the remaining reports, for at most `limit`.
    pub(super) async fn finish(&self, limit: Duration) {
        self.shared.look_at_health();
        self.is_ending.send_replace(true);
        let mut tasks = mem::take(&mut *self.tasks());
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        // Reports that remain are dropped with the tasks.
        let _ = tokio::time::timeout(limit, all_ended).await;
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The next item, or `None` when the tasks are ending and nothing is left.
async fn next<T>(outlet: &Outlet<T>, is_ending: &mut watch::Receiver<bool>) -> Option<T> {
    loop {
        // Read before looking for an item, so that the last ones are not missed.
        let is_last_look = *is_ending.borrow();
        if let Some(item) = outlet.take() {
            return Some(item);
        }
        if is_last_look {
            return None;
        }
        tokio::select! {
            () = outlet.filled() => {}
            _ = is_ending.changed() => {}
        }
    }
}

async fn tell_clients(shared: Arc<Shared>, mut is_ending: watch::Receiver<bool>) {
    let clients = &shared.options.observability_clients;
    for client in clients {
        guarded(client, |client| client.init());
    }
    while let Some(report) = next(&shared.telemetry.reports, &mut is_ending).await {
        for client in clients {
            guarded(client, |client| report.send(client));
        }
        let lost = shared.telemetry.reports.take_lost();
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
