//! Tasks that report to an actor, and tasks that belong to none.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::abort_on_drop::AbortOnDrop;
use super::actor::Address;

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
    AbortOnDrop::new(&tokio::spawn(async move {
        let _guard = guard;
        to.cast(to_message(work.await.ok()));
    }))
}

/// Casts a message when dropped: at the end of a task, whether it returns, panics or is aborted.
#[derive(Debug)]
pub(super) struct CastOnDrop<M: Send + 'static> {
    to: Address<M>,
    message: Option<M>,
}

impl<M: Send + 'static> CastOnDrop<M> {
    pub(super) fn new(to: &Address<M>, message: M) -> Self {
        Self {
            to: to.clone(),
            message: Some(message),
        }
    }
}

impl<M: Send + 'static> Drop for CastOnDrop<M> {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            self.to.cast(message);
        }
    }
}

/// The tasks that post batches. They belong to no actor, so a crash does not end them.
#[derive(Debug, Default)]
pub(super) struct PostTasks {
    tasks: Mutex<JoinSet<()>>,
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

    /// Starts a task. The outbox limits how many run at a time.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Aborts all, and waits up to `limit` for them to give their batches back.
    pub(super) async fn abort_all(&self, limit: Duration) {
        let mut tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.abort_all();
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        // A task that does not end in time gives its batch back later.
        let _ = tokio::time::timeout(limit, all_ended).await;
    }
}

/// The time of the runtime, which tests simulate.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
