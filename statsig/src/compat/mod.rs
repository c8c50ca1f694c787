//! The names and signatures of the official SDK for Rust (`statsig-rust` 0.24), implemented by this
//! SDK, so that a migration changes few lines.
//!
//! Import from here instead of from `statsig_rust`. [`Statsig`] takes what the official client
//! takes, and derefs to the SDK's own [`Statsig`](crate::Statsig), so you can call all of its
//! methods, too. Every other item is a struct of options that converts into the SDK's own, or the
//! SDK's own type under its official name. The guide [`migration`](crate::docs::migration) lists
//! every method and option.
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::Arc;
//! use statsig::compat::{Statsig, StatsigOptions, StatsigUser, StatsigUserSetters};
//!
//! let options = StatsigOptions {
//!     environment: Some("development".to_string()),
//!     specs_sync_interval_ms: Some(30_000),
//!     ..StatsigOptions::default()
//! };
//! let statsig = Statsig::new("secret-key", Some(Arc::new(options)));
//!
//! let mut user = StatsigUser::with_user_id("a-user");
//! user.set_email("a@example.com");
//! user.set_custom(HashMap::from([("plan", "premium")]));
//! statsig.log_event(&user, "add_to_cart", Some("SKU_12345".to_string()), None);
//! assert!(!statsig.check_gate(&user, "a_gate"));
//! ```
//!
//! **The log level is not an option here.** [`StatsigOptions::output_log_level`] has no effect: the
//! SDK writes its log with `tracing`, and the filter of your subscriber sets the level, such as
//! `statsig=debug`. See [the guide](crate::docs::getting_started#see-the-log).

mod call_options;
mod client;
mod events;
mod fork;
mod options;
mod options_builder;
mod options_debug;
mod stores;
mod successors;
mod user;

pub use self::call_options::{
    ClientInitResponseOptions, DynamicConfigEvaluationOptions, ExperimentEvaluationOptions,
    FeatureGateEvaluationOptions, LayerEvaluationOptions, ParameterStoreEvaluationOptions,
};
pub use self::client::Statsig;
pub use self::options::{LogLevel, ProxyConfig, StatsigOptions};
pub use self::options_builder::StatsigOptionsBuilder;
pub use self::stores::ParameterStore;
pub use self::user::{StatsigUserBuilder, StatsigUserSetters};
pub use crate::client_init::{ClientInitResponseFormat as GCIRResponseFormat, HashAlgorithm};
pub use crate::error::StatsigError as StatsigErr;
pub use crate::event_logging::{
    EventLoggingAdapter, FileEvents as StatsigLocalFileEventLoggingAdapter,
};
pub use crate::initialize_details::InitializeDetails;
pub use crate::observability::{ObservabilityClient, SdkEvent, SubscriptionId as SubscriptionID};
pub use crate::overrides::{LocalOverrides as StatsigLocalOverrideAdapter, OverrideAdapter};
pub use crate::results::{
    CmabRankedGroup as CMABRankedGroup, DynamicConfig, EvaluationDetails, Experiment,
    ExperimentGroup, ExperimentGroupsResult, FeatureGate,
};
pub use crate::sources::{
    BootstrapSpecs as StatsigBootstrapSpecsAdapter, DataStore as DataStoreTrait,
    DataStoreKeyVersion, FileSpecs as StatsigLocalFileSpecsAdapter, IdListsAdapter,
    SpecAdapterConfig, SpecsAdapter,
};
pub use crate::storage::{PersistentStorage, StickyValues, UserPersistedValues};
pub use crate::user::StatsigUser;
pub use crate::{Layer, log_lines::StatsigLogLineLevel};

/// A JSON value. Users and metadata take it.
pub type DynamicValue = serde_json::Value;
