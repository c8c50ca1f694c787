//! Where specs come from, and when.

use std::sync::Arc;
use std::time::Duration;

use super::{DEFAULT_SPECS_URL, StatsigOptionsBuilder, url_or};
#[cfg(feature = "grpc")]
use crate::sources::GrpcForwardProxy;
use crate::sources::SpecsAdapter;

impl StatsigOptionsBuilder {
    /// Where specs are downloaded from: the URL up to and including `download_config_specs`.
    /// Default: [`DEFAULT_SPECS_URL`]. Empty means the default.
    pub fn specs_url(mut self, url: impl Into<String>) -> Self {
        self.options.specs_url = url_or(url.into(), DEFAULT_SPECS_URL);
        self
    }

    /// Takes specs from this adapter instead of the network.
    pub fn specs_adapter(mut self, adapter: Arc<dyn SpecsAdapter>) -> Self {
        self.options.specs_adapter = Some(adapter);
        self
    }

    /// Takes specs from a stream of this forward proxy, unless a [`specs_adapter`](Self::specs_adapter) is set.
    #[cfg(feature = "grpc")]
    pub fn grpc_forward_proxy(mut self, proxy: GrpcForwardProxy) -> Self {
        self.options.grpc_forward_proxy = Some(proxy);
        self
    }

    /// The pause between two background syncs. Default: 10 s. At least 1 s.
    pub fn specs_sync_interval(mut self, interval: Duration) -> Self {
        self.options.specs_sync_interval = interval;
        self
    }

    /// The largest specs payload to accept, in bytes after decompression. Default: 100 MiB.
    pub fn max_specs_bytes(mut self, bytes: usize) -> Self {
        self.options.max_specs_bytes = bytes;
        self
    }

    /// A limit for the whole of `initialize`. Default: none, but the first request has a limit of 3 s of its own.
    pub fn init_timeout(mut self, limit: Duration) -> Self {
        self.options.init_timeout = Some(limit);
        self
    }

    /// When a specs URL of your own fails, ask Statsig's. Default: false.
    pub fn fallback_to_statsig_api(mut self, enable: bool) -> Self {
        self.options.fallback_to_statsig_api = enable;
        self
    }
}
