//! Waiting for specs, and watching them change.

use tokio::sync::watch;

use super::Statsig;
use crate::error::StatsigError;
use crate::results::SpecsStatus;

impl Statsig {
    /// Waits until there are specs to evaluate with: those of the start, or, if that failed, those of a later sync.
    ///
    /// It waits for as long as it takes, also for somebody to call [`initialize`](Self::initialize): put it under a timeout.
    ///
    /// # Errors
    /// [`StatsigError::ShutDown`] when the client is shut down, and there are none.
    pub async fn ready(&self) -> Result<(), StatsigError> {
        let shared = &self.core.shared;
        let mut status = shared.status.subscribe();
        while !status.borrow_and_update().is_ready() {
            // The sender is `shared`'s, so a change is all that can end this.
            if shared.is_closed() || status.changed().await.is_err() {
                return Err(StatsigError::ShutDown);
            }
        }
        Ok(())
    }

    /// Where the specs in use came from, and how old they are.
    #[must_use]
    pub fn specs_status(&self) -> SpecsStatus {
        self.core.shared.snapshot.load().status()
    }

    /// Watches the specs in use from now on.
    #[must_use]
    pub fn watch_specs(&self) -> SpecsWatch {
        let mut status = self.core.shared.status.subscribe();
        let known = status.borrow_and_update().clone();
        SpecsWatch { known, status }
    }
}

/// Tells when other specs are in use; made by [`Statsig::watch_specs`]. Does not keep the client alive, and may be awaited on any
/// executor.
///
/// ```no_run
/// # async fn watch(statsig: statsig::Statsig) {
/// let mut specs = statsig.watch_specs();
/// while let Some(status) = specs.changed().await {
///     println!("specs of {} from {}", status.lcut, status.source);
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SpecsWatch {
    known: SpecsStatus,
    status: watch::Receiver<SpecsStatus>,
}

impl SpecsWatch {
    /// Waits for the next change and returns what is in use then; `None` when the client is gone. Changes that come faster than
    /// they are waited for count as one.
    pub async fn changed(&mut self) -> Option<SpecsStatus> {
        loop {
            self.status.changed().await.ok()?;
            let found = self.status.borrow_and_update().clone();
            if found != self.known {
                self.known.clone_from(&found);
                return Some(found);
            }
        }
    }
}
