//! Where specs come from, and when.

use std::sync::Arc;
use std::time::Duration;

use super::{DEFAULT_SPECS_URL, StatsigOptions, StatsigOptionsBuilder};
use crate::error::OptionsError;
#[cfg(feature = "proto")]
use crate::sources::deltas::DeltaMode;
use crate::sources::{DataStore, DataStoreKeyVersion, SpecAdapterConfig};
use crate::transport::address::Address;

#[cfg(feature = "proto")]
impl StatsigOptions {
    /// Whether specs are taken in the binary form: deltas exist in no other.
    pub(crate) fn reads_binary(&self) -> bool {
        self.enable_proto_specs || self.enable_dcs_deltas
    }

    /// When to ask for deltas, if ever.
    pub(crate) fn delta_mode(&self) -> Option<DeltaMode> {
        let threshold = self.dcs_delta_no_progress_threshold;
        self.enable_dcs_deltas.then(|| DeltaMode::new(threshold))
    }
}

impl StatsigOptionsBuilder {
    /// Where specs are downloaded from: the URL up to and including `download_config_specs`.
    /// Default: [`DEFAULT_SPECS_URL`]. Empty means the default.
    pub fn specs_url(mut self, url: impl Into<String>) -> Self {
        let given = Address::given(&url.into());
        self.options.specs_url = given.unwrap_or_else(|| DEFAULT_SPECS_URL.into());
        self
    }

    /// Takes specs from this source alone, instead of the network and the data store: from an
    /// `Arc<impl SpecsAdapter>`, or from the adapter of another crate, such as `statsig-grpc`.
    pub fn specs_adapter(mut self, adapter: impl Into<SpecAdapterConfig>) -> Self {
        self.options.specs_adapter = Some(adapter.into());
        self
    }

    /// Takes specs from these sources. At the start the client asks them in order. It asks the next one when a source fails or has used
    /// up its share of the time: an equal share of [`init_timeout`](Self::init_timeout) or 3 s, for a data store at most 500 ms. The
    /// first good specs are used. Later, only the first source that [keeps specs fresh](crate::sources::SpecsAdapter::background_sync) is asked.
    /// `specs_adapter` takes precedence. Default: the data store, if there is one, then the network. At least one.
    ///
    /// ```
    /// use statsig::sources::{FileSpecs, SpecAdapterConfig};
    /// use statsig::StatsigOptions;
    ///
    /// let options = StatsigOptions::builder()
    ///     .spec_adapters_config([
    ///         SpecAdapterConfig::network_http_at("http://forward-proxy:8000/v2/download_config_specs"),
    ///         SpecAdapterConfig::network_http(),
    ///         SpecAdapterConfig::adapter(FileSpecs::new("/etc/shop/statsig.json")),
    ///     ])
    ///     .build()?;
    /// # let _ = options;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn spec_adapters_config(
        mut self,
        sources: impl IntoIterator<Item = SpecAdapterConfig>,
    ) -> Self {
        let sources = sources.into_iter().map(|source| match source {
            SpecAdapterConfig::NetworkHttp { specs_url } => SpecAdapterConfig::NetworkHttp {
                specs_url: specs_url.and_then(|url| Some(Address::given(&url)?.to_string())),
            },
            other => other,
        });
        self.options.spec_adapters_config = Some(sources.collect());
        self
    }

    /// Starts with the specs in this store, and writes there what the network brings; see [`DataStore`]. Default: none.
    pub fn data_store(mut self, store: Arc<dyn DataStore>) -> Self {
        self.options.data_store = Some(store);
        self
    }

    /// How the SDK key appears in the data store's keys. Default: hashed.
    pub fn data_store_key_schema_version(mut self, version: DataStoreKeyVersion) -> Self {
        self.options.data_store_key_schema_version = version;
        self
    }

    /// Lets the service answer in its binary form (protobuf compressed with Brotli), a fraction of the size of JSON. Default: false.
    ///
    /// The reader is tested with recorded specs of the service: they give the same answers as the same specs in JSON. An entity with
    /// a value that this version does not know is left out alone, with a warning.
    #[cfg(feature = "proto")]
    pub fn enable_proto_specs(mut self, enable: bool) -> Self {
        self.options.enable_proto_specs = enable;
        self
    }

    /// Asks for differences to the specs in use instead of whole specs. Default: false.
    ///
    /// Experimental: the tests use differences that we encoded ourselves, not recordings of the service.
    /// Includes [`enable_proto_specs`](Self::enable_proto_specs). Takes memory: the specs are also kept as JSON. The client refuses
    /// differences that do not fit, and asks for whole specs.
    #[cfg(feature = "proto")]
    pub fn enable_dcs_deltas(mut self, enable: bool) -> Self {
        self.options.enable_dcs_deltas = enable;
        self
    }

    /// After so many syncs in a row that were answered without making the specs newer, asks for whole specs, at most every five
    /// minutes. Default: 10; 0 means never. Used with [`enable_dcs_deltas`](Self::enable_dcs_deltas).
    #[cfg(feature = "proto")]
    pub fn dcs_delta_no_progress_threshold(mut self, syncs: u32) -> Self {
        self.options.dcs_delta_no_progress_threshold = syncs;
        self
    }

    /// The pause between two background syncs. Default: 10 s. At least 1 s.
    pub fn specs_sync_interval(mut self, interval: Duration) -> Self {
        self.options.specs_sync_interval = interval;
        self
    }

    /// The limit of every request for specs but the first, response included. Default: 10 s.
    pub fn specs_request_timeout(mut self, limit: Duration) -> Self {
        self.options.specs_request_timeout = limit;
        self
    }

    /// The largest specs payload to accept, in bytes after decompression. Default: 100 MiB.
    pub fn max_specs_bytes(mut self, bytes: usize) -> Self {
        self.options.max_specs_bytes = bytes;
        self
    }

    /// A limit for the whole of `initialize`, and for its first request. Default: none, but the first request has a limit of 3 s of
    /// its own. With zero, `initialize` waits for nothing.
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

impl StatsigOptions {
    /// Where specs come from, in order.
    pub(crate) fn specs_sources(&self) -> Vec<SpecAdapterConfig> {
        if let Some(adapter) = &self.specs_adapter {
            return vec![adapter.clone()];
        }
        let named = self.spec_adapters_config.clone();
        named.unwrap_or_else(|| {
            let store = self
                .data_store
                .is_some()
                .then_some(SpecAdapterConfig::DataStore);
            store
                .into_iter()
                .chain([SpecAdapterConfig::network_http()])
                .collect()
        })
    }

    pub(super) fn check_specs_sources(&self) -> Result<(), OptionsError> {
        let Some(sources) = &self.spec_adapters_config else {
            return Ok(());
        };
        let wants_store = |source| matches!(source, &SpecAdapterConfig::DataStore);
        let found = if sources.is_empty() {
            "none"
        } else if self.data_store.is_none() && sources.iter().any(wants_store) {
            "a data store, but no option `data_store`"
        } else {
            return Ok(());
        };
        Err(OptionsError {
            option: "spec_adapters_config",
            expected: "at least one source, all of them usable",
            found: found.to_owned(),
        })
    }
}
