//! Statsig.
#![allow(dead_code, unused_imports)]

extern crate self as statsig;

mod actors;
mod client;
mod clock;
mod counters;
mod error;
mod evaluation;
mod events;
mod hash;
mod options;
mod results;
mod shared;
mod sources;
mod specs;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod text;
mod transport;
pub mod typed;
mod user;
mod value;

pub use client::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    InitializeDetails, Layer, LayerEvaluationOptions, ParameterStore,
    ParameterStoreEvaluationOptions, Statsig, StatsigLogLineLevel, UnknownLogLineLevel,
};
pub use clock::{Clock, SystemClock};
pub use counters::{DroppedEvents, EventAccount, ShutdownReport};
pub use error::{OptionsError, SpecsError, StatsigError};
pub use events::event::{Event, EventValue};
pub use options::{
    DEFAULT_LOG_EVENT_URL, DEFAULT_SPECS_URL, StatsigOptions, StatsigOptionsBuilder,
};
pub use results::{
    DynamicConfig, EvaluationDetails, Experiment, FeatureGate, IdListSource, Reason, SpecsSource,
};
pub use sources::{
    BootstrapSpecs, ChangeSignal, FetchError, FileSpecs, SpecsAdapter, SpecsPayload, SpecsRequest,
    StatsigBootstrapSpecsAdapter,
};
pub use text::SharedStr;
pub use transport::{BoxFuture, Method, Request, Response, Transport, TransportError};
#[cfg(feature = "macros")]
pub use typed::ParamEnum;
pub use typed::{StatsigParams, Typed};
pub use user::{StatsigUser, StatsigUserBuilder};
