//! Reports of dropped events: to the log, and to the application's hook.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::counters::DroppedEvents;
use crate::options::DropHook;
use crate::shared::Shared;

/// Logs the losses that are due, and calls the hook on a thread where it may take its time.
pub(super) fn report(shared: &Arc<Shared>) {
    shared.events.log_losses();
    // Detached: nothing waits for the hook.
    drop(call_hook(shared));
}

/// As [`report`], for the last time: waits for the hook, up to `limit`.
pub(super) async fn report_last(shared: &Arc<Shared>, limit: Duration) {
    shared.events.log_last_losses();
    if let Some(call) = call_hook(shared) {
        let _ = tokio::time::timeout(limit, call).await;
    }
}

fn call_hook(shared: &Arc<Shared>) -> Option<JoinHandle<()>> {
    let hook = shared.options.on_events_dropped.clone()?;
    let dropped = shared.events.counters.take_unreported();
    let report = Unreported {
        shared: Arc::clone(shared),
        dropped: Some(dropped),
    };
    (dropped.total() > 0).then(|| tokio::task::spawn_blocking(move || report.pass_to(&hook)))
}

/// Drops that the hook does not know yet. If it is not called, because the runtime ends, the next
/// report has them.
struct Unreported {
    shared: Arc<Shared>,
    dropped: Option<DroppedEvents>,
}

impl Unreported {
    fn pass_to(mut self, hook: &DropHook) {
        if let Some(dropped) = self.dropped.take() {
            hook.call(&dropped);
        }
    }
}

impl Drop for Unreported {
    fn drop(&mut self) {
        if let Some(dropped) = self.dropped.take() {
            self.shared.events.counters.put_back_unreported(&dropped);
        }
    }
}
