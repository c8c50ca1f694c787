//! Starting, refreshing, flushing, shutting down.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime;

use super::{ClientInner, Statsig};
use crate::actors::{self, Handle, SHUTDOWN_LIMIT};
use crate::counters::{EventStats, ShutdownReport};
use crate::error::StatsigError;
use crate::facts::Fact;
use crate::initialize_details::InitializeDetails;

impl Statsig {
    /// Loads the specs and starts the actors that keep them fresh and deliver events. The actors run on the current tokio runtime,
    /// which must live as long as the client.
    ///
    /// Returns after the first sync: one request, unless the options name other sources, and the requests for ID lists if they are
    /// enabled. Afterwards every evaluation is synchronous. If the first sync fails, the client serves fallbacks and retries in the
    /// background: the next attempt comes one sync interval later, and [`ready`](Self::ready) waits for it.
    ///
    /// You can call it again, also at the same time: it starts nothing twice. It waits for the same first sync, or returns the
    /// current state. So after a failed call, a later one is `Ok` once there are specs. The start continues if callers stop waiting.
    ///
    /// After a [`shutdown`](Self::shutdown), or when the runtime has ended that it was called on, it starts the client again,
    /// with the current specs and the undelivered events.
    ///
    /// # Errors
    /// * [`StatsigError::NoSpecs`] or [`StatsigError::InitTimeout`] when no source has specs. The client is usable. With
    ///   `disable_network` and no other source, this is not an error.
    /// * [`StatsigError::NoIdLists`] when neither a data store that keeps ID lists nor the network has them. The client is usable.
    /// * [`StatsigError::NoRuntime`] outside of a tokio runtime, [`StatsigError::NoTimers`] in a runtime without timers.
    /// * [`StatsigError::ShutDown`] when the client is shut down meanwhile, [`StatsigError::Forked`] in a forked process.
    pub async fn initialize(&self) -> Result<InitializeDetails, StatsigError> {
        let details = self.initialize_with_details().await?;
        match details.failure_details {
            Some(error) => Err(error),
            None => Ok(details),
        }
    }

    /// Like [`initialize`](Self::initialize), but a client without specs is not an error: the details say why.
    ///
    /// # Errors
    /// As [`initialize`](Self::initialize), but for `NoSpecs`, `NoIdLists` and `InitTimeout`.
    pub async fn initialize_with_details(&self) -> Result<InitializeDetails, StatsigError> {
        self.inner.start().await?.handle.initialized().await
    }

    /// How initialisation ended; `None` before it has. If a failed start succeeds later, these are the details of the success. The
    /// client records them even if no caller waits for [`initialize`](Self::initialize).
    #[must_use]
    pub fn get_initialize_details(&self) -> Option<InitializeDetails> {
        let handle = self.inner.handle.load();
        let details = handle.as_ref()?.initialize_details()?;
        Some(InitializeDetails::clone(&details))
    }

    /// Whether the client runs and its start has succeeded. A call of [`initialize`](Self::initialize) would return the same now.
    ///
    /// A client that runs updates its specs and sends events. So this is false after a shutdown, after the end of the runtime and in
    /// a forked process, even if specs are in use. It is true for a client without specs that needs none, with `disable_network`.
    /// Most health checks should call [`is_ready`](Self::is_ready) instead: it says whether specs are in use.
    #[must_use]
    pub fn is_initialized(&self) -> bool {
        let handle = self.inner.handle.load();
        let details = handle
            .as_ref()
            .and_then(|handle| handle.initialize_details());
        self.inner.is_running() && details.is_some_and(|details| details.failure_details.is_none())
    }

    /// Fetches specs now instead of at the next interval, and waits until they are in use.
    ///
    /// # Errors
    /// When no source has specs, or only older ones; the specs in use stay in use. [`StatsigError::RuntimeGone`] when the runtime of
    /// the client has ended.
    pub async fn refresh(&self) -> Result<(), StatsigError> {
        self.inner.handle()?.refresh().await
    }

    /// Delivers the events recorded so far and waits for the service's answers. Returns the counts of all events.
    ///
    /// Posts the batches in memory now, without waiting for a pause after failures, until one fails. These attempts do not use up
    /// [retries](crate::StatsigOptionsBuilder::event_max_retries). With an event spool (`StatsigOptionsBuilder::event_spool`), failed
    /// batches are on disk when this returns. If `pending` is 0 then, every event recorded before the call was delivered, was dropped
    /// and counted, or is `spooled`: written and synced, so that it survives a crash of the process and of the machine.
    ///
    /// Events otherwise leave when a batch is full, or after a minute: scripts and functions that end must flush or
    /// [shut down](Self::shutdown).
    ///
    /// # Errors
    /// When the client was not initialised, has been shut down, or an actor crashed meanwhile; [`StatsigError::RuntimeGone`] when the
    /// runtime of the client has ended.
    pub async fn flush_events(&self) -> Result<EventStats, StatsigError> {
        self.inner.handle()?.flush().await
    }

    /// Delivers the recorded events, ends the actors, and reports the counts of all events. Takes at most 3 s.
    ///
    /// Afterwards evaluations use the last specs, and new events are dropped and counted. A second call returns the same report.
    /// [`initialize`](Self::initialize) starts the client again.
    ///
    /// When the last handle is dropped without a shutdown, the client does the same in the background, as long as its runtime lives.
    /// It logs one warning for lost events and calls
    /// [`on_events_dropped`](crate::StatsigOptionsBuilder::on_events_dropped).
    ///
    /// # Errors
    /// [`StatsigError::ShutdownTimedOut`] when the limit passed before every event was delivered, spooled or dropped; the report is in it.
    /// [`StatsigError::NotInitialized`] when the client never ran, so that nothing could be delivered; it still drops all later events.
    /// [`StatsigError::Forked`] in a forked process.
    pub async fn shutdown(&self) -> Result<ShutdownReport, StatsigError> {
        self.shutdown_with_timeout(SHUTDOWN_LIMIT).await
    }

    /// Like [`shutdown`](Self::shutdown), within another limit.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown).
    pub async fn shutdown_with_timeout(
        &self,
        limit: Duration,
    ) -> Result<ShutdownReport, StatsigError> {
        let report = match self.inner.handle() {
            Ok(handle) => handle.shutdown(limit).await,
            Err(error) => {
                if error == StatsigError::NotInitialized {
                    self.inner.shared.close();
                }
                return Err(error);
            }
        };
        if report.timed_out {
            Err(StatsigError::ShutdownTimedOut {
                report: Box::new(report),
            })
        } else {
            Ok(report)
        }
    }

    /// The counts of all events so far, by state. Cheap enough for every health check.
    #[must_use]
    pub fn event_stats(&self) -> EventStats {
        self.inner.shared.events.counters.stats()
    }

    /// How often an internal actor was started again after a crash: 0 in a healthy client.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        let handle = self.inner.handle.load();
        handle.as_ref().map_or(0, |handle| handle.restarts())
    }
}

/// Running actors.
pub(super) struct Started {
    pub(super) handle: Arc<Handle>,
    /// Whether this call started them.
    pub(super) is_new: bool,
}

impl ClientInner {
    /// The running actors; starts them if there are none. They start even if the caller stops waiting.
    pub(super) async fn start(self: &Arc<Self>) -> Result<Started, StatsigError> {
        if self.is_running() {
            let handle = self.handle()?;
            return Ok(Started {
                handle,
                is_new: false,
            });
        }
        self.settle_here()?;
        let runtime = runtime::Handle::try_current().map_err(|_| StatsigError::NoRuntime)?;
        let inner = Arc::clone(self);
        let starting = runtime.spawn(async move { inner.start_here().await });
        starting.await.unwrap_or(Err(StatsigError::Interrupted {
            during: "starting the actors",
        }))
    }

    async fn start_here(&self) -> Result<Started, StatsigError> {
        let _turn = self.starting.lock().await;
        if self.handle.load().is_some() {
            let handle = self.handle()?;
            if handle.is_alive() && !self.shared.events.is_closed() {
                return Ok(Started {
                    handle,
                    is_new: false,
                });
            }
            // It has ended already, or is about to.
            handle.shutdown(SHUTDOWN_LIMIT).await;
        }
        let at_ms = self.shared.clock.now_ms();
        self.shared.note(Fact::InitializeStarted { at_ms });
        let handle = Arc::new(actors::start(Arc::clone(&self.shared)).await?);
        self.handle.store(Some(Arc::clone(&handle)));
        Ok(Started {
            handle,
            is_new: true,
        })
    }

    /// A client that was made before a fork and never used may be started in the child.
    fn settle_here(&self) -> Result<(), StatsigError> {
        let home = &self.shared.home;
        if home.is_surely_here() {
            return Ok(());
        }
        let is_unused = self.handle.load().is_none()
            && self.starting.try_lock().is_ok()
            && self.shared.events.counters.stats().enqueued == 0;
        if is_unused && home.take_over() {
            return Ok(());
        }
        Err(self.forked())
    }

    pub(super) fn is_running(&self) -> bool {
        let handle = self.handle.load();
        let is_alive = handle.as_ref().is_some_and(|handle| handle.is_alive());
        is_alive && !self.shared.events.is_closed() && self.shared.home.is_here()
    }

    fn handle(&self) -> Result<Arc<Handle>, StatsigError> {
        let handle = (self.handle.load_full()).ok_or(StatsigError::NotInitialized)?;
        if self.shared.home.is_surely_here() {
            Ok(handle)
        } else {
            Err(self.forked())
        }
    }

    /// What calls fail with that need the actors of the parent's process.
    pub(super) fn forked(&self) -> StatsigError {
        if self.shared.log_fork()
            && let Some(handle) = self.handle.load_full()
        {
            handle.leave_to_parent();
        }
        StatsigError::Forked
    }

    /// Tells the exposure actor that the queue reached its high-water mark.
    #[cold]
    pub(super) fn nudge(&self) {
        if let Ok(handle) = self.handle() {
            handle.nudge();
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl Statsig {
    pub(crate) fn disturb(&self, whom: actors::ActorName, what: actors::Disturbance) {
        if let Some(handle) = self.inner.handle.load_full() {
            handle.disturb(whom, what);
        }
    }
}
