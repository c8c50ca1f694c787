//! Pausing and crashing single actors of a client.

use std::fmt;

use tokio::sync::oneshot;

pub use crate::actors::ActorName as Actor;
use crate::client::Statsig;

/// An actor that handles nothing until this is dropped. Made by [`pause`].
#[must_use = "the actor resumes when it is dropped"]
pub struct PausedActor {
    actor: Actor,
    _resume: oneshot::Sender<()>,
}

impl fmt::Debug for PausedActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PausedActor").field(&self.actor).finish()
    }
}

/// Pauses an actor of a client, as if it were stuck. Returns when the actor has finished what it
/// was doing. It handles nothing until the returned value is dropped; then it catches up.
///
/// Meanwhile:
///
/// - Reads continue with the specs in use, and record their exposures. No event is lost unless more
///   are recorded than [`event_queue_capacity`](crate::StatsigOptionsBuilder::event_queue_capacity)
///   holds.
/// - A call that needs the actor waits: [`flush_events`](Statsig::flush_events) for
///   [`Actor::Exposure`], [`refresh`](Statsig::refresh) for [`Actor::SpecSync`].
/// - A shutdown does not wait: it ends the actor by force.
///
/// ```
/// use std::time::Duration;
///
/// use statsig::testing::{self, Actor, Specs};
/// use statsig::{Event, StatsigUser};
///
/// // #[tokio::test(start_paused = true)]
/// async fn a_stuck_sender_loses_no_event() {
///     let test = testing::client(Specs::new()).await;
///     let ann = StatsigUser::with_user_id("ann");
///
///     let paused = testing::pause(&test, Actor::Exposure).await;
///     test.log_event(&ann, Event::new("add_to_cart"));
///     tokio::time::sleep(Duration::from_secs(3_600)).await;
///     assert!(test.network.events().is_empty());
///
///     drop(paused);
///     assert_eq!(test.logged().await.named("add_to_cart").of(&ann).len(), 1);
/// }
/// # let mut builder = tokio::runtime::Builder::new_current_thread();
/// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
/// # runtime.block_on(a_stuck_sender_loses_no_event());
/// ```
///
/// # Panics
/// If the actor does not run: the client is not initialised or was shut down, ID lists are
/// disabled, or the actor crashed and waits for its restart.
pub async fn pause(statsig: &Statsig, actor: Actor) -> PausedActor {
    let (resume, resumed) = oneshot::channel::<()>();
    let (pause, paused) = oneshot::channel();
    let busy = Box::pin(async move {
        let _ = pause.send(());
        // Ends with an error when the guard is dropped.
        let _ = resumed.await;
        Ok(())
    });
    let runs = statsig.disturb(actor, busy).is_some() && paused.await.is_ok();
    assert_runs(actor, runs);
    PausedActor {
        actor,
        _resume: resume,
    }
}

/// Crashes an actor of a client, as if it had a bug. Returns when the actor has ended.
///
/// The supervisor logs an error and restarts the actor after 100 ms; if it crashes again within a
/// minute, after 200 ms, and so on up to 30 s. [`Statsig::restarts`] counts the restarts. Until
/// then, reads continue with the specs in use. No recorded event is lost: the next actor finds the
/// queue and the batches as they were. Specs that arrive are applied later.
///
/// ```
/// use std::time::Duration;
///
/// use statsig::testing::{self, Actor, Specs};
/// use statsig::{Event, StatsigUser};
///
/// // #[tokio::test(start_paused = true)]
/// async fn a_crash_loses_no_event() {
///     let test = testing::client(Specs::new()).await;
///     let ann = StatsigUser::with_user_id("ann");
///     test.log_event(&ann, Event::new("before"));
///     testing::crash(&test, Actor::Exposure).await;
///     test.log_event(&ann, Event::new("during"));
///
///     tokio::time::sleep(Duration::from_secs(1)).await;
///     assert_eq!(test.restarts(), 1);
///     let logged = test.logged().await;
///     assert_eq!(logged.named("before").of(&ann).len(), 1);
///     assert_eq!(logged.named("during").of(&ann).len(), 1);
/// }
/// # let mut builder = tokio::runtime::Builder::new_current_thread();
/// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
/// # runtime.block_on(a_crash_loses_no_event());
/// ```
///
/// # Panics
/// If the actor does not run: the client is not initialised or was shut down, ID lists are
/// disabled, or the actor crashed and waits for its restart.
pub async fn crash(statsig: &Statsig, actor: Actor) {
    let ended = statsig.disturb(actor, Box::pin(async { Err("crashed on request") }));
    assert_runs(actor, ended.is_some());
    if let Some(ended) = ended {
        ended.await;
    }
}

fn assert_runs(actor: Actor, runs: bool) {
    assert!(
        runs,
        "expected the actor {actor:?} of an initialised client, found none: the client was not \
         initialised or was shut down, ID lists are disabled, or the actor crashed and waits for \
         its restart"
    );
}
