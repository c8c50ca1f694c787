#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod current_user;
mod flags;
mod flush;
mod health;
mod layer;
mod overrides;
mod params;
mod rejection;
mod request_user;
mod require_gate;
mod shutdown;
mod trusted_proxies;

pub use current_user::CurrentUser;
pub use flags::Flags;
pub use flush::{Deadline, FlushFuture, FlushLayer, FlushService};
pub use health::{Health, HealthOfEvents, HealthOfSpecs, health};
pub use layer::{FlagsLayer, FlagsService};
pub use overrides::{FlagsFuture, OverrideCounts, QaOverrides};
pub use params::Params;
pub use rejection::MissingFlagsLayer;
pub use request_user::RequestUser;
pub use require_gate::{RequireGate, RequireGateFuture, RequireGateService};
pub use shutdown::{ServeError, ThenShutdown, shutdown_signal};
pub use trusted_proxies::{InvalidNetwork, TrustedProxies};

/// The target of this crate's own log lines.
const TARGET: &str = "statsig::axum";
