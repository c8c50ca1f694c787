//! The shared instance of a process: the SDK's only global.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::{ClientInner, Statsig};
use crate::error::StatsigError;
use crate::options::StatsigOptions;
use crate::targets;

/// It has no lock, because a fork could inherit a held lock from a thread that does not exist in
/// the child.
static SHARED: ArcSwapOption<ClientInner> = ArcSwapOption::const_empty();

impl Statsig {
    /// Creates the shared instance. Initialise it like any other client.
    ///
    /// ```
    /// use statsig::{Statsig, StatsigError};
    ///
    /// let statsig = Statsig::new_shared("secret-key", None)?;
    /// assert!(Statsig::has_shared_instance());
    /// # Statsig::remove_shared();
    /// # Ok::<(), StatsigError>(())
    /// ```
    ///
    /// # Errors
    /// [`StatsigError::SharedInstanceExists`] when there is already one. It stays unchanged.
    pub fn new_shared(
        sdk_key: &str,
        options: impl Into<Option<StatsigOptions>>,
    ) -> Result<Self, StatsigError> {
        let statsig = Self::new(sdk_key, options);
        let nothing: Option<Arc<ClientInner>> = None;
        let found = SHARED.compare_and_swap(&nothing, Some(Arc::clone(&statsig.inner)));
        if found.is_some() {
            return Err(StatsigError::SharedInstanceExists);
        }
        Ok(statsig)
    }

    /// Returns the shared instance. Without one, it logs an error and returns a client that serves
    /// fallbacks and records no events.
    ///
    /// ```
    /// # use statsig::{Statsig, StatsigUser};
    /// # Statsig::new_shared("secret-key", None)?;
    /// let user = StatsigUser::with_user_id("a-user");
    /// let is_on = Statsig::shared().check_gate(&user, "a_gate");
    /// # Statsig::remove_shared();
    /// # Ok::<(), statsig::StatsigError>(())
    /// ```
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
    ///
    /// ```
    /// use statsig::{Statsig, StatsigUser};
    ///
    /// if let Some(statsig) = Statsig::try_shared() {
    ///     statsig.identify(&StatsigUser::with_user_id("a-user"));
    /// }
    /// ```
    #[must_use]
    pub fn try_shared() -> Option<Self> {
        SHARED.load_full().map(Self::from_inner)
    }

    /// Whether there is a shared instance.
    ///
    /// ```
    /// assert!(!statsig::Statsig::has_shared_instance());
    /// ```
    #[must_use]
    pub fn has_shared_instance() -> bool {
        SHARED.load().is_some()
    }

    /// Removes the shared instance and returns it, so that you can shut it down. Handles to it keep
    /// working.
    ///
    /// ```
    /// # use statsig::Statsig;
    /// # Statsig::new_shared("secret-key", None)?;
    /// if let Some(statsig) = Statsig::remove_shared() {
    ///     drop(statsig); // or: statsig.shutdown().await
    /// }
    /// assert!(!Statsig::has_shared_instance());
    /// # Ok::<(), statsig::StatsigError>(())
    /// ```
    pub fn remove_shared() -> Option<Self> {
        SHARED.swap(None).map(Self::from_inner)
    }

    /// Replaces the shared instance, if it is this client.
    pub(super) fn replace_shared(&self, with: &Self) {
        SHARED.compare_and_swap(
            &Some(Arc::clone(&self.inner)),
            Some(Arc::clone(&with.inner)),
        );
    }
}
