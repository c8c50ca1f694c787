//! A guard of a timer or a task, which ends with the owner of the guard.

use tokio::task::{AbortHandle, JoinHandle};

/// Cancels a timer or a task when dropped or replaced. (Dropping a `JoinHandle` lets it run on.)
#[derive(Debug)]
pub(super) struct AbortOnDrop(AbortHandle);

impl AbortOnDrop {
    pub(super) fn new<T>(task: &JoinHandle<T>) -> Self {
        Self(task.abort_handle())
    }

    pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::new(&tokio::spawn(task))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
