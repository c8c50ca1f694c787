//! Waits for specs, and watches their changes.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use super::Statsig;
use crate::error::StatsigError;
use crate::process::Process;
use crate::results::SpecsStatus;
use crate::shared::{End, Watched};

impl Statsig {
    /// Waits until there are specs to evaluate with: the specs of the start, or, if it failed,
    /// those of a later sync.
    ///
    /// It waits without a limit, also for a call of [`initialize`](Self::initialize). Put it under
    /// a timeout.
    ///
    /// ```
    /// use std::time::Duration;
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
    /// tokio::time::timeout(Duration::from_secs(5), statsig.ready()).await??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When there are no specs, and none will come: [`StatsigError::ShutDown`] when the client is
    /// shut down, [`StatsigError::RuntimeGone`] when its runtime has ended,
    /// [`StatsigError::Forked`] in a forked process.
    pub async fn ready(&self) -> Result<(), StatsigError> {
        let shared = &self.inner.shared;
        if self.is_ready() {
            return Ok(());
        }
        // This check comes first, because the channel has locks.
        if !shared.home.is_here() {
            return Err(self.inner.forked());
        }
        let mut watched = shared.published.watch();
        while !self.is_ready() {
            match watched.borrow_and_update().end {
                Some(End::ShutDown) => return Err(StatsigError::ShutDown),
                Some(End::ActorsGone) => return Err(StatsigError::RuntimeGone),
                None => {}
            }
            // `shared` owns the sender, so it exists. A change since the check of the specs is
            // visible at once.
            if watched.changed().await.is_err() {
                return Err(StatsigError::ShutDown);
            }
        }
        Ok(())
    }

    /// Whether there are specs to evaluate with. Use it for health checks: it costs a load and a
    /// comparison.
    ///
    /// It stays true during a long outage, after a [`shutdown`](Self::shutdown) and in a forked
    /// process: evaluations use the last specs. [`specs_status`](Self::specs_status) returns their
    /// age. [`is_initialized`](Self::is_initialized) reports whether the client runs: whether it
    /// updates specs and sends events.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert!(statsig.is_ready());
    /// ```
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.inner.shared.published.load().specs.time != 0
    }

    /// The source and the age of the specs in use.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let status = statsig.specs_status();
    /// assert_eq!(status.source.to_string(), "Bootstrap");
    /// assert_eq!(status.lcut, 1_790_000_000_000);
    /// ```
    #[must_use]
    pub fn specs_status(&self) -> SpecsStatus {
        self.inner.shared.published.load().status()
    }

    /// The time since the last successful sync of specs, whether or not the specs had changed.
    /// `None` before the first one. Use it to see that the specs are fresh: by default the client
    /// syncs every 10 s.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let age = statsig.sync_age().unwrap();
    /// assert!(age.as_secs() < 60);
    /// ```
    #[must_use]
    pub fn sync_age(&self) -> Option<Duration> {
        self.inner.shared.sync_age_ms().map(Duration::from_millis)
    }

    /// Watches the specs in use from now on.
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
    /// let mut watch = statsig.watch_specs();
    /// statsig.initialize().await?;
    /// let status = watch.changed().await.ok_or("the client has ended")?;
    /// println!("specs of {} from {}", status.lcut, status.source);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn watch_specs(&self) -> SpecsWatch {
        let shared = &self.inner.shared;
        // Nothing changes in a fork, and the locks of the channel may be held forever.
        let mut watched = shared.home.is_here().then(|| shared.published.watch());
        let known = match &mut watched {
            Some(watched) => watched.borrow_and_update().status.clone(),
            None => self.specs_status(),
        };
        SpecsWatch {
            known,
            watched,
            origin: Process::here(),
        }
    }
}

/// Reports when other specs are in use; created by [`Statsig::watch_specs`]. It does not keep the
/// client alive, and works on every executor.
///
/// ```
/// # async fn watch(statsig: statsig::Statsig) {
/// let mut specs = statsig.watch_specs();
/// while let Some(status) = specs.changed().await {
///     println!("specs of {} from {}", status.lcut, status.source);
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct SpecsWatch {
    known: SpecsStatus,
    /// `None` in a fork of the client's process.
    watched: Option<watch::Receiver<Watched>>,
    origin: Process,
}

impl Drop for SpecsWatch {
    fn drop(&mut self) {
        // Dropping the channel takes one of its locks.
        if !self.origin.is_here() {
            std::mem::forget(self.watched.take());
        }
    }
}

impl fmt::Debug for SpecsWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpecsWatch")
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

impl SpecsWatch {
    /// Waits for the next change and returns the status of the new specs. Several changes between
    /// two calls count as one.
    ///
    /// `None` when no change will come: the client was dropped or shut down, its runtime has ended,
    /// or this is a forked process. If the client is started again, the next call waits for changes
    /// again.
    pub async fn changed(&mut self) -> Option<SpecsStatus> {
        let watched = self.watched.as_mut()?;
        // The channel has locks, which a fork may have inherited in the held state.
        while self.origin.is_here() {
            let found = watched.borrow_and_update().clone();
            if found.status != self.known {
                self.known.clone_from(&found.status);
                return Some(found.status);
            }
            if found.end.is_some() {
                return None;
            }
            watched.changed().await.ok()?;
        }
        None
    }
}
