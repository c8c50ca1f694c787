//! Statsig.
#![allow(dead_code, unused_imports)]

mod actors;
mod clock;
mod counters;
mod error;
mod events;
mod options;
mod results;
mod shared;
mod sources;
mod specs;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod text;
mod transport;
mod user;

pub use actors::ShutdownReport;
pub use clock::{Clock, SystemClock};
pub use counters::{DroppedEvents, EventAccount};
pub use error::{OptionsError, SpecsError, StatsigError};
pub use events::event::{Event, EventValue};
pub use options::{
    DEFAULT_LOG_EVENT_URL, DEFAULT_SPECS_URL, StatsigOptions, StatsigOptionsBuilder,
};
pub use results::{EvaluationDetails, IdListSource, Reason, SpecsSource};
pub use sources::{
    BootstrapSpecs, ChangeSignal, FetchError, FileSpecs, SpecsAdapter, SpecsPayload, SpecsRequest,
    StatsigBootstrapSpecsAdapter,
};
pub use text::SharedStr;
pub use transport::{BoxFuture, Method, Request, Response, Transport, TransportError};
pub use user::StatsigUser;
