//! Reaching an actor across its restarts.

use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::actor::{ActorId, Address};

/// A message that crashed its actor this often is not sent again.
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// Where an actor lives now: its supervisor sets this at each start, and clears it at each end.
pub(super) type AddressSender<M> = watch::Sender<Option<Address<M>>>;

/// Reaches the actor that lives now: the first one, or its successor after a crash.
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

    /// Disturbs the actor, if it lives. The returned future ends when the actor has ended.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn disturb(
        &self,
        work: super::Disturbance,
    ) -> Option<crate::transport::BoxFuture<'static, ()>> {
        let mut address = self.0.clone();
        address.borrow_and_update().as_ref()?.disturb(work);
        // Fails only if the supervisor ends.
        Some(Box::pin(async move { drop(address.changed().await) }))
    }

    /// Waits for an actor to live that is not this one. `None` when there will be none.
    async fn successor_of(&self, crashed: Option<ActorId>) -> Option<Address<M>> {
        let is_other = |actor: &Address<M>| Some(actor.id()) != crashed;
        let mut address = self.0.clone();
        let address = address.wait_for(|now| now.as_ref().is_some_and(is_other));
        address.await.ok()?.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::actor::{Actor, StartError, spawn};
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// Replies to every message, or to none.
    struct Echo {
        is_mute: bool,
    }

    impl Actor for Echo {
        type Message = oneshot::Sender<()>;
        type Arguments = bool;

        async fn start(_: Address<Self::Message>, is_mute: bool) -> Result<Self, StartError> {
            Ok(Self { is_mute })
        }

        async fn handle(&mut self, reply: Self::Message) {
            if !self.is_mute {
                reply.send(()).unwrap();
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_goes_to_the_successor_up_to_the_attempts() {
        for (mute, attempts, expected) in [
            (0, 1, Ok(())),
            (2, 3, Ok(())),
            (3, 3, Err(Unanswered::Crashed)),
        ] {
            let (sender, live) = Live::channel();
            let asking =
                tokio::spawn(async move { live.ask(attempts, LIMIT, |reply| reply).await });
            for number in 0..=mute {
                let actor = spawn::<Echo>(number < mute).await.unwrap();
                sender.send_replace(Some(actor));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            assert_eq!(asking.await.unwrap(), expected, "{mute}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_actor_the_time_passes_and_without_a_supervisor_nobody_waits() {
        let (sender, live) = Live::<oneshot::Sender<()>>::channel();
        let answer = live.ask(1, LIMIT, |reply| reply).await;
        assert_eq!(answer, Err(Unanswered::TimedOut));
        drop(sender);
        let started = tokio::time::Instant::now();
        let answer = live.ask(1, LIMIT, |reply| reply).await;
        assert_eq!(answer, Err(Unanswered::Crashed));
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
