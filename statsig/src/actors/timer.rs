//! One-shot timers and tasks that end with their owner.

use std::time::Duration;

use ractor::{ActorRef, Message};
use tokio::task::{AbortHandle, JoinHandle};

/// Cancels a timer or a task when dropped or replaced. (Dropping a `JoinHandle` would let it run on.)
#[derive(Debug)]
pub(super) struct AbortOnDrop(AbortHandle);

impl AbortOnDrop {
    pub(super) fn new<T>(task: &JoinHandle<T>) -> Self {
        Self(task.abort_handle())
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends the actor one message after a pause, unless the returned guard is dropped before.
#[must_use = "dropping the guard cancels the timer"]
pub(super) fn cast_after<M: Message>(
    actor: &ActorRef<M>,
    pause: Duration,
    message: M,
) -> AbortOnDrop {
    AbortOnDrop::new(&actor.send_after(pause, move || message))
}
