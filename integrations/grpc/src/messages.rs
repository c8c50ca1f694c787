//! The messages of the package `statsig_forward_proxy` that the client uses.

use bytes::Bytes;

/// The method that streams specs.
pub(crate) const STREAM_CONFIG_SPEC: &str =
    "/statsig_forward_proxy.StatsigForwardProxy/StreamConfigSpec";

/// The version of the specs' format, `dcs-v2`.
const VERSION_2: i32 = 2;

/// Asks for specs. The derived `Debug` would show the SDK key.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(crate) struct ConfigSpecRequest {
    #[prost(string, tag = "1")]
    sdk_key: String,
    /// An enumeration: none 0, v1 1, v2 2.
    #[prost(int32, optional, tag = "3")]
    version: Option<i32>,
    #[prost(uint64, optional, tag = "12")]
    since_time: Option<u64>,
}

impl ConfigSpecRequest {
    pub(crate) fn new(sdk_key: &str, since_time: u64) -> Self {
        Self {
            sdk_key: sdk_key.to_owned(),
            version: Some(VERSION_2),
            since_time: Some(since_time),
        }
    }
}

impl std::fmt::Debug for ConfigSpecRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigSpecRequest").finish_non_exhaustive()
    }
}

/// The answer: specs, or the information that there are no newer ones.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConfigSpecResponse {
    /// JSON. It is a string on the wire, but is read as bytes: the parser of specs checks it.
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) spec: Bytes,
}
