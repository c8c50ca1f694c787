//! Reports of dropped events: to the log, and to the application's hook.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

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

/// If the runtime ends before the hook is called, the next report has the drops.
fn call_hook(shared: &Arc<Shared>) -> Option<JoinHandle<()>> {
    let hook = shared.options.on_events_dropped.clone()?;
    let counters = Arc::clone(&shared.events.counters);
    let has_news = counters.has_unreported();
    let call = move || {
        let dropped = counters.take_unreported();
        if dropped.total() > 0 {
            hook.call(&dropped);
        }
    };
    has_news.then(|| tokio::task::spawn_blocking(call))
}
