//! The one instance that a process may share: the SDK's only global.

use std::sync::{Arc, PoisonError, RwLock};

use super::Statsig;
use crate::error::StatsigError;
use crate::options::StatsigOptions;
use crate::targets;

static SHARED: RwLock<Option<Statsig>> = RwLock::new(None);

impl Statsig {
    /// Creates the shared instance. Initialise it like any other client.
    ///
    /// # Errors
    /// [`StatsigError::SharedInstanceExists`] when there is one already, which stays as it is.
    pub fn new_shared(
        sdk_key: &str,
        options: impl Into<Option<StatsigOptions>>,
    ) -> Result<Self, StatsigError> {
        let mut shared = SHARED.write().unwrap_or_else(PoisonError::into_inner);
        if shared.is_some() {
            return Err(StatsigError::SharedInstanceExists);
        }
        Ok(shared.insert(Self::new(sdk_key, options)).clone())
    }

    /// The shared instance, or, when there is none, a client that serves fallbacks and logs nothing.
    #[must_use]
    pub fn shared() -> Self {
        Self::try_shared().unwrap_or_else(|| {
            tracing::error!(
                target: targets::CLIENT,
                "expected a shared Statsig instance, found none; serving fallbacks"
            );
            let nothing = StatsigOptions::builder()
                .disable_network(true)
                .disable_all_logging(true);
            Self::new("", nothing.build().ok())
        })
    }

    /// The shared instance, if there is one.
    #[must_use]
    pub fn try_shared() -> Option<Self> {
        SHARED
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether there is a shared instance.
    #[must_use]
    pub fn has_shared_instance() -> bool {
        SHARED
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Forgets the shared instance and returns it, so that it can be shut down. Handles to it keep working.
    pub fn remove_shared() -> Option<Self> {
        SHARED
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Puts another in the place of this one, if this one is shared. Does not wait for the lock: after a fork, the thread that
    /// holds it may not exist.
    pub(super) fn replace_shared(&self, with: &Self) {
        if let Ok(mut shared) = SHARED.try_write()
            && let Some(current) = &mut *shared
            && Arc::ptr_eq(&current.core, &self.core)
        {
            *current = with.clone();
        }
    }
}
