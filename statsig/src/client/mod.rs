//! The client: a cheap handle with synchronous reads. Actors own all state that changes.

// The documentation lists the methods of `Statsig` in the order of these modules. The most needed
// methods come first.
mod lifecycle;

mod gates;

mod configs;

mod layers;

mod param_stores;

mod store_reads;

mod typed;

mod events;

mod ending;

mod pinned;

mod enrichment;

mod overrides;

#[cfg(feature = "signed-overrides")]
mod signed_overrides;

mod explain;

mod subscriptions;

mod status;

mod client_init;

mod catalog;

mod schemas;

mod shared_instance;

mod blocking;

mod fork;

mod specs_file;

// Without public methods of `Statsig`.
mod decision;
mod evaluated_call;
mod exposure;
mod flags;
#[cfg(any(test, feature = "testing"))]
mod inspect;
#[cfg(feature = "tracing-layer")]
mod log_line_layer;
mod lookup;
mod options;
mod shown;
#[cfg(test)]
mod started;
mod sticky;
mod unknown;
mod view;

use std::sync::Arc;

use arc_swap::ArcSwapOption;

pub use events::{StatsigLogLineLevel, UnknownLogLineLevel};
#[doc(hidden)]
pub use flags::{FlagPart, FlagQuery, FlagRead, FlagReader, FlagValue};
#[cfg(any(test, feature = "testing"))]
pub use inspect::{Inspected, InspectedGate};
pub use layers::Layer;
#[cfg(feature = "tracing-layer")]
pub use log_line_layer::LogLineLayer;
pub use options::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    LayerEvaluationOptions, ParameterStoreEvaluationOptions, TypedEvaluationOptions,
};
pub use param_stores::{ParameterStore, StoreParameter};
pub use pinned::PinnedStatsig;
pub use schemas::Schemas;
pub use status::SpecsWatch;

use self::unknown::Warnings;
use crate::actors::Handle;
use crate::shared::{Published, Shared};

/// A Statsig client: gates, dynamic configs, experiments, layers, parameter stores and events.
///
/// It is a handle: a clone copies a pointer, and all clones are the same client. Creating a client
/// starts nothing; [`initialize`](Self::initialize) loads the specs and starts the actors that keep
/// them fresh and deliver events. Afterwards every evaluation is a plain function call that neither
/// waits nor fails.
///
/// Clients are independent of each other. [`shutdown`](Self::shutdown) delivers the queued events
/// and reports the number of lost events.
///
/// ```
/// use statsig::{Statsig, StatsigOptions, StatsigUser};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let options = StatsigOptions::builder().environment("staging").build()?;
/// let statsig = Statsig::new("secret-key", options);
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
    /// The pinned specs, which reads use instead of the current ones.
    pinned: Option<Arc<Published>>,
}

struct ClientInner {
    shared: Arc<Shared>,
    /// Set by `initialize`. After a shutdown it points to actors that have ended.
    handle: ArcSwapOption<Handle>,
    /// Held while actors are started.
    starting: tokio::sync::Mutex<()>,
    warnings: Arc<Warnings>,
}

impl Statsig {
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
