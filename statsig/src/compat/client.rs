//! The official client: construction, lifecycle and shared instance.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::options::StatsigOptions;
use super::successors::Successors;
use crate::error::StatsigError;
use crate::initialize_details::InitializeDetails;
use crate::{OptionsError, targets};

/// A client with the official methods. It derefs to the SDK's own [`Statsig`](crate::Statsig).
///
/// A clone is the same client, so an `Arc` around it does no harm. To use a native method that has
/// another signature here, deref: `(*statsig).log_event(&user, Event::new("visit"))`.
///
/// ```
/// use std::sync::Arc;
/// use statsig::compat::{Statsig, StatsigOptions, StatsigUser};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let options = StatsigOptions { disable_network: Some(true), ..StatsigOptions::default() };
/// let statsig = Statsig::new("secret-key", Some(Arc::new(options)));
/// statsig.initialize().await?;
/// assert!(!statsig.check_gate(&StatsigUser::with_user_id("a-user"), "a_gate"));
/// statsig.shutdown().await?;
/// # Ok::<(), statsig::compat::StatsigErr>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Statsig {
    pub(super) clients: Arc<Successors>,
    /// The reason why the options cannot be used.
    problem: Option<OptionsError>,
}

impl Deref for Statsig {
    type Target = crate::Statsig;

    fn deref(&self) -> &crate::Statsig {
        self.clients.latest()
    }
}

impl From<crate::Statsig> for Statsig {
    fn from(client: crate::Statsig) -> Self {
        Self {
            clients: Arc::new(Successors::new(client)),
            problem: None,
        }
    }
}

impl Statsig {
    /// A client. It starts nothing before [`initialize`](Self::initialize).
    ///
    /// A number out of range and a blank URL mean the default, with a warning in the log. With
    /// options that cannot be used at all, such as an address without a host, the client serves
    /// fallbacks, logs an error, and `initialize` returns it.
    #[must_use]
    pub fn new(sdk_key: &str, options: Option<Arc<StatsigOptions>>) -> Self {
        let built = options.map_or_else(|| Ok(None), |options| options.build().map(Some));
        match built {
            Ok(options) => crate::Statsig::new(sdk_key, options).into(),
            Err(problem) => {
                tracing::error!(target: targets::CLIENT, "{problem}; serving fallbacks");
                let nothing = crate::StatsigOptions::builder().disable_network(true);
                Self {
                    problem: Some(problem),
                    ..crate::Statsig::new(sdk_key, nothing.build().ok()).into()
                }
            }
        }
    }

    /// Loads the specs and starts the background work.
    ///
    /// # Errors
    /// Those of the native [`initialize`](crate::Statsig::initialize), and the error of options
    /// that cannot be used.
    pub async fn initialize(&self) -> Result<(), StatsigError> {
        self.initialize_with_details().await.map(drop)
    }

    /// Like [`initialize`](Self::initialize), with the details.
    ///
    /// # Errors
    /// Those of [`initialize`](Self::initialize).
    pub async fn initialize_with_details(&self) -> Result<InitializeDetails, StatsigError> {
        match &self.problem {
            Some(problem) => Err(problem.clone().into()),
            None => (**self).initialize_with_details().await,
        }
    }

    /// Delivers all queued events. The client retries later what it cannot deliver now.
    pub async fn flush_events(&self) {
        if let Err(error) = (**self).flush_events().await {
            tracing::warn!(target: targets::CLIENT, "flush_events: {error}");
        }
    }

    /// Delivers the queued events and stops the background work, within 3 seconds.
    ///
    /// # Errors
    /// Those of the native [`shutdown`](crate::Statsig::shutdown).
    pub async fn shutdown(&self) -> Result<(), StatsigError> {
        (**self).shutdown().await.map(drop)
    }

    /// Like [`shutdown`](Self::shutdown), with another limit.
    ///
    /// # Errors
    /// Those of the native [`shutdown_with_timeout`](crate::Statsig::shutdown_with_timeout).
    pub async fn shutdown_with_timeout(&self, timeout: Duration) -> Result<(), StatsigError> {
        (**self).shutdown_with_timeout(timeout).await.map(drop)
    }

    /// Creates the shared instance.
    ///
    /// # Errors
    /// When there is a shared instance already, or the options cannot be used.
    pub fn new_shared(
        sdk_key: &str,
        options: Option<Arc<StatsigOptions>>,
    ) -> Result<Arc<Self>, StatsigError> {
        let options = options.map(|options| options.build()).transpose()?;
        let shared = crate::Statsig::new_shared(sdk_key, options)?;
        Ok(Arc::new(shared.into()))
    }

    /// The shared instance. Without one, a client that serves fallbacks.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        Arc::new(crate::Statsig::shared().into())
    }

    /// Whether there is a shared instance.
    #[must_use]
    pub fn has_shared_instance() -> bool {
        crate::Statsig::has_shared_instance()
    }

    /// Forgets the shared instance. Handles to it keep working.
    pub fn remove_shared() {
        drop(crate::Statsig::remove_shared());
    }
}

impl std::fmt::Debug for Statsig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.clients.latest().fmt(f)
    }
}
