//! Starting, refreshing, flushing, shutting down.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime;

use super::{Core, Statsig};
use crate::actors::{self, Handle, SHUTDOWN_LIMIT};
use crate::counters::{EventStats, ShutdownReport};
use crate::error::StatsigError;
use crate::observability::facts::Fact;
use crate::results::InitializeDetails;

impl Statsig {
    /// Loads the specs and starts the actors that keep them fresh and deliver events, on the current tokio runtime, which must live as
    /// long as the client.
    ///
    /// Ends with the first sync: one request, unless the options name other sources, and those for ID lists if they are
    /// enabled. Afterwards every evaluation is synchronous. If it fails, the client serves fallbacks, and background syncing
    /// goes on until it succeeds: the next attempt comes one sync interval later, and [`ready`](Self::ready) waits for it.
    /// Calling it again, also at the same time, starts nothing twice: it waits for the same first sync, or says what is now. So a
    /// call after one that failed is `Ok` once there are specs. The client starts to its end whether callers wait for it or not.
    ///
    /// After a [`shutdown`](Self::shutdown), or when the runtime that it was called on is gone, it starts the client again:
    /// with the specs it has, and with the events that were not delivered.
    ///
    /// # Errors
    /// [`StatsigError::NoSpecs`] or [`StatsigError::InitTimeout`] when no specs could be had, [`StatsigError::NoIdLists`] when neither a
    /// data store that keeps ID lists nor the network had them: the client is usable all the same. With `disable_network` and no other source, having none is no error. [`StatsigError::NoRuntime`] outside of a tokio runtime,
    /// [`StatsigError::NoTimers`] in one without timers, [`StatsigError::ShutDown`] when it is shut down meanwhile,
    /// [`StatsigError::Forked`] in a forked process.
    pub async fn initialize(&self) -> Result<InitializeDetails, StatsigError> {
        let details = self.initialize_with_details().await?;
        match details.failure_details {
            Some(error) => Err(error),
            None => Ok(details),
        }
    }

    /// Like [`initialize`](Self::initialize), but a client without specs is no error: the details say why.
    ///
    /// # Errors
    /// As [`initialize`](Self::initialize), but for `NoSpecs`, `NoIdLists` and `InitTimeout`.
    pub async fn initialize_with_details(&self) -> Result<InitializeDetails, StatsigError> {
        self.core.start().await?.handle.initialized().await
    }

    /// How initialisation ended, or, after one that failed, that it has succeeded since; `None` before it did. Recorded by the client,
    /// whoever waits for [`initialize`](Self::initialize).
    #[must_use]
    pub fn get_initialize_details(&self) -> Option<InitializeDetails> {
        let handle = self.core.handle.load();
        let details = handle.as_ref()?.initialize_details()?;
        Some(InitializeDetails::clone(&details))
    }

    /// Whether the client runs, and its start has succeeded: what [`initialize`](Self::initialize) would say now.
    ///
    /// It is about upkeep: specs are kept fresh and events are sent. So it is false after a shutdown, when the runtime of the client is
    /// gone, and in a forked process, though specs are in use; and it is true for a client that needs no specs, with `disable_network`.
    /// Whether there are specs to evaluate with is [`is_ready`](Self::is_ready), which is the question for most health checks.
    #[must_use]
    pub fn is_initialized(&self) -> bool {
        let handle = self.core.handle.load();
        let details = handle
            .as_ref()
            .and_then(|handle| handle.initialize_details());
        self.core.is_running() && details.is_some_and(|details| details.failure_details.is_none())
    }

    /// Fetches specs now instead of at the next interval, and waits until they are in use.
    ///
    /// # Errors
    /// When no specs could be had; the ones in use stay in use. [`StatsigError::RuntimeGone`] when the runtime is gone that the client
    /// was initialised on.
    pub async fn refresh(&self) -> Result<(), StatsigError> {
        self.core.handle()?.refresh().await
    }

    /// Delivers what was recorded so far, and waits for the service's answers. Returns what became of all events by then.
    ///
    /// Batches in memory are tried now, whatever pause a service that failed is given, until one fails; this costs them none of their
    /// [retries](crate::StatsigOptionsBuilder::event_max_retries). With an event spool (`StatsigOptionsBuilder::event_spool`), what fails is on disk when
    /// this returns: if `pending` is 0 then, every event recorded before the call was delivered, dropped and counted, or is
    /// `spooled`: written and synced, so that it survives a crash of the process and of the machine.
    ///
    /// Events otherwise leave when a batch is full, or after a minute: scripts and functions that end must flush or
    /// [shut down](Self::shutdown).
    ///
    /// # Errors
    /// When the client was not initialised, has been shut down, or an actor crashed meanwhile; [`StatsigError::RuntimeGone`] when the
    /// runtime is gone that it was initialised on.
    pub async fn flush_events(&self) -> Result<EventStats, StatsigError> {
        self.core.handle()?.flush().await
    }

    /// Delivers what was recorded, ends the actors, and reports what became of all events. Takes at most 3 s.
    ///
    /// Afterwards evaluations go on with the last specs, events are refused and counted. Whoever calls it again gets the same
    /// answer. [`initialize`](Self::initialize) starts the client again.
    ///
    /// When the last handle is dropped without it, the client does the same in the background, if its runtime goes on for so long.
    /// Whatever is lost is one warning in the log, and reaches
    /// [`on_events_dropped`](crate::StatsigOptionsBuilder::on_events_dropped).
    ///
    /// # Errors
    /// [`StatsigError::ShutdownTimedOut`] when the limit passed before every event was delivered, spooled or dropped; the report is in it.
    /// [`StatsigError::NotInitialized`] when the client never ran, so that nothing could be delivered; it refuses events from then on
    /// all the same. [`StatsigError::Forked`] in a forked process.
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
        let report = match self.core.handle() {
            Ok(handle) => handle.shutdown(limit).await,
            Err(error) => {
                if error == StatsigError::NotInitialized {
                    self.core.shared.close();
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

    /// What became of all events so far. Cheap enough for every health check.
    #[must_use]
    pub fn event_stats(&self) -> EventStats {
        self.core.shared.counters.stats()
    }

    /// How often an internal actor was started again after a crash: 0 in a healthy client.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        let handle = self.core.handle.load();
        handle.as_ref().map_or(0, |handle| handle.restarts())
    }
}

/// Running actors.
pub(super) struct Started {
    pub(super) handle: Arc<Handle>,
    /// Whether this call started them.
    pub(super) is_new: bool,
}

impl Core {
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
        let core = Arc::clone(self);
        let starting = runtime.spawn(async move { core.start_here().await });
        starting.await.unwrap_or(Err(StatsigError::Interrupted {
            during: "starting the actors",
        }))
    }

    async fn start_here(&self) -> Result<Started, StatsigError> {
        let _turn = self.starting.lock().await;
        if self.handle.load().is_some() {
            let handle = self.handle()?;
            if handle.is_alive() && !self.shared.is_closed() {
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
            && self.shared.counters.stats().enqueued == 0;
        if is_unused && home.take_over() {
            return Ok(());
        }
        Err(self.forked())
    }

    pub(super) fn is_running(&self) -> bool {
        let handle = self.handle.load();
        let is_alive = handle.as_ref().is_some_and(|handle| handle.is_alive());
        is_alive && !self.shared.is_closed() && self.shared.home.is_here()
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
        if self.shared.tell_of_fork()
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
    pub(crate) fn disturb(
        &self,
        whom: crate::testing::ActorName,
        what: crate::testing::Disturbance,
    ) {
        if let Some(handle) = self.core.handle.load_full() {
            handle.disturb(whom, what);
        }
    }
}
