//! The client: a cheap handle whose reads are synchronous, over actors that own everything that changes.

mod blocking;
mod catalog;
mod client_init;
mod configs;
mod decision;
mod evaluated_call;
mod events;
mod explain;
mod exposure;
mod fork;
mod gates;
#[cfg(any(test, feature = "testing"))]
mod inspect;
mod layers;
mod lifecycle;
#[cfg(feature = "tracing-layer")]
mod log_layer;
mod lookup;
mod options;
mod overrides;
mod param_stores;
mod pinned;
mod schemas;
mod shared_instance;
mod shown;
mod specs_file;
#[cfg(test)]
mod started;
mod status;
mod sticky;
mod subscriptions;
mod typed;
mod unknown;
mod view;

use std::sync::Arc;

use arc_swap::ArcSwapOption;

pub use events::{StatsigLogLineLevel, UnknownLogLineLevel};
#[cfg(any(test, feature = "testing"))]
pub use inspect::{Inspected, InspectedGate};
pub use layers::Layer;
#[cfg(feature = "tracing-layer")]
pub use log_layer::StatsigLayer;
pub use options::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    LayerEvaluationOptions, ParameterStoreEvaluationOptions, TypedEvaluationOptions,
};
pub use param_stores::ParameterStore;
pub use pinned::PinnedStatsig;
pub use schemas::Schemas;
pub use status::SpecsWatch;

use self::unknown::Warnings;
use crate::actors::Handle;
use crate::options::StatsigOptions;
use crate::shared::{Published, Shared};

/// A Statsig client: gates, dynamic configs, experiments, layers, parameter stores and events.
///
/// A handle: cloning it copies a pointer, and all clones are the same client. Creating one does nothing yet;
/// [`initialize`](Self::initialize) loads the specs and starts the actors that keep them fresh and deliver events. From then
/// on every evaluation is a plain function call that neither waits nor fails.
///
/// Clients are independent of each other. [`shutdown`](Self::shutdown) delivers the queued events and reports how many were lost.
///
/// ```no_run
/// use statsig::{Statsig, StatsigOptions, StatsigUser};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let statsig = Statsig::new("secret-key", StatsigOptions::builder().environment("staging").build()?);
/// statsig.initialize().await?;
///
/// let user = StatsigUser::with_user_id("a-user");
/// if statsig.check_gate(&user, "a_gate") {
///     println!("the new way");
/// }
/// let report = statsig.shutdown().await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Statsig {
    inner: Arc<ClientInner>,
    /// The specs to read with, in place of the current ones.
    pinned: Option<Arc<Published>>,
}

struct ClientInner {
    shared: Arc<Shared>,
    /// Set by `initialize`. After a shutdown it leads to actors that have ended.
    handle: ArcSwapOption<Handle>,
    /// Held while actors are started.
    starting: tokio::sync::Mutex<()>,
    warnings: Arc<Warnings>,
}

impl Statsig {
    /// A client with this server secret key. `options` may be left out with `None`. Does no work: no task, no connection.
    ///
    /// Logs a warning for a key that cannot work: an empty one, a client key, one with a line break at its end.
    #[must_use]
    pub fn new(sdk_key: &str, options: impl Into<Option<StatsigOptions>>) -> Self {
        crate::engine_log::install();
        let options = options.into().unwrap_or_default();
        let shared = Arc::new(Shared::new(sdk_key, options));
        let needs_key = !shared.options.disable_network;
        if let Some(problem) = shared.identity.key.problem().filter(|_| needs_key) {
            tracing::warn!(
                target: crate::targets::CLIENT,
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

    /// A handle that is not pinned.
    fn from_inner(inner: Arc<ClientInner>) -> Self {
        Self {
            inner,
            pinned: None,
        }
    }

    #[cfg(any(test, feature = "offline"))]
    pub(crate) fn shared_state(&self) -> &Arc<Shared> {
        &self.inner.shared
    }
}
