//! Helpers for tests of code that uses this SDK: a builder for Statsig projects, a client with a
//! network in memory, assertions that show what was logged, and simulated time. Feature `testing`.
//! The guide is [`docs::testing`](crate::docs::testing).
//!
//! ```
//! use statsig::StatsigUser;
//! use statsig::testing::{self, Specs, custom};
//!
//! // #[tokio::test(start_paused = true)]
//! async fn gold_customers_ship_for_free() {
//!     let specs = Specs::new().gate("free_shipping", |g| {
//!         g.rule("premium").when(custom("plan").any(["gold"])).pass(100)
//!             .rule("half").everyone().pass(50)
//!     });
//!     let test = testing::client(specs).await;
//!
//!     let ann = StatsigUser::builder("ann").custom("plan", "gold").build();
//!     assert!(test.check_gate(&ann, "free_shipping"));
//!     test.logged().await.assert_gate_exposed(&ann, "free_shipping");
//! }
//! # let mut builder = tokio::runtime::Builder::new_current_thread();
//! # let runtime = builder.enable_all().start_paused(true).build().unwrap();
//! # runtime.block_on(gold_customers_ship_for_free());
//! ```
//!
//! With tokio's paused time, an hour of syncs takes milliseconds. All timers of the SDK are
//! tokio's, [`SimulatedClock`] provides the wall-clock time, and [`ScriptedTransport`] answers
//! requests without a socket. (Paused time does not wait for real sockets.)

mod actors;
mod answer;
mod client;
mod clock;
mod exposed;
mod exposures;
mod id_lists;
#[doc(hidden)]
pub mod internals;
mod log_lines;
mod logged_events;
mod schema_match;
#[cfg(feature = "proptest")]
mod strategy;
mod transport;
mod variants;

pub use actors::{Actor, PausedActor, crash, pause};
pub use answer::Answer;
pub use client::{TestClient, client, client_with};
pub use clock::SimulatedClock;
pub use exposures::{Exposures, exposures_of};
pub use log_lines::{LogLine, LogLines, record_logs, record_logs_from};
pub use logged_events::LoggedEvents;
pub use schema_match::{SpecsToCheck, assert_schema_matches, check_schema_in};
#[cfg(feature = "proptest")]
pub use strategy::params_strategy;
pub use transport::{PostedBatch, RecordedRequest, ScriptedTransport};
pub use variants::for_each_variant;

use crate::client::Statsig;
#[doc(hidden)]
pub use crate::client::{Inspected, InspectedGate};
pub use crate::offline::{OfflineClient, SpecsInput};
pub use crate::transport::Endpoint;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// For the SDK's own tests: the parts of an evaluation that the public results do not show. Logs
/// nothing.
#[doc(hidden)]
#[must_use]
pub fn inspect(statsig: &Statsig, kind: EntityKind, user: &StatsigUser, name: &str) -> Inspected {
    statsig.inspect(kind, user, name)
}

/// The value. A test cannot continue without it.
#[track_caller]
#[expect(clippy::panic, reason = "tests fail by panicking")]
fn or_fail<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(problem) => panic!("{problem}"),
    }
}

/// The parts of [`Specs`], and all conditions.
pub mod authoring {
    pub use statsig_core::authoring::*;
}
pub use statsig_core::authoring::{
    Specs, country, custom, email, environment, fails_gate, in_id_list, in_segment, passes_gate,
    user_id,
};
