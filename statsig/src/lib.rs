//! A [Statsig](https://statsig.com) server SDK: feature gates, dynamic configs, experiments,
//! layers, parameter stores and events, with typed parameters, built on actors.
//!
//! **New here? Read the guide [`docs::getting_started`].** It leads from an empty project to a
//! service that reads flags, logs events and stops cleanly.
//!
//! ```
//! # #[cfg(feature = "macros")]
//! # mod example {
//! use statsig::{Event, Statsig, StatsigOptions, StatsigParams, StatsigUser};
//!
//! #[derive(Debug, StatsigParams)]
//! #[statsig(layer = "a_layer")]
//! struct Promo {
//!     #[statsig(default = "Welcome to Statsig!")]
//!     title: String,
//!     #[statsig(default = 0.1)]
//!     discount: f64,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = "secret-docs";
//! let options = StatsigOptions::builder().environment("production").build()?;
//! # const SPECS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/specs.json"));
//! # let specs = std::sync::Arc::new(statsig::sources::BootstrapSpecs::new(SPECS));
//! # let options = StatsigOptions::builder().specs_adapter(specs).disable_network(true).build()?;
//! let statsig = Statsig::new(secret, options);
//! statsig.initialize().await?; // downloads the specs; from then on, reads come from memory
//!
//! let user = StatsigUser::builder("a-user")
//!     .custom("plan", "premium")
//!     .private("email", "p@example.com")
//!     .build();
//! if statsig.check_gate(&user, "a_gate") {
//!     let promo = statsig.get_typed::<Promo>(&user);
//!     println!("{} -{:.0}%", promo.title, promo.discount * 100.0);
//! }
//! statsig.log_event(&user, Event::new("add_to_cart").value("SKU_12345").metadata("price", "9.99"));
//!
//! let report = statsig.shutdown().await?; // delivers the queued events
//! # assert_eq!(report.stats.pending, 0);
//! # Ok(())
//! # }
//! # }
//! # fn main() {
//! #     #[cfg(feature = "macros")]
//! #     example::main().unwrap();
//! # }
//! ```
//!
//! # Guides
//!
//! | guide | questions that it answers |
//! |---|---|
//! | [`getting_started`](docs::getting_started) | How do I install the SDK, read flags, log events, set the log level, stop? |
//! | [`typed`](docs::typed) | How do I keep parameter structs in step with the console? |
//! | [`testing`](docs::testing) | How do I test code that reads flags? |
//! | [`events`](docs::events) | When is an event sent, and when is it lost? |
//! | [`sources`](docs::sources) | Where do specs come from? |
//! | [`operations`](docs::operations) | How do I run it: health, metrics, memory, forks, proxies? |
//! | [`serverless`](docs::serverless) | How do I use it in functions, scripts and cron jobs? |
//! | [`migration`](docs::migration) | How do I move here? What can an unofficial SDK promise? |
//!
//! The repository has
//! [runnable examples](https://github.com/statsig-actors/statsig/tree/main/examples).
//!
//! # What to expect
//!
//! *Specs* are the definitions of all gates, configs, experiments and layers of your project.
//!
//! * **Every evaluation is synchronous**: it does not await, sends no message to a task, holds no
//!   lock while it evaluates, and cannot fail. If a name is unknown, a value is missing, or
//!   [`initialize`](Statsig::initialize) has not loaded the specs, you get the fallback, and the
//!   [`EvaluationDetails`] say why.
//! * **Evaluations and events match those of the other Statsig SDKs**: the same buckets, rules,
//!   reasons and exposures.
//! * **Memory is bounded, and every event is counted**: as long as the process lives,
//!   [`EventStats`] shows each loss with its reason.
//! * **Bad specs never replace good ones.** If one gate is malformed, only that gate is left out.
//! * **No hidden work**: [`Statsig::new`] starts nothing, and the SDK installs no logger; it emits
//!   [`tracing`] events.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `country` | yes | the country of an IPv4 address, from a table of 0.6 MB in the binary; its licence requires an attribution: see [`country`](mod@country) |
//! | `http` | yes | the HTTP transport, on reqwest and rustls (needs a C compiler); without it, supply your own [`Transport`](transport::Transport) |
//! | `macros` | yes | the derives `StatsigParams` and `ParamEnum` |
//! | `brotli` | no | specs compressed with Brotli |
//! | `bundled-roots` | no | Mozilla's list of certificates, for containers without certificates |
//! | `metrics` | no | [`MetricsExporter`]: the SDK's metrics, through the `metrics` facade |
//! | `offline` | no | `offline::OfflineClient`: evaluates fixed specs without a runtime, for tools |
//! | `proptest` | no | property tests: strategies for parameter structs; implies `testing` |
//! | `proto` | no | specs in the binary form, and deltas, which are experimental |
//! | `registry` | no | a list of all structs in the binary that derive `StatsigParams`, to check them all |
//! | `signed-overrides` | no | signed tokens that force gates and parameters for one request: `overrides::signed` |
//! | `spool` | no | keeps undelivered events on disk: [`docs::events`](docs::events#keep-events-on-disk) |
//! | `testing` | no | [`testing`](docs::testing): simulated time, a scripted network, offline clients |
//! | `tracing-layer` | no | [`LogLineLayer`]: forwards chosen `tracing` events to Statsig as log lines |
//! | `zstd` | no | events and specs compressed with zstd instead of gzip; needs a C compiler |
//!
//! Separate packages add more: [`statsig-axum`](https://docs.rs/statsig-axum) (axum and tower
//! services), [`statsig-openfeature`](https://docs.rs/statsig-openfeature) (an OpenFeature
//! provider), [`statsig-redis`](https://docs.rs/statsig-redis) (a data store),
//! [`statsig-grpc`](https://docs.rs/statsig-grpc) (specs streamed from a forward proxy),
//! [`statsig-opentelemetry`](https://docs.rs/statsig-opentelemetry) (metrics), and
//! [`statsig-local`](https://docs.rs/statsig-local) (a local stand-in for Statsig, for tests and
//! development).
//!
#![cfg_attr(
    feature = "metrics",
    doc = "[`MetricsExporter`]: observability::MetricsExporter"
)]
#![cfg_attr(not(feature = "metrics"), doc = "[`MetricsExporter`]: #features")]
#![cfg_attr(
    feature = "tracing-layer",
    doc = "[`LogLineLayer`]: log_lines::LogLineLayer"
)]
#![cfg_attr(not(feature = "tracing-layer"), doc = "[`LogLineLayer`]: #features")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code, unused_variables, unused_imports))))]

// The derives name this crate `::statsig`, also in its own tests.
extern crate self as statsig;

mod actors;
mod client;
pub mod clock;
pub mod compat;
mod counters;
pub mod country;
pub mod docs;
mod engine_log;
pub mod enrichment;
mod error;
pub mod event_logging;
mod events;
mod facts;
mod files;
mod guard;
mod initialize_details;
pub mod observability;
#[cfg(any(test, feature = "offline"))]
pub mod offline;
mod once_per_generation;
pub mod options;
pub mod overrides;
mod process;
mod shared;
pub mod sources;
#[cfg(feature = "spool")]
mod spool;
pub mod storage;
mod targets;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod transport;
pub mod typed;

// The engine's modules, by the same paths as the SDK's own.
use statsig_core::{cause, evaluation, hash, mask, results, specs, text, user, value};

#[doc(hidden)]
pub use statsig_core::__register_params;

pub use cause::Cause;
pub use client::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    Layer, LayerEvaluationOptions, ParameterStore, ParameterStoreEvaluationOptions, PinnedStatsig,
    Schemas, SpecsWatch, Statsig, StoreParameter, TypedEvaluationOptions,
};
pub use counters::{DroppedEvents, EventStats, FlushReport, ShutdownReport};
pub use error::{OptionsError, StatsigError};
pub use events::event::Event;
pub use events::value::EventValue;
pub use explain::Explanation;
pub use initialize_details::InitializeDetails;
pub use options::{StatsigOptions, StatsigOptionsBuilder};
pub use results::{
    DynamicConfig, EvaluationDetails, Experiment, FeatureGate, Reason, SpecsSource, SpecsStatus,
};
pub use statsig_core::entity_kind::EntityKind;
pub use text::SharedStr;
#[cfg(feature = "macros")]
pub use typed::ParamEnum;
pub use typed::{StatsigParams, Typed};
pub use user::{StatsigUser, StatsigUserBuilder};

/// For providers of other flag APIs: `statsig-openfeature`.
#[doc(hidden)]
pub mod flags {
    pub use crate::client::{FlagPart, FlagQuery, FlagRead, FlagReader, FlagValue};
    pub use statsig_core::evaluation::Basis;
}

/// What [`Statsig::explain`] returns.
pub mod explain {
    pub use crate::results::explanation::{
        BanditChoice, ConditionTried, ExplainedParameter, ExplainedResult, Explanation, Found,
        MappingTried, MappingTriedEnd, RuleTried, RuleTriedEnd, ShareTried, Step, Visit, VisitEnd,
    };
}

/// The groups of experiments and of contextual bandits.
pub mod experiments {
    pub use crate::results::{CmabRankedGroup, ExperimentGroup, ExperimentGroupsResult};
}

/// Options of [`Statsig::get_client_init_response_as_string_with_options`].
pub mod client_init {
    pub use statsig_core::client_init::{
        ClientInitResponseFormat, ClientInitResponseOptions, UnknownResponseFormat,
    };
    pub use statsig_core::hash::{HashAlgorithm, UnknownHashAlgorithm};
}

/// Log lines as Statsig events.
pub mod log_lines {
    #[cfg(feature = "tracing-layer")]
    pub use crate::client::LogLineLayer;
    pub use crate::client::{StatsigLogLineLevel, UnknownLogLineLevel};
}
