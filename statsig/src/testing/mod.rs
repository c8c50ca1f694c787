//! Helpers for tests of code that uses this SDK: simulated time and a network in memory. Feature
//! `testing`.
//!
//! With tokio's paused time, an hour of syncs takes milliseconds. All timers of the SDK are
//! tokio's, [`SimulatedClock`] provides the wall-clock time, and [`ScriptedTransport`] answers
//! requests without a socket. (Paused time does not wait for real sockets.)
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use statsig::StatsigOptions;
//! use statsig::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock};
//!
//! # const SPECS: &str = r#"{"has_updates": true, "time": 1, "feature_gates": {},
//! #   "dynamic_configs": {}, "layer_configs": {}, "condition_map": {}, "experiment_to_layer": {}}"#;
//! # let mut runtime = tokio::runtime::Builder::new_current_thread();
//! # runtime.enable_all().start_paused(true).build().unwrap().block_on(async {
//! let network = Arc::new(ScriptedTransport::new());
//! network.serve_specs(SPECS);
//! network.next(Endpoint::Events, Answer::status(503)); // the first batch of events fails
//!
//! let options = StatsigOptions::builder()
//!     .transport(network.clone())
//!     .clock(Arc::new(SimulatedClock::new()))
//!     .build()?;
//! # let _ = options;
//! // … start a client with these options, use it, let time pass:
//! tokio::time::sleep(Duration::from_secs(3_600)).await;
//! // … and look at what it sent:
//! assert!(network.events().is_empty());
//! # Ok::<(), statsig::OptionsError>(()) }).unwrap();
//! ```

mod answer;
mod clock;
mod exposures;
mod id_lists;
#[doc(hidden)]
pub mod internals;
#[cfg(test)]
pub(crate) mod logs;
mod schema_match;
#[cfg(feature = "proptest")]
mod strategy;
mod transport;
mod variants;

pub use answer::Answer;
pub use clock::SimulatedClock;
pub use exposures::{Exposures, exposures_of};
pub use schema_match::{assert_schema_matches, check_schema_in};
#[cfg(feature = "proptest")]
pub use strategy::params_strategy;
pub use transport::{PostedBatch, RecordedRequest, ScriptedTransport};
pub use variants::for_each_variant;

#[doc(hidden)]
pub use crate::actors::{ActorName, Disturbance};
use crate::client::Statsig;
#[doc(hidden)]
pub use crate::client::{Inspected, InspectedGate};
pub use crate::offline::OfflineClient;
pub use crate::transport::Endpoint;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// For the SDK's own tests: makes one of a client's actors crash or pause. Does nothing to a client
/// that was not initialised.
///
/// The supervisor restarts a crashed actor. No recorded event is lost. See [`Statsig::restarts`].
#[cfg(feature = "testing")]
#[doc(hidden)]
pub fn disturb(statsig: &Statsig, whom: ActorName, what: Disturbance) {
    statsig.disturb(whom, what);
}

/// For the SDK's own tests: the parts of an evaluation that the public results do not show. Logs
/// nothing.
#[doc(hidden)]
#[must_use]
pub fn inspect(statsig: &Statsig, kind: EntityKind, user: &StatsigUser, name: &str) -> Inspected {
    statsig.inspect(kind, user, name)
}
