//! The client's access to its actors.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{Mutex, Semaphore, oneshot, watch};
use tokio::time::{Instant, timeout};

use super::actor::{self, Address};
use super::live::{Live, Unanswered};
use super::messages::{ExposureMessage, MAX_CALLERS, SpecSyncMessage, SupervisorMessage};
use super::supervisor::Supervisor;
use super::tasks::now;
use super::tree::{Life, Tree};
#[cfg(any(test, feature = "testing"))]
use super::{ActorName, Disturbance};
use crate::cause::Cause;
use crate::counters::{EventStats, FlushReport, ShutdownReport};
use crate::enrichment::EnrichFailure;
use crate::error::StatsigError;
use crate::initialize_details::InitializeDetails;
use crate::shared::Shared;
use crate::user::StatsigUser;

/// The longest a flush may take. Each batch gets one attempt.
const FLUSH_LIMIT: Duration = Duration::from_secs(60);
/// What a flush is in errors.
const FLUSHING: &str = "flushing events";
/// The longest a refresh may take: it may have to wait for a background sync with all its attempts.
const REFRESH_LIMIT: Duration = Duration::from_secs(120);
/// How long a shutdown may take, unless the caller sets a limit, and how long the client goes on
/// after its last handle was dropped.
pub(crate) const SHUTDOWN_LIMIT: Duration = Duration::from_secs(3);
/// The part of a limit that is kept for the data store and the disk, and the most that is kept.
const SHARE_AFTERWARDS: u32 = 4;
const STORE_TIME: Duration = Duration::from_millis(500);
const DISK_TIME: Duration = Duration::from_millis(250);
/// How long a shutdown may take beyond its limit, to stop what does not wait for the network.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// The only access to the actors of one client. When it is dropped, the actors shut down in the
/// background, within [`SHUTDOWN_LIMIT`].
///
/// Its methods may be awaited on any executor: the work happens on the runtime that the actors were
/// started on. When that runtime is gone, the methods return an error.
#[derive(Debug)]
pub(crate) struct Handle {
    tree: Arc<Tree>,
    supervisor: Address<SupervisorMessage>,
    runtime: runtime::Handle,
    callers: Arc<Semaphore>,
    /// Gone together with the supervisor, however it ended.
    life: Weak<Life>,
    /// Held during a shutdown, so that all callers get the same report.
    report: Mutex<Option<ShutdownReport>>,
    /// Each running [`end`](Self::end) holds a receiver, even if no caller waits for it.
    ends: watch::Sender<()>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let shared = &self.tree.shared;
        // In a forked process there are no actors to stop, and a lock within the runtime may be
        // held forever.
        if !shared.home.is_surely_here() {
            self.leave_to_parent();
        // After a shutdown, the actors have ended, or are about to.
        } else if self.is_alive() && !shared.events.is_closed() {
            shared.close();
            // Detached. If the runtime ends before, the rest is counted and logged as lost.
            drop(self.runtime.spawn(self.end(SHUTDOWN_LIMIT)));
        }
    }
}

impl Tree {
    /// The part of a flush's limit that is kept to write to disk what could not be delivered.
    fn disk_time(&self, limit: Duration) -> Duration {
        if self.spool.is_none() {
            return Duration::ZERO;
        }
        DISK_TIME.min(limit / SHARE_AFTERWARDS)
    }

    /// The part of a shutdown's limit that is kept for what follows the last post.
    fn time_afterwards(&self, limit: Duration) -> Duration {
        if self.data_store.is_none() {
            return self.disk_time(limit);
        }
        STORE_TIME.min(limit / SHARE_AFTERWARDS)
    }
}

/// Whether the current runtime has timers. Tokio only says so by panicking.
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
    let (tree, life, addresses) = Tree::new(shared);
    let (tree, life) = (Arc::new(tree), Arc::new(life));
    let weak_life = Arc::downgrade(&life);
    let supervisor = actor::spawn::<Supervisor>((Arc::clone(&tree), life, addresses))
        .await
        .map_err(|_| StatsigError::Interrupted {
            during: "starting the actors",
        })?;
    Ok(Handle {
        tree,
        supervisor,
        runtime,
        callers: Arc::new(Semaphore::new(MAX_CALLERS)),
        life: weak_life,
        report: Mutex::new(None),
        ends: watch::Sender::default(),
    })
}

impl Handle {
    /// Whether the actors exist. They do not after a shutdown, nor when their runtime is gone.
    pub(crate) fn is_alive(&self) -> bool {
        self.life.strong_count() > 0
    }

    /// Waits for the actors to end, and for the data store to be closed then. Keeps nothing alive.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let (supervisor, ends) = (self.supervisor.clone(), self.ends.clone());
        async move {
            supervisor.ended().await;
            ends.closed().await;
        }
    }

    /// In a forked process: closes the files that the parent works with, so that nothing stays
    /// locked when it ends.
    pub(crate) fn leave_to_parent(&self) {
        if let Some(spool) = &self.tree.spool {
            spool.leave_to_parent();
        }
    }

    /// Waits for the first syncs of specs and ID lists, but not longer than the options allow, and
    /// returns how the start went, by what is known now. Syncing goes on in any case.
    ///
    /// # Errors
    /// When the actors ended meanwhile.
    pub(crate) async fn initialized(&self) -> Result<InitializeDetails, StatsigError> {
        let tree = Arc::clone(&self.tree);
        let supervisor = self.supervisor.clone();
        let recorded = async move {
            tokio::select! {
                biased;
                details = tree.initialization.recorded() => Some(details),
                () = supervisor.ended() => None,
            }
        };
        match self.run(recorded).await {
            Some(Some(details)) => Ok(InitializeDetails::clone(&details)),
            Some(None) => Err(self.or_shut_down(StatsigError::Interrupted {
                during: "initialising",
            })),
            None => Err(self.or_shut_down(StatsigError::RuntimeGone)),
        }
    }

    /// How the start went; `None` while it is under way. Takes no lock.
    pub(crate) fn initialize_details(&self) -> Option<Arc<InitializeDetails>> {
        self.tree.initialization.details()
    }

    /// Fetches specs now, or joins the sync that is under way.
    ///
    /// # Errors
    /// When no source has specs, or the client has been shut down.
    pub(crate) async fn refresh(&self) -> Result<(), StatsigError> {
        let (during, message) = ("refreshing specs", SpecSyncMessage::Refresh);
        let refreshed = self.call(during, REFRESH_LIMIT, |tree| &tree.spec_sync, message);
        refreshed.await?.map_err(|error| {
            let source = Cause::new(error);
            if self.tree.shared.published.load().specs.time == 0 {
                StatsigError::NoSpecs { source }
            } else {
                StatsigError::SyncFailed { source }
            }
        })
    }

    /// The queue reached its high-water mark. Does not wait; works from any thread.
    pub(crate) fn nudge(&self) {
        // If the actor does not live, its successor reads the queue at once.
        self.tree.exposure.cast(ExposureMessage::Look);
    }

    /// Sends what was recorded so far; each batch that waits gets one attempt. Returns the counts
    /// of all events by then.
    ///
    /// # Errors
    /// When the client has been shut down, or an actor crashed meanwhile.
    pub(crate) async fn flush(&self) -> Result<EventStats, StatsigError> {
        let cut_at = None;
        let message = move |reply| ExposureMessage::Flush { cut_at, reply };
        self.call(FLUSHING, FLUSH_LIMIT, |tree| &tree.exposure, message)
            .await
    }

    /// Like [`flush`](Self::flush), but returns at the end of the limit. Shortly before, what was
    /// not delivered goes to disk, if there is a spool.
    ///
    /// # Errors
    /// When the client has been shut down, or an actor crashed meanwhile.
    pub(crate) async fn flush_within(&self, limit: Duration) -> Result<FlushReport, StatsigError> {
        let counters = &self.tree.shared.events.counters;
        let (before, started) = (counters.stats(), Instant::now());
        let for_posts = limit - self.tree.disk_time(limit);
        let cut_at = now().checked_add(for_posts);
        let message = move |reply| ExposureMessage::Flush { cut_at, reply };
        self.not_shut_down()?;
        let asking = self.ask(limit, |tree| &tree.exposure, message);
        let answer = self.run(timeout(limit, asking));
        // The runtime of the actors may stand still: one with a single thread runs only within
        // `block_on`.
        let answer = if runtime::Handle::try_current().is_ok() && has_timers() {
            timeout(limit, answer)
                .await
                .unwrap_or_else(|late| Some(Err(late)))
        } else {
            answer.await
        };
        match answer {
            Some(Ok(Ok(stats))) => {
                let is_late = started.elapsed() >= for_posts;
                Ok(FlushReport::new(&before, stats, is_late))
            }
            Some(Err(_) | Ok(Err(Unanswered::TimedOut))) => {
                Ok(FlushReport::new(&before, counters.stats(), true))
            }
            Some(Ok(Err(Unanswered::Crashed))) => {
                Err(self.or_shut_down(StatsigError::Interrupted { during: FLUSHING }))
            }
            None => Err(self.or_shut_down(StatsigError::RuntimeGone)),
        }
    }

    /// Refuses events from now on, stops syncing, sends what is left and ends the actors, all
    /// within `limit`. A second call returns the same report.
    pub(crate) async fn shutdown(&self, limit: Duration) -> ShutdownReport {
        let mut report = self.report.lock().await;
        if let Some(report) = *report {
            return report;
        }
        let ended = self.run(self.end(limit)).await.flatten();
        self.tree.shared.close();
        let shared = &self.tree.shared;
        let ended = ended.unwrap_or_else(|| {
            // An earlier call whose caller stopped waiting may have ended the actors.
            *self.tree.report.get_or_init(|| ShutdownReport {
                stats: shared.events.counters.stats(),
                timed_out: true,
            })
        });
        if ended.stats.pending > 0 {
            shared.events.log_rest(&ended);
        }
        *report.insert(ended)
    }

    /// Asks which ID lists the user is in. Returns the user with the answer.
    ///
    /// # Errors
    /// When there is no answer, or the client has been shut down.
    pub(crate) async fn enrich(
        &self,
        user: StatsigUser,
        limit: Option<Duration>,
    ) -> Result<StatsigUser, EnrichFailure> {
        self.not_shut_down()?;
        let tree = Arc::clone(&self.tree);
        if tree.shared.options.disable_network {
            return Err(EnrichFailure::NetworkDisabled);
        }
        let asking = self.run(async move { tree.enrichment.enrich(&user, limit).await });
        asking.await.ok_or(StatsigError::RuntimeGone)?
    }

    /// How often an actor was started again after a crash.
    pub(crate) fn restarts(&self) -> u64 {
        self.tree.restarts.load(Ordering::Relaxed)
    }

    /// Disturbs an actor. `None` if it does not run; the future ends when the actor has ended.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn disturb(
        &self,
        actor: ActorName,
        disturbance: Disturbance,
    ) -> Option<crate::transport::BoxFuture<'static, ()>> {
        let Self {
            tree, supervisor, ..
        } = self;
        if !self.is_alive() {
            return None;
        }
        match actor {
            ActorName::Supervisor => {
                supervisor.disturb(disturbance);
                let supervisor = supervisor.clone();
                Some(Box::pin(async move { supervisor.ended().await }))
            }
            ActorName::SpecSync => tree.spec_sync.disturb(disturbance),
            ActorName::IdListSync => tree.id_list_sync.disturb(disturbance),
            ActorName::Evaluation => tree.evaluation.disturb(disturbance),
            ActorName::Exposure => tree.exposure.disturb(disturbance),
        }
    }

    /// Has the actors send what is left and end, within `limit`, and closes the data store. `None`
    /// if the supervisor is gone.
    fn end(&self, limit: Duration) -> impl Future<Output = Option<ShutdownReport>> + Send + use<> {
        let supervisor = self.supervisor.clone();
        let data_store = self.tree.data_store.clone();
        let time_afterwards = self.tree.time_afterwards(limit);
        let under_way = self.ends.subscribe();
        async move {
            let _under_way = under_way;
            let started = Instant::now();
            let for_events = limit - time_afterwards;
            let ending = supervisor.call(|reply| SupervisorMessage::Shutdown {
                limit: for_events,
                reply,
            });
            let report = timeout(limit.saturating_add(SHUTDOWN_GRACE), ending).await;
            supervisor.ended_within(SHUTDOWN_GRACE).await;
            if let Some(store) = data_store {
                store.close(limit.saturating_sub(started.elapsed())).await;
            }
            report.ok().flatten()
        }
    }

    async fn call<T: Send + 'static, M: Send + 'static>(
        &self,
        during: &'static str,
        limit: Duration,
        actor: fn(&Tree) -> &Live<M>,
        message: impl Fn(oneshot::Sender<T>) -> M + Send + Sync + 'static,
    ) -> Result<T, StatsigError> {
        self.not_shut_down()?;
        match self.run(self.ask(limit, actor, message)).await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(_)) => Err(self.or_shut_down(StatsigError::Interrupted { during })),
            None => Err(self.or_shut_down(StatsigError::RuntimeGone)),
        }
    }

    /// Asks an actor when it is the caller's turn. The limit begins then.
    fn ask<T: Send + 'static, M: Send + 'static>(
        &self,
        limit: Duration,
        actor: fn(&Tree) -> &Live<M>,
        message: impl Fn(oneshot::Sender<T>) -> M + Send + Sync + 'static,
    ) -> impl Future<Output = Result<T, Unanswered>> + Send + 'static {
        let callers = Arc::clone(&self.callers);
        let tree = Arc::clone(&self.tree);
        async move {
            // Nothing closes the semaphore.
            let _turn = callers.acquire().await;
            actor(&tree).ask(1, limit, message).await
        }
    }

    fn not_shut_down(&self) -> Result<(), StatsigError> {
        if self.tree.shared.events.is_closed() {
            return Err(StatsigError::ShutDown);
        }
        Ok(())
    }

    /// Why a call failed: because of a shutdown, if there was one.
    fn or_shut_down(&self, error: StatsigError) -> StatsigError {
        self.not_shut_down().err().unwrap_or(error)
    }

    /// Runs the future on the actors' runtime, where its timers and channels live. `None` if that
    /// is gone.
    async fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.runtime.spawn(future).await.ok()
    }
}
