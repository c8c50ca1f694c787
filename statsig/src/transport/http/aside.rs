//! Blocking work on a thread of its own. Several callers can wait for its result, and no runtime
//! waits for the thread.

use std::io;
use std::thread;

use tokio::sync::watch;

/// The result; `None` while the work runs.
pub(super) type Running<T> = watch::Receiver<Option<T>>;

pub(super) fn start<T: Send + Sync + 'static>(
    thread: thread::Builder,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Running<T>> {
    let (done, running) = watch::channel(None);
    thread.spawn(move || {
        done.send_replace(Some(work()));
    })?;
    Ok(running)
}

/// Whether a result may still come. False, too, if the work panicked.
pub(super) fn is_running<T>(running: &Running<T>) -> bool {
    running.borrow().is_none() && running.has_changed().is_ok()
}

/// Waits for the result. `None` if the work panicked.
pub(super) async fn result<T: Clone>(mut running: Running<T>) -> Option<T> {
    running.wait_for(Option::is_some).await.ok()?.clone()
}
