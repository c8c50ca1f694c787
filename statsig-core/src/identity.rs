//! How this SDK names itself, in requests, events and client initialize responses.

/// The name that Statsig's server SDKs of this generation share.
pub const SDK_TYPE: &str = "statsig-server-core";
/// The version of this SDK.
pub const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");
