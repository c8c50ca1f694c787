//! Names of the official SDK for Rust that differ from ours, so that a migration changes fewer
//! lines.
//!
//! ```
//! use statsig::compat::SubscriptionID;
//!
//! # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
//! let subscription: SubscriptionID = statsig.subscribe("*", |_| ());
//! assert!(!subscription.is_error());
//! ```

pub use crate::event_logging::FileEvents as StatsigLocalFileEventLoggingAdapter;
pub use crate::observability::SubscriptionId as SubscriptionID;
pub use crate::results::CmabRankedGroup as CMABRankedGroup;
pub use crate::sources::BootstrapSpecs as StatsigBootstrapSpecsAdapter;
pub use crate::sources::FileSpecs as StatsigLocalFileSpecsAdapter;
