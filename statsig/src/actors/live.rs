//! Reaching an actor across its restarts.

use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::actor::{ActorId, Address};

/// A message that crashed its actor this often is not sent again.
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// Where an actor lives now: its supervisor sets this at each start, and clears it at each end.
pub(super) type AddressSender<M> = watch::Sender<Option<Address<M>>>;

/// Reaches the actor that lives now, whichever that is.
#[derive(Debug)]
pub(super) struct Live<M>(watch::Receiver<Option<Address<M>>>);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    TimedOut,
    /// The actor crashed in each attempt, or all actors have ended.
    Crashed,
}

impl<M: Send + 'static> Live<M> {
    /// For an actor that does not live yet.
    pub(super) fn channel() -> (AddressSender<M>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    /// Casts, if the actor lives.
    pub(super) fn cast(&self, message: M) {
        if let Some(actor) = &*self.0.borrow() {
            actor.cast(message);
        }
    }

    /// Waits for the reply to a message, and for the actor to live before. When it ends without a
    /// reply, it has crashed: then its successor gets the message, up to so many attempts in all.
    pub(super) async fn ask<T>(
        &self,
        attempts: u32,
        limit: Duration,
        message: impl Fn(oneshot::Sender<T>) -> M,
    ) -> Result<T, Unanswered> {
        let asking = async {
            let mut crashed = None;
            for _ in 0..attempts {
                let actor = self.successor_of(crashed).await?;
                if let Some(answer) = actor.call(&message).await {
                    return Some(answer);
                }
                crashed = Some(actor.id());
            }
            None
        };
        match timeout(limit, asking).await {
            Ok(answer) => answer.ok_or(Unanswered::Crashed),
            Err(_) => Err(Unanswered::TimedOut),
        }
    }

    /// Waits for an actor to live that is not this one. `None` when there will be none.
    async fn successor_of(&self, crashed: Option<ActorId>) -> Option<Address<M>> {
        let is_other = |actor: &Address<M>| Some(actor.id()) != crashed;
        let mut address = self.0.clone();
        let address = address.wait_for(|now| now.as_ref().is_some_and(is_other));
        address.await.ok()?.clone()
    }
}
