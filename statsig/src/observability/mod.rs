//! What the SDK tells about itself.

pub(crate) mod subscriptions;
pub(crate) mod targets;
pub(crate) mod telemetry;

pub use subscriptions::{SdkEvent, SubscriptionID};
