//! The SDK's name in requests, events and client initialize responses.

/// The shared name of Statsig's current server SDKs.
pub const SDK_TYPE: &str = "statsig-server-core";
/// The version of this SDK.
pub const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");
