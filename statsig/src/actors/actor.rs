//! What an actor is here. The only file that names ractor, which runs the actors.
//!
//! Features of ractor change its traits, and Cargo unifies features: any crate of an application
//! can enable them for our copy, too. So nothing here depends on them:
//!
//! * `async-trait` changes the signatures of `ractor::Actor`. [`Hosted`] implements it through
//!   `#[ractor::actor]`, which writes the form that ractor was built with.
//! * `cluster` asks for an implementation of `ractor::Message`, which every type has otherwise.
//!   [`Envelope`] gets it through `BytesConvertable`.

use std::error::Error;
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use ractor::{ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;

use super::abort_on_drop::AbortOnDrop;
#[cfg(any(test, feature = "testing"))]
use crate::transport::BoxFuture;

/// Tells actors apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ActorId(ractor::ActorId);

/// Why an actor could not start.
pub(super) type StartError = Box<dyn Error + Send + Sync>;

/// The state of an actor, and what it does with messages. It handles one message at a time.
///
/// If a method panics, the actor ends, and its supervisor gets [`child_ended`](Self::child_ended).
pub(super) trait Actor: Sized + Send + 'static {
    type Message: Send + 'static;
    type Arguments: Send + 'static;

    /// Makes the state. Runs in the task of the caller that starts the actor.
    fn start(
        me: Address<Self::Message>,
        arguments: Self::Arguments,
    ) -> impl Future<Output = Result<Self, StartError>> + Send;

    /// Must not await the network.
    fn handle(&mut self, message: Self::Message) -> impl Future<Output = ()> + Send;

    /// A child of this actor ended: it stopped or crashed.
    fn child_ended(&mut self, _id: ActorId, _why: &str) {}
}

/// What an actor does in a test instead of handling messages. An error ends it, as a bug would.
#[cfg(any(test, feature = "testing"))]
pub(crate) type Disturbance = BoxFuture<'static, Result<(), &'static str>>;

/// Starts an actor without a parent.
pub(super) async fn spawn<A: Actor>(
    arguments: A::Arguments,
) -> Result<Address<A::Message>, StartError> {
    let (actor, _) = ractor::Actor::spawn(None, Hosted::<A>(PhantomData), arguments).await?;
    Ok(Address(actor))
}

/// Where one actor gets its messages. It outlives the actor; messages to one that ended are
/// dropped.
#[derive(Debug)]
pub(super) struct Address<M>(ActorRef<Envelope<M>>);

impl<M> Clone for Address<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Send + 'static> Address<M> {
    pub(super) fn id(&self) -> ActorId {
        ActorId(self.0.get_id())
    }

    pub(super) fn cast(&self, message: M) {
        self.put(Envelope::Message(message));
    }

    /// Casts after a pause, unless the returned guard is dropped before.
    #[must_use = "dropping the guard cancels the timer"]
    pub(super) fn cast_after(&self, pause: Duration, message: M) -> AbortOnDrop {
        let me = self.clone();
        AbortOnDrop::spawn(async move {
            tokio::time::sleep(pause).await;
            me.cast(message);
        })
    }

    /// Waits for the reply to a message. `None` if the actor ended without one.
    pub(super) async fn call<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> M) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.cast(message(reply));
        answer.await.ok()
    }

    /// Starts an actor as a child of this one. When this one ends, its children are killed.
    pub(super) async fn spawn_child<A: Actor>(
        &self,
        arguments: A::Arguments,
    ) -> Result<Address<A::Message>, StartError> {
        let (child, parent) = (Hosted::<A>(PhantomData), self.0.get_cell());
        let (actor, _) = ractor::Actor::spawn_linked(None, child, arguments, parent).await?;
        Ok(Address(actor))
    }

    /// Has the actor end after the message that it handles now. Does not wait.
    pub(super) fn stop(&self) {
        self.0.stop(None);
    }

    /// Waits for the actor to end, and ends it by force after `limit`.
    pub(super) async fn ended_within(&self, limit: Duration) {
        if self.0.wait(Some(limit)).await.is_err() {
            self.0.kill();
        }
    }

    pub(super) async fn ended(&self) {
        // Fails only with a limit.
        let _ = self.0.wait(None).await;
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn disturb(&self, disturbance: Disturbance) {
        self.put(Envelope::Disturbance(disturbance));
    }

    fn put(&self, envelope: Envelope<M>) {
        // Refused only when the actor has ended.
        let _ = self.0.cast(envelope);
    }
}

/// Runs an [`Actor`] on ractor.
struct Hosted<A>(PhantomData<fn() -> A>);

#[ractor::actor(
    message = Envelope<A::Message>, state = A, arguments = A::Arguments, crate_path = ractor
)]
impl<A: Actor> Hosted<A> {
    async fn pre_start(
        &self,
        me: ActorRef<Envelope<A::Message>>,
        arguments: A::Arguments,
    ) -> Result<A, ActorProcessingErr> {
        A::start(Address(me), arguments).await
    }

    async fn handle(
        &self,
        _: ActorRef<Envelope<A::Message>>,
        envelope: Envelope<A::Message>,
        actor: &mut A,
    ) -> Result<(), ActorProcessingErr> {
        match envelope {
            Envelope::Message(message) => actor.handle(message).await,
            #[cfg(any(test, feature = "testing"))]
            Envelope::Disturbance(disturbance) => disturbance.await?,
            Envelope::Foreign => {}
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Envelope<A::Message>>,
        event: SupervisionEvent,
        actor: &mut A,
    ) -> Result<(), ActorProcessingErr> {
        let (child, why) = match event {
            SupervisionEvent::ActorFailed(child, error) => (child, error.to_string()),
            SupervisionEvent::ActorTerminated(child, _, reason) => {
                (child, reason.unwrap_or_else(|| "stopped".to_owned()))
            }
            // With `cluster` there are more of these.
            _ => return Ok(()),
        };
        actor.child_ended(ActorId(child.get_id()), &why);
        Ok(())
    }
}

/// What ractor delivers to [`Hosted`].
enum Envelope<M> {
    Message(M),
    #[cfg(any(test, feature = "testing"))]
    Disturbance(Disturbance),
    /// Came from another node of a cluster. Our actors take no part in one.
    Foreign,
}

/// Stands in for the trait of this name that ractor has with `cluster` only.
#[allow(dead_code, reason = "not used with `cluster`")]
trait BytesConvertable {
    fn into_bytes(self) -> Vec<u8>;
    fn from_bytes(bytes: Vec<u8>) -> Self;
}

const _: () = {
    // If ractor has the trait, its name is found here, before the one above.
    #[allow(unused_imports, reason = "used with `cluster`")]
    use ractor::*;

    impl<M> BytesConvertable for Envelope<M> {
        fn into_bytes(self) -> Vec<u8> {
            Vec::new()
        }

        fn from_bytes(_: Vec<u8>) -> Self {
            Self::Foreign
        }
    }
};
