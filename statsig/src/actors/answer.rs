//! A task's answer to its actor.

use ractor::{ActorRef, Message};

/// The duty of a task to answer, even if what it calls panics. Dropped otherwise, as when the task is aborted, it says nothing.
#[derive(Debug)]
pub(super) struct Answer<M: Message> {
    to: ActorRef<M>,
    after_panic: Option<M>,
}

impl<M: Message> Answer<M> {
    /// An answer that is still owed, and what is said after a panic.
    pub(super) fn new(to: &ActorRef<M>, after_panic: M) -> Self {
        Self {
            to: to.clone(),
            after_panic: Some(after_panic),
        }
    }

    pub(super) fn give(mut self, message: M) {
        self.after_panic = None;
        // Refused only when the actor is gone, and with it the wish for an answer.
        let _ = self.to.cast(message);
    }
}

impl<M: Message> Drop for Answer<M> {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(message) = self.after_panic.take()
        {
            let _ = self.to.cast(message);
        }
    }
}
