//! Starting, refreshing, flushing, shutting down.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::started::log_start;
use super::{Core, Statsig};
use crate::actors::{self, Handle};
use crate::counters::{EventStats, ShutdownReport};
use crate::error::StatsigError;
use crate::observability::facts::{Fact, InitializeEnded};
use crate::results::SpecsSource;

/// How long a shutdown may take, unless said otherwise.
const DEFAULT_SHUTDOWN_LIMIT: Duration = Duration::from_secs(3);

/// How an initialisation ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InitializeDetails {
    /// Whether initialisation ran to its end in time. It may have, and yet there are no specs: see `is_config_spec_ready`. False, too,
    /// when there are no ID lists although a data store keeps some.
    pub init_success: bool,
    /// Whether there are specs to evaluate with.
    pub is_config_spec_ready: bool,
    /// Whether all ID lists could be had; `None` when they are not enabled.
    pub is_id_list_ready: Option<bool>,
    /// Where the specs came from.
    pub source: SpecsSource,
    /// The part of the source's address that may be shown, such as `https://api.statsigcdn.com/v2`.
    pub spec_source_api: Option<String>,
    /// Why there are no specs, or no ID lists although a data store keeps some. Syncing goes on in the background and may succeed later.
    pub failure_details: Option<StatsigError>,
    /// How long it took.
    pub duration: Duration,
}

impl InitializeDetails {
    fn fact(&self, at_ms: u64) -> InitializeEnded {
        InitializeEnded {
            at_ms,
            duration: self.duration,
            success: self.init_success,
            is_config_spec_ready: self.is_config_spec_ready,
            source: self.source.clone(),
            source_api: self.spec_source_api.clone(),
            failure: self.failure_details.as_ref().map(ToString::to_string),
        }
    }
}

impl Statsig {
    /// Loads the specs and starts the actors that keep them fresh and deliver events, on the current tokio runtime.
    ///
    /// Ends with the first sync: one request, unless the options name other sources, and those for ID lists if they are
    /// enabled. Afterwards every evaluation is synchronous. If it fails, the client serves fallbacks, and background syncing
    /// goes on until it succeeds: the next attempt comes one sync interval later, and [`ready`](Self::ready) waits for it.
    /// Calling it again, also at the same time, starts nothing twice and waits for the same request.
    ///
    /// After a [`shutdown`](Self::shutdown), or when the runtime that it was called on is gone, it starts the client again:
    /// with the specs it has, and with the events that were not delivered.
    ///
    /// # Errors
    /// [`StatsigError::NoSpecs`] or [`StatsigError::InitTimeout`] when no specs could be had, [`StatsigError::NoIdLists`] when neither a
    /// data store that keeps ID lists nor the network had them: the client is usable all the same. With `disable_network` and no other source, having none is no error. [`StatsigError::NoRuntime`] outside of a tokio runtime,
    /// [`StatsigError::ShutDown`] when it is shut down meanwhile, [`StatsigError::Forked`] in a forked process.
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
        let shared = &self.core.shared;
        let handle = self.core.start().await?;
        let started = tokio::time::Instant::now();
        let failure = handle.first_sync(shared.options.init_timeout).await.err();
        if let Some(fatal @ (StatsigError::ShutDown | StatsigError::NoRuntime)) = failure {
            return Err(fatal);
        }
        let snapshot = shared.snapshot.load();
        let id_lists_failure = handle.id_lists_failure();
        let details = InitializeDetails {
            init_success: id_lists_failure.is_none()
                && !matches!(failure, Some(StatsigError::InitTimeout { .. })),
            is_config_spec_ready: snapshot.specs.time != 0,
            is_id_list_ready: handle.is_id_list_ready(),
            source: snapshot.source.clone(),
            spec_source_api: snapshot.source_api.as_deref().map(str::to_owned),
            failure_details: failure.or(id_lists_failure),
            duration: started.elapsed(),
        };
        // Later calls wait for the same first sync: its details are theirs.
        Ok(self
            .core
            .details()
            .get_or_insert_with(|| {
                shared.note(Fact::InitializeEnded(details.fact(shared.clock.now_ms())));
                log_start(&details, &snapshot);
                details
            })
            .clone())
    }

    /// How initialisation ended; `None` before it did.
    #[must_use]
    pub fn get_initialize_details(&self) -> Option<InitializeDetails> {
        self.core.details().clone()
    }

    /// Whether an initialisation ran to its end in time. Whether there are specs is in the details.
    #[must_use]
    pub fn is_initialized(&self) -> bool {
        (self.core.details().as_ref()).is_some_and(|details| details.init_success)
    }

    /// Fetches specs now instead of at the next interval, and waits until they are in use.
    ///
    /// # Errors
    /// When no specs could be had; the ones in use stay in use.
    pub async fn refresh(&self) -> Result<(), StatsigError> {
        self.core.handle()?.refresh().await
    }

    /// Delivers what was recorded so far, and waits for the service's answers. Returns what became of all events by then.
    ///
    /// Each batch in memory gets one attempt. With an event spool (`StatsigOptionsBuilder::event_spool`), what fails is on disk when
    /// this returns: if `pending` is 0 then, every event recorded before the call was delivered, dropped and counted, or is
    /// `spooled`: written and synced, so that it survives a crash of the process and of the machine.
    ///
    /// Events otherwise leave when a batch is full, or after a minute: scripts and functions that end must flush or
    /// [shut down](Self::shutdown).
    ///
    /// # Errors
    /// When the client was not initialised, has been shut down, or an actor crashed meanwhile.
    pub async fn flush_events(&self) -> Result<EventStats, StatsigError> {
        self.core.handle()?.flush().await
    }

    /// Delivers what was recorded, ends the actors, and reports what became of all events. Takes at most 3 s.
    ///
    /// Afterwards evaluations go on with the last specs, events are refused and counted. Whoever calls it again gets the same
    /// answer. [`initialize`](Self::initialize) starts the client again.
    ///
    /// # Errors
    /// [`StatsigError::ShutdownTimedOut`] when the limit passed before every event was delivered, spooled or dropped; the report is in it.
    /// [`StatsigError::Forked`] in a forked process.
    pub async fn shutdown(&self) -> Result<ShutdownReport, StatsigError> {
        self.shutdown_with_timeout(DEFAULT_SHUTDOWN_LIMIT).await
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
            Err(forked @ StatsigError::Forked) => return Err(forked),
            // Never initialised: nothing runs, and nothing can be delivered.
            Err(_) => {
                self.core.shared.close();
                ShutdownReport {
                    stats: self.event_stats(),
                    timed_out: false,
                }
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

impl Core {
    /// The running actors; starts them if there are none.
    async fn start(&self) -> Result<Arc<Handle>, StatsigError> {
        let _turn = self.starting.lock().await;
        if self.handle.load().is_some() {
            let handle = self.handle()?;
            if handle.is_alive() && !self.shared.is_closed() {
                return Ok(handle);
            }
            // It has ended already, or is about to.
            handle.shutdown(DEFAULT_SHUTDOWN_LIMIT).await;
        }
        let at_ms = self.shared.clock.now_ms();
        self.shared.note(Fact::InitializeStarted { at_ms });
        let handle = Arc::new(actors::start(Arc::clone(&self.shared)).await?);
        *self.details() = None;
        self.handle.store(Some(Arc::clone(&handle)));
        Ok(handle)
    }

    pub(super) fn is_running(&self) -> bool {
        let handle = self.handle.load();
        let is_alive = handle.as_ref().is_some_and(|handle| handle.is_alive());
        is_alive && !self.shared.is_closed()
    }

    fn handle(&self) -> Result<Arc<Handle>, StatsigError> {
        let handle = (self.handle.load_full()).ok_or(StatsigError::NotInitialized)?;
        if handle.is_of_this_process() {
            return Ok(handle);
        }
        if !self.is_fork_told.swap(true, Ordering::Relaxed) {
            handle.leave_to_parent();
            tracing::error!(
                target: crate::targets::CLIENT,
                "this process was forked after `initialize`: specs stay as they are and no event is sent; use `Statsig::after_fork`"
            );
        }
        Err(StatsigError::Forked)
    }

    fn details(&self) -> MutexGuard<'_, Option<InitializeDetails>> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
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
