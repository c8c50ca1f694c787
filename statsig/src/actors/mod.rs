//! The actors: the owners of all mutable state. [`Handle`] is the only door to them.
//!
//! ```text
//! Supervisor ─┬─ SpecSync     when and where from: interval, retries, fallback
//!             ├─ IdListSync   the same for ID lists, if they are enabled
//!             ├─ Evaluation   compiles payloads, publishes snapshots
//!             └─ Exposure     drains the queue, has batches sealed and posted
//! ```
//!
//! Siblings do not know each other: an address goes stale at a restart, so messages between them pass through the supervisor.
//! What must survive a crash is in [`Shared`] or [`Tree`]; an actor's own state may be lost at any time.

mod answer;
#[cfg(any(test, feature = "testing"))]
mod disturbance;
mod evaluation;
mod exposure;
mod id_list_sync;
mod initialization;
mod observed;
mod posting;
mod reporting;
mod restart;
mod retired;
mod schemas;
mod spec_sync;
mod spooling;
mod supervisor;
mod timer;
mod tree;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{Actor, ActorRef, RpcReplyPort};
use tokio::runtime;
use tokio::sync::{Mutex, Semaphore, watch};

#[cfg(any(test, feature = "testing"))]
pub use self::disturbance::{ActorName, Disturbance};
use self::initialization::within;
use self::supervisor::{SupervisorActor, SupervisorMsg};
use self::tree::{Life, Tree};
use crate::counters::{EventStats, ShutdownReport};
use crate::error::StatsigError;
use crate::initialize_details::InitializeDetails;
use crate::shared::Shared;

/// Callers that may wait for a flush or a refresh at the same time; further ones wait for their turn.
const MAX_CALLERS: usize = 64;
/// The longest a flush may take. Each batch gets one attempt.
const FLUSH_LIMIT: Duration = Duration::from_secs(60);
/// The longest a refresh may take: it may have to wait for a background sync with all its attempts.
const REFRESH_LIMIT: Duration = Duration::from_secs(120);
/// How long a shutdown may take, unless said otherwise, and how long the client goes on after its last handle was dropped.
pub(crate) const SHUTDOWN_LIMIT: Duration = Duration::from_secs(3);
/// What closing the data store may take even when nothing is left of a shutdown's limit.
const STORE_CLOSE_LIMIT: Duration = Duration::from_millis(500);
/// What a shutdown may take beyond its limit, for stopping what does not wait for the network.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// The only door to the actors of one client. Cheap to clone. When the last clone is dropped, the actors shut down in the
/// background, within [`SHUTDOWN_LIMIT`].
///
/// Its methods may be awaited from any executor: the work happens on the runtime that the actors were started on. Once that
/// is gone they answer with an error.
#[derive(Debug, Clone)]
pub(crate) struct Handle(Arc<Door>);

#[derive(Debug)]
struct Door {
    tree: Arc<Tree>,
    supervisor: ActorRef<SupervisorMsg>,
    runtime: runtime::Handle,
    callers: Arc<Semaphore>,
    /// Gone together with the supervisor, however it ended.
    life: Weak<Life>,
    /// Held during a shutdown, so that all who ask get the same report.
    report: Mutex<Option<ShutdownReport>>,
    /// Each [`end`](Door::end) that is under way holds a receiver, whether somebody waits for it or not.
    ends: watch::Sender<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        let shared = &self.tree.shared;
        // In a forked process there is nobody to stop, and a lock within the runtime may be held for ever.
        if !shared.home.is_surely_here() {
            self.leave_to_parent();
        // After a shutdown, the actors have ended, or are about to.
        } else if self.life.strong_count() > 0 && !shared.events.is_closed() {
            shared.close();
            // The handle is let go. If the runtime ends before, what is left is counted and logged as lost.
            drop(self.runtime.spawn(self.end(SHUTDOWN_LIMIT)));
        }
    }
}

impl Door {
    fn leave_to_parent(&self) {
        if let Some(spool) = &self.tree.spool {
            spool.leave_to_parent();
        }
    }

    /// Has the actors send what is left and end, within `limit`, and closes the data store. `None` if the supervisor is gone.
    fn end(&self, limit: Duration) -> impl Future<Output = Option<ShutdownReport>> + Send + use<> {
        let supervisor = self.supervisor.clone();
        let data_store = self.tree.data_store.clone();
        let under_way = self.ends.subscribe();
        async move {
            let _under_way = under_way;
            let started = tokio::time::Instant::now();
            let answer = supervisor
                .call(
                    |reply| SupervisorMsg::Shutdown { limit, reply },
                    Some(limit.saturating_add(SHUTDOWN_GRACE)),
                )
                .await;
            if supervisor.wait(Some(SHUTDOWN_GRACE)).await.is_err() {
                supervisor.kill();
            }
            if let Some(store) = data_store {
                let left = limit.saturating_sub(started.elapsed());
                store.close(left.max(STORE_CLOSE_LIMIT)).await;
            }
            match answer {
                Ok(CallResult::Success(report)) => Some(report),
                _ => None,
            }
        }
    }
}

/// Whether the current runtime has timers. Tokio only tells by panicking.
fn has_timers() -> bool {
    std::panic::catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok()
}

/// Starts the actors on the current runtime. The first sync begins at once.
///
/// # Errors
/// Outside of a tokio runtime, and in one without timers.
pub(crate) async fn start(shared: Arc<Shared>) -> Result<Handle, StatsigError> {
    let runtime = runtime::Handle::try_current().map_err(|_| StatsigError::NoRuntime)?;
    if !has_timers() {
        return Err(StatsigError::NoTimers);
    }
    shared.reopen();
    let (tree, life) = Tree::new(shared);
    let (tree, life) = (Arc::new(tree), Arc::new(life));
    let weak_life = Arc::downgrade(&life);
    let (supervisor, _) = Actor::spawn(None, SupervisorActor, (Arc::clone(&tree), life))
        .await
        .map_err(|_| StatsigError::Interrupted {
            during: "starting the actors",
        })?;
    Ok(Handle(Arc::new(Door {
        tree,
        supervisor,
        runtime,
        callers: Arc::new(Semaphore::new(MAX_CALLERS)),
        life: weak_life,
        report: Mutex::new(None),
        ends: watch::Sender::default(),
    })))
}

impl Handle {
    /// Whether the actors exist. They do not after a shutdown, nor when their runtime is gone.
    pub(crate) fn is_alive(&self) -> bool {
        self.0.life.strong_count() > 0
    }

    /// Waits for the actors to end, and for what ended them to have closed the data store. Keeps nothing alive.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let (supervisor, ends) = (self.0.supervisor.clone(), self.0.ends.clone());
        async move {
            // Without a limit it does not fail.
            let _ = supervisor.wait(None).await;
            ends.closed().await;
        }
    }

    /// In a forked process: closes the files that the parent works with, so that nothing stays locked when it ends.
    pub(crate) fn leave_to_parent(&self) {
        self.0.leave_to_parent();
    }

    /// Waits for the first syncs of specs and ID lists to end, but not longer than the options allow, and returns how the start
    /// went, by what is known now. Syncing goes on in any case.
    ///
    /// # Errors
    /// When the actors ended meanwhile.
    pub(crate) async fn initialized(&self) -> Result<InitializeDetails, StatsigError> {
        let tree = Arc::clone(&self.0.tree);
        let supervisor = self.0.supervisor.clone();
        let first_syncs = async move {
            let limit = tree.shared.options.init_timeout;
            tokio::select! {
                biased;
                // A limit that passes is among what is recorded.
                _ = within(limit, tree.first_syncs_over()) => Some(tree.record_initialization()),
                _ = supervisor.wait(None) => None,
            }
        };
        match self.run(first_syncs).await {
            Some(Some(details)) => Ok(InitializeDetails::clone(&details)),
            _ if self.0.tree.shared.events.is_closed() => Err(StatsigError::ShutDown),
            Some(None) => Err(StatsigError::Interrupted {
                during: "initialising",
            }),
            None => Err(StatsigError::RuntimeGone),
        }
    }

    /// How the start went; `None` while it is under way. Takes no lock.
    pub(crate) fn initialize_details(&self) -> Option<Arc<InitializeDetails>> {
        self.0.tree.initialization.details()
    }

    /// Fetches specs now, or joins the sync that is under way.
    ///
    /// # Errors
    /// When no source has specs, or the client has been shut down.
    pub(crate) async fn refresh(&self) -> Result<(), StatsigError> {
        self.call("refreshing specs", REFRESH_LIMIT, SupervisorMsg::Refresh)
            .await?
            .map_err(|error| {
                let reason = error.to_string();
                if self.0.tree.shared.published.load().specs.time == 0 {
                    StatsigError::NoSpecs { reason }
                } else {
                    StatsigError::SyncFailed { reason }
                }
            })
    }

    /// The queue reached its high-water mark. Does not wait; works from any thread.
    pub(crate) fn nudge(&self) {
        // Refused only when the actors are gone: then nobody drains the queue, and what it cannot hold is counted.
        let _ = self.0.supervisor.cast(SupervisorMsg::Nudge);
    }

    /// Sends what was recorded so far; each batch that waits gets one attempt. The answer is what became of all events by then.
    ///
    /// # Errors
    /// When the client has been shut down, or an actor crashed meanwhile.
    pub(crate) async fn flush(&self) -> Result<EventStats, StatsigError> {
        self.call("flushing events", FLUSH_LIMIT, SupervisorMsg::Flush)
            .await
    }

    /// Refuses events from now on, stops syncing, sends what is left and ends the actors, all within `limit`. Whoever asks
    /// again gets the same report.
    pub(crate) async fn shutdown(&self, limit: Duration) -> ShutdownReport {
        let mut report = self.0.report.lock().await;
        if let Some(report) = *report {
            return report;
        }
        let answer = self.run(self.0.end(limit)).await.flatten();
        self.0.tree.shared.close();
        let shared = &self.0.tree.shared;
        let ended = answer.unwrap_or_else(|| {
            // An earlier call that nobody waited for may have ended the actors.
            *self.0.tree.report.get_or_init(|| ShutdownReport {
                stats: shared.events.counters.stats(),
                timed_out: true,
            })
        });
        if ended.stats.pending > 0 {
            shared.events.log_rest(&ended);
        }
        *report.insert(ended)
    }

    /// How often an actor was started again after a crash.
    pub(crate) fn restarts(&self) -> u64 {
        self.0.tree.restarts()
    }

    /// Makes an actor crash or pause.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn disturb(&self, whom: ActorName, what: Disturbance) {
        // Refused only when the actors are gone, and there is nothing to disturb.
        let _ = self.0.supervisor.cast(SupervisorMsg::Disturb(whom, what));
    }

    async fn call<T: Send + 'static>(
        &self,
        during: &'static str,
        limit: Duration,
        message: impl FnOnce(RpcReplyPort<T>) -> SupervisorMsg + Send + 'static,
    ) -> Result<T, StatsigError> {
        let is_closed = || self.0.tree.shared.events.is_closed();
        if is_closed() {
            return Err(StatsigError::ShutDown);
        }
        let callers = Arc::clone(&self.0.callers);
        let supervisor = self.0.supervisor.clone();
        let answer = self
            .run(async move {
                let _turn = callers.acquire().await.ok()?;
                supervisor.call(message, Some(limit)).await.ok()
            })
            .await;
        match answer {
            Some(Some(CallResult::Success(answer))) => Ok(answer),
            _ if is_closed() => Err(StatsigError::ShutDown),
            None => Err(StatsigError::RuntimeGone),
            Some(_) => Err(StatsigError::Interrupted { during }),
        }
    }

    /// Runs the future on the actors' runtime, where its timers and channels live. `None` if that is gone.
    async fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.0.runtime.spawn(future).await.ok()
    }
}
