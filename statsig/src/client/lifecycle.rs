//! Creating and starting a client, and refreshing its specs.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::runtime;

use super::unknown::Warnings;
use super::{ClientInner, Statsig};
use crate::actors::{self, Handle, SHUTDOWN_LIMIT};
use crate::engine_log;
use crate::error::StatsigError;
use crate::facts::Fact;
use crate::initialize_details::InitializeDetails;
use crate::options::StatsigOptions;
use crate::shared::Shared;
use crate::targets;
#[cfg(any(test, feature = "testing"))]
use crate::transport::BoxFuture;

impl Statsig {
    /// A client with this server secret key, with the default options if `options` is `None`. It
    /// starts no task and opens no connection.
    ///
    /// Logs a warning for a key that cannot work: an empty key, a client key, a key with a line
    /// break at its end.
    ///
    /// ```
    /// use statsig::{Statsig, StatsigOptions};
    ///
    /// let options = StatsigOptions::builder().environment("staging").build()?;
    /// let statsig = Statsig::new("secret-key", options);
    /// let with_defaults = Statsig::new("secret-key", None);
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    #[must_use]
    pub fn new(sdk_key: &str, options: impl Into<Option<StatsigOptions>>) -> Self {
        engine_log::install();
        let options = options.into().unwrap_or_default();
        let shared = Arc::new(Shared::new(sdk_key, options));
        let needs_key = !shared.options.disable_network;
        if let Some(problem) = shared.identity.key.problem().filter(|_| needs_key) {
            tracing::warn!(
                target: targets::CLIENT,
                "the SDK key {problem}: expected a server secret key (`secret-…`); requests with this one will fail"
            );
        }
        let warnings = Arc::new(Warnings::new(Arc::clone(&shared.home)));
        let inner = ClientInner {
            shared,
            handle: ArcSwapOption::empty(),
            starting: tokio::sync::Mutex::new(()),
            warnings,
        };
        Self::from_inner(Arc::new(inner))
    }

    /// Loads the specs and starts the actors that keep them fresh and deliver events. The actors
    /// run on the current tokio runtime, which must live as long as the client.
    ///
    /// Returns after the first sync: one request, unless the options name other sources, and the
    /// requests for ID lists if they are enabled. Afterwards every evaluation is synchronous. If
    /// the first sync fails, the client serves fallbacks and retries in the background: the next
    /// attempt comes one sync interval later, and [`ready`](Self::ready) waits for it.
    ///
    /// You can call it several times, also concurrently: it starts nothing twice. A further call
    /// waits for the same first sync, or returns the current state. So after a failed call, a later
    /// one is `Ok` once there are specs. The start continues if callers stop waiting.
    ///
    /// After a [`shutdown`](Self::shutdown), or after the end of the runtime that it was called on,
    /// it restarts the client with the current specs and the undelivered events.
    ///
    /// ```
    /// # use statsig::{Statsig, StatsigOptions};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// let details = statsig.initialize().await?;
    /// println!("{details:?}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// * [`StatsigError::NoSpecs`] or [`StatsigError::InitTimeout`] when no source has specs. The
    ///   client is usable. With `disable_network` and no other source, this is not an error.
    /// * [`StatsigError::NoIdLists`] when neither a data store that keeps ID lists nor the network
    ///   has them. The client is usable.
    /// * [`StatsigError::NoRuntime`] outside a tokio runtime, [`StatsigError::NoTimers`] in a
    ///   runtime without timers.
    /// * [`StatsigError::ShutDown`] when the client is shut down during the call,
    ///   [`StatsigError::Forked`] in a forked process.
    pub async fn initialize(&self) -> Result<InitializeDetails, StatsigError> {
        let details = self.initialize_with_details().await?;
        match details.failure_details {
            Some(error) => Err(error),
            None => Ok(details),
        }
    }

    /// Like [`initialize`](Self::initialize), but a client without specs is not an error: the
    /// details contain the reason.
    ///
    /// ```
    /// # use statsig::{Statsig, StatsigOptions};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// let details = statsig.initialize_with_details().await?;
    /// println!("{details:?}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of [`initialize`](Self::initialize), except `NoSpecs`, `NoIdLists` and `InitTimeout`.
    pub async fn initialize_with_details(&self) -> Result<InitializeDetails, StatsigError> {
        self.inner.start().await?.handle.initialized().await
    }

    /// The result of the initialisation, or `None` before its end. If a failed start succeeds
    /// later, these are the details of the success. The client records them even if no caller waits
    /// for [`initialize`](Self::initialize).
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let details = statsig.get_initialize_details();
    /// assert!(details.is_some());
    /// ```
    #[must_use]
    pub fn get_initialize_details(&self) -> Option<InitializeDetails> {
        let handle = self.inner.handle.load();
        let details = handle.as_ref()?.initialize_details()?;
        Some(InitializeDetails::clone(&details))
    }

    /// Whether the client runs and its start has succeeded: whether
    /// [`initialize`](Self::initialize) would now return `Ok` at once.
    ///
    /// A client that runs updates its specs and sends events. So this is false after a shutdown,
    /// after the end of the runtime and in a forked process, even if specs are in use. It is true
    /// for a client that needs no specs, with `disable_network`. Most health checks should call
    /// [`is_ready`](Self::is_ready) instead, which reports whether specs are in use.
    ///
    /// ```
    /// # use statsig::{Statsig, StatsigOptions};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// assert!(!statsig.is_initialized());
    /// statsig.initialize().await?;
    /// assert!(statsig.is_initialized());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
    /// ```
    /// # use std::sync::Arc;
    /// # use statsig::sources::BootstrapSpecs;
    /// # use statsig::{Statsig, StatsigOptions};
    /// # const SPECS: &str =
    /// #     include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/specs.json"));
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// # let specs = Arc::new(BootstrapSpecs::new(SPECS));
    /// # let options = StatsigOptions::builder().specs_adapter(specs).disable_network(true);
    /// # let statsig = Statsig::new("secret-key", options.build()?);
    /// # statsig.initialize().await?;
    /// statsig.refresh().await?;
    /// println!("{:?}", statsig.specs_status());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When no source has specs, or the specs are older than those in use, which stay in use.
    /// [`StatsigError::RuntimeGone`] when the runtime of the client has ended.
    pub async fn refresh(&self) -> Result<(), StatsigError> {
        self.inner.handle()?.refresh().await
    }
}

/// Running actors.
pub(super) struct Started {
    pub(super) handle: Arc<Handle>,
    /// Whether this call started the actors.
    pub(super) is_new: bool,
}

impl ClientInner {
    /// The running actors; starts them if there are none. They start even if the caller stops
    /// waiting.
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
            // It has ended already, or ends soon.
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

    /// If a client was created before a fork and never used, the child may start it.
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

    pub(super) fn handle(&self) -> Result<Arc<Handle>, StatsigError> {
        let handle = (self.handle.load_full()).ok_or(StatsigError::NotInitialized)?;
        if self.shared.home.is_surely_here() {
            Ok(handle)
        } else {
            Err(self.forked())
        }
    }

    /// The error of calls that need the actors of the parent process.
    pub(super) fn forked(&self) -> StatsigError {
        if self.shared.log_fork()
            && let Some(handle) = self.handle.load_full()
        {
            handle.leave_to_parent();
        }
        StatsigError::Forked
    }

    /// Notifies the exposure actor that the queue has reached its high-water mark.
    #[cold]
    pub(super) fn nudge(&self) {
        if let Ok(handle) = self.handle() {
            handle.nudge();
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl Statsig {
    /// Disturbs an actor. `None` if it does not run; the future ends when the actor has ended.
    pub(crate) fn disturb(
        &self,
        actor: actors::ActorName,
        disturbance: actors::Disturbance,
    ) -> Option<BoxFuture<'static, ()>> {
        let handle = self.inner.handle.load_full();
        handle?.disturb(actor, disturbance)
    }
}
