//! A Statsig server SDK: gates, dynamic configs, experiments, layers, parameter stores and events, with typed parameters,
//! built on actors.
//!
//! ```
//! use statsig::{Event, Statsig, StatsigParams, StatsigUser};
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
//! # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
//! // let statsig = Statsig::new(secret, StatsigOptions::builder().environment("production").build()?);
//! // statsig.initialize().await?;
//! let user = StatsigUser::builder("a-user").custom("plan", "premium").private("email", "p@example.com").build();
//! if statsig.check_gate(&user, "a_gate") {
//!     let promo = statsig.get_typed::<Promo>(&user);
//!     println!("{} -{:.0}%", promo.title, promo.discount * 100.0);
//! }
//! statsig.log_event(&user, Event::new("add_to_cart").value("SKU_12345").metadata("price", "9.99"));
//! // let report = statsig.shutdown().await?;
//! ```
//!
//! # What to expect
//!
//! * **After [`initialize`](Statsig::initialize) every evaluation is synchronous**: no await, no message to an actor, no lock held
//!   while working, and none fails. An unknown name or a missing value reads as the fallback, and the
//!   [`EvaluationDetails`] say why.
//! * **Evaluations and events are those of the other Statsig SDKs**, to the bit: the same buckets, rules, reasons and exposures.
//! * **Memory is bounded**: the event queue, the batches that wait, the dedupe table and the evaluation cache have fixed limits.
//!   No event is lost without being counted; see [`EventStats`].
//! * **Bad specs never replace good ones**: a malformed gate is left out alone.
//! * **Nothing is hidden**: [`Statsig::new`] does no work, no logger is installed (the SDK emits [`tracing`] events). Clients share only the
//!   [shared instance](Statsig::new_shared), a counter of forks, and, while they live, the system's certificates with the host names that
//!   are being looked up.
//!
//! # Features
//!
//! | feature | default | what for |
//! |---|---|---|
//! | `country` | yes | the country of an IPv4 address, from a table of 0.6 MB in the binary; its licence asks for an attribution, see [`CountryLookup`] |
//! | `grpc` | no | specs streamed by a forward proxy: [`StatsigOptionsBuilder::grpc_forward_proxy`] |
//! | `http` | yes | the HTTP transport, on reqwest and rustls; without it bring a [`Transport`] |
//! | `macros` | yes | the derives [`StatsigParams`](macro@StatsigParams) and [`ParamEnum`](macro@ParamEnum) |
//! | `metrics` | no | [`observability::MetricsExporter`]: the SDK's health through the `metrics` facade |
//! | `proptest` | no | property tests: strategies for structs of parameters; implies `testing` |
//! | `proto` | no | specs in the binary form: [`StatsigOptionsBuilder::enable_proto_specs`]; and deltas, which are experimental |
//! | `registry` | no | collects every struct in the binary that derives `StatsigParams`, to check them all |
//! | `spool` | no | keeps undelivered events on disk: [`StatsigOptionsBuilder::event_spool`] |
//! | `testing` | no | simulated time, a scripted network, offline clients, for your tests |
//! | `tracing-layer` | no | [`StatsigLayer`]: forwards chosen `tracing` events as Statsig log lines |
//! | `bundled-roots` | no | trusts Mozilla's list of certificates in addition to the system's, for containers without certificates |
//! | `brotli` | no | reads specs that are compressed with Brotli, too |
//! | `zstd` | no | compresses events with zstd instead of gzip, and reads specs in it; needs a C compiler |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code, unused_variables, unused_imports))))]

// The derives name this crate `::statsig`, also in its own tests.
extern crate self as statsig;

mod actors;
mod client;
mod clock;
mod counters;
mod country;
pub mod docs;
mod engine_log;
mod error;
mod events;
mod files;
mod guard;
mod initialize_details;
pub mod observability;
mod options;
mod overrides;
mod process;
mod shared;
mod sinks;
mod sources;
#[cfg(feature = "spool")]
mod spool;
mod sticky;
mod striped;
mod targets;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod told_once;
mod transport;
pub mod typed;

// The engine's modules, by the same paths as the SDK's own.
use statsig_core::{client_init, evaluation, hash, mask, results, specs, text, user, value};

#[doc(hidden)]
pub use statsig_core::__register_params;

#[cfg(feature = "tracing-layer")]
pub use client::StatsigLayer;
pub use client::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    Layer, LayerEvaluationOptions, ParameterStore, ParameterStoreEvaluationOptions, PinnedStatsig,
    Schemas, SpecsWatch, Statsig, StatsigLogLineLevel, TypedEvaluationOptions, UnknownLogLineLevel,
};
pub use client_init::{ClientInitResponseFormat, ClientInitResponseOptions, UnknownResponseFormat};
/// What [`Statsig::explain`] answers.
pub mod explain {
    pub use crate::results::explanation::{
        BanditChoice, ConditionTried, ExplainKind, ExplainedParameter, ExplainedResult,
        Explanation, Found, MappingTried, MappingTriedEnd, RuleTried, RuleTriedEnd, ShareTried,
        Step, Visit, VisitEnd,
    };
}

pub use clock::{Clock, SystemClock};
pub use counters::{DroppedEvents, EventStats, ShutdownReport};
pub use country::{CountryCode, CountryLookup, CountryTable, CountryTableError};
pub use error::{OptionsError, SpecsError, StatsigError};
pub use events::event::Event;
pub use events::value::EventValue;
pub use explain::{ExplainKind, Explanation};
pub use hash::{HashAlgorithm, UnknownHashAlgorithm};
pub use initialize_details::InitializeDetails;
pub use observability::{ObservabilityClient, SdkEvent, SubscriptionID};
pub use options::{
    DEFAULT_LOG_EVENT_URL, DEFAULT_SPECS_URL, StatsigOptions, StatsigOptionsBuilder,
};
pub use overrides::{ExperimentOverride, OverrideAdapter};
pub use results::{
    CMABRankedGroup, DynamicConfig, EvaluationDetails, Experiment, ExperimentGroup,
    ExperimentGroupsResult, FeatureGate, IdListSource, Reason, SpecsSource, SpecsStatus,
};
pub use sinks::{
    EventBatch, EventLoggingAdapter, EventLoggingError, FileEvents,
    StatsigLocalFileEventLoggingAdapter,
};
#[cfg(feature = "grpc")]
pub use sources::GrpcForwardProxy;
pub use sources::{
    BackgroundSync, BootstrapSpecs, ChangeSignal, DataStore, DataStoreBytesResponse,
    DataStoreError, DataStoreFeature, DataStoreKeyVersion, DataStoreResponse, FetchError,
    FileDataStore, FileSpecs, IdListFileRequest, IdListsAdapter, IdListsRequest, RequestPath,
    SpecAdapterConfig, SpecsAdapter, SpecsPayload, SpecsRequest, StatsigBootstrapSpecsAdapter,
    StatsigLocalFileSpecsAdapter,
};
pub use sticky::{
    FilePersistentStorage, InMemoryPersistentStorage, PersistentStorage, PersistentStorageError,
    StickyExposure, StickyValues, UserPersistedValues,
};
pub use text::SharedStr;
#[cfg(feature = "http")]
pub use transport::http::HttpTransport;
pub use transport::proxy::ProxyConfig;
pub use transport::{
    BoxFuture, Endpoint, Headers, Method, Request, Response, Transport, TransportError,
};
#[cfg(feature = "macros")]
pub use typed::ParamEnum;
pub use typed::{StatsigParams, Typed};
pub use user::{StatsigUser, StatsigUserBuilder};
