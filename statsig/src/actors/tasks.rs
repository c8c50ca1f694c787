//! Tasks that report to an actor, and tasks that belong to none.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::abort_on_drop::AbortOnDrop;
use super::actor::Address;
use super::messages::ExposureMessage;

/// Starts work in a task, and casts what `to_message` makes of its result: `None` after a panic.
/// Nothing is cast if the returned guard is dropped before.
#[must_use = "dropping the guard cancels the work"]
pub(super) fn cast_result<T: Send + 'static, M: Send + 'static>(
    to: &Address<M>,
    work: impl Future<Output = T> + Send + 'static,
    to_message: impl FnOnce(Option<T>) -> M + Send + 'static,
) -> AbortOnDrop {
    let work = tokio::spawn(work);
    let guard = AbortOnDrop::new(&work);
    let to = to.clone();
    AbortOnDrop::spawn(async move {
        let _guard = guard;
        to.cast(to_message(work.await.ok()));
    })
}

/// Has the exposure actor look for work when dropped: at the end of a task, whether it returns,
/// panics or is aborted.
#[derive(Debug)]
pub(super) struct LookOnDrop(pub(super) Address<ExposureMessage>);

impl Drop for LookOnDrop {
    fn drop(&mut self) {
        self.0.cast(ExposureMessage::Look);
    }
}

/// Starts blocking work for the exposure actor, which looks for more when it ends. Detached: the
/// work is bounded and settles its events itself.
pub(super) fn start_blocking(
    actor: &Address<ExposureMessage>,
    work: impl FnOnce() + Send + 'static,
) {
    let look = LookOnDrop(actor.clone());
    drop(tokio::task::spawn_blocking(move || {
        let _look = look;
        work();
    }));
}

/// Tasks that belong to no actor, so a crash does not end them.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.lock();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    pub(super) fn abort_all(&self) {
        self.lock().abort_all();
    }

    /// Waits up to `limit` for all to end, and aborts the others.
    pub(super) async fn ended_within(&self, limit: Duration) {
        let mut tasks = std::mem::take(&mut *self.lock());
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limit, all_ended).await;
    }
}

/// The tasks that post batches. The outbox limits how many run at a time.
#[derive(Debug, Default)]
pub(super) struct PostTasks {
    pub(super) tasks: Tasks,
    /// Posts of events numbered below this stop.
    interrupted_to: watch::Sender<u64>,
}

impl PostTasks {
    /// Stops the posts that run now, if their first event is numbered below the mark.
    pub(super) fn interrupt(&self, mark: u64) {
        self.interrupted_to.send_replace(mark);
    }

    /// Returns when a post that begins now, with this first event, must stop.
    pub(super) fn interruption(&self, first: u64) -> impl Future<Output = ()> + Send + use<> {
        let mut interrupted_to = self.interrupted_to.subscribe();
        async move {
            while interrupted_to.changed().await.is_ok() {
                if first < *interrupted_to.borrow() {
                    return;
                }
            }
            std::future::pending().await
        }
    }
}

/// The time of the runtime, which tests simulate.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
