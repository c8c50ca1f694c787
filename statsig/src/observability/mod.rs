//! What the SDK tells about itself.

pub(crate) mod client;
pub(crate) mod diagnostics;
mod exceptions;
pub(crate) mod facts;
pub(crate) mod mask;
mod metric;
pub(crate) mod observer;
pub(crate) mod outlet;
pub(crate) mod subscriptions;
pub(crate) mod telemetry;

pub use client::{ObservabilityClient, Tag};
pub use subscriptions::{SdkEvent, SubscriptionID};
