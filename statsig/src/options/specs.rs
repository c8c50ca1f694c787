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

option_setters! {
    /// Sets the URL that specs are downloaded from, up to and including `download_config_specs`.
    /// Default: [`DEFAULT_SPECS_URL`]. Empty means the default.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .specs_url("http://forward-proxy:8000/v2/download_config_specs")
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn specs_url(url: impl Into<String>) => specs_url =
        Address::given(&url.into()).unwrap_or_else(|| DEFAULT_SPECS_URL.into());

    /// Loads specs from this source alone, instead of the network and the data store. It accepts an
    /// `Arc<impl SpecsAdapter>`, or the adapter of another crate, such as `statsig-grpc`. Default:
    /// none.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::sync::Arc;
    /// use statsig::sources::FileSpecs;
    ///
    /// let specs = Arc::new(FileSpecs::new("/etc/shop/statsig.json"));
    /// let options = StatsigOptions::builder().specs_adapter(specs).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn specs_adapter(adapter: impl Into<SpecAdapterConfig>) =>
        specs_adapter = Some(given(adapter.into()));

    /// Takes specs from these sources. At the start the client asks them in order. It asks the next
    /// one when a source fails or has used up its share of the time: an equal share of
    /// [`init_timeout`](Self::init_timeout) or 3 s, for a data store at most 500 ms. The first good
    /// specs are used. Later, only the first source that
    /// [keeps specs fresh](crate::sources::SpecsAdapter::background_sync) is asked. `specs_adapter`
    /// takes precedence. Default: the data store, if there is one, then the network. At least one.
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
    pub fn spec_adapters_config(sources: impl IntoIterator<Item = SpecAdapterConfig>) =>
        spec_adapters_config = Some(sources.into_iter().map(given).collect());

    /// Starts with the specs in this store, and writes the specs from the network to it; see
    /// [`DataStore`]. Default: none.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::sync::Arc;
    /// use statsig::sources::FileDataStore;
    /// let options = StatsigOptions::builder()
    ///     .data_store(Arc::new(FileDataStore::new("/var/cache/shop")))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn data_store(store: Arc<dyn DataStore>) => data_store = Some(store);

    /// Sets how the SDK key appears in the data store's keys. Default: hashed.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use statsig::sources::DataStoreKeyVersion;
    /// let options = StatsigOptions::builder()
    ///     .data_store_key_schema_version(DataStoreKeyVersion::V2Hashed)
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn data_store_key_schema_version(version: DataStoreKeyVersion) =>
        data_store_key_schema_version = version;

    /// Lets the service answer in its binary form (protobuf compressed with Brotli), a fraction of
    /// the size of JSON. Default: false. Feature `proto`.
    ///
    /// The tests decode recorded specs of the service: they give the same answers as the same specs
    /// in JSON. If an entity has a value that this version does not know, the client skips that
    /// entity and logs a warning.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().enable_proto_specs(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    #[cfg(feature = "proto")]
    pub fn enable_proto_specs(enable: bool) => enable_proto_specs = enable;

    /// Requests differences to the specs in use instead of whole specs. Default: false. Feature
    /// `proto`.
    ///
    /// Experimental: the tests use differences that we encoded ourselves, not recordings of the
    /// service. The option includes [`enable_proto_specs`](Self::enable_proto_specs). It needs
    /// memory, because the client also keeps the specs as JSON. If differences do not fit, the
    /// client rejects them and requests whole specs.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().enable_dcs_deltas(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    #[cfg(feature = "proto")]
    pub fn enable_dcs_deltas(enable: bool) => enable_dcs_deltas = enable;

    /// Sets the number of successive syncs without newer specs after which the client requests
    /// whole specs, at most every 5 minutes. Default: 10. 0 means never. Used with
    /// [`enable_dcs_deltas`](Self::enable_dcs_deltas). Feature `proto`.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .enable_dcs_deltas(true)
    ///     .dcs_delta_no_progress_threshold(30)
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    #[cfg(feature = "proto")]
    pub fn dcs_delta_no_progress_threshold(syncs: u32) => dcs_delta_no_progress_threshold = syncs;

    /// Sets the pause between two background syncs. Default: 10 s. At least 1 s.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder()
    ///     .specs_sync_interval(Duration::from_secs(30))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn specs_sync_interval(interval: Duration) => specs_sync_interval = interval;

    /// Sets the limit of every request for specs except the first, response included. Default: 10
    /// s.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder()
    ///     .specs_request_timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn specs_request_timeout(limit: Duration) => specs_request_timeout = limit;

    /// Sets the limit in bytes of a specs payload, after decompression. The client rejects a larger
    /// payload. Default: 100 MiB.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().max_specs_bytes(10 * 1024 * 1024).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn max_specs_bytes(bytes: usize) => max_specs_bytes = bytes;

    /// Sets the limit of the whole `initialize`, and of its first request. Default: none; the first
    /// request then has its own limit of 3 s. With zero, `initialize` does not wait.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder().init_timeout(Duration::from_secs(1)).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn init_timeout(limit: Duration) => init_timeout = Some(limit);

    /// Requests specs from Statsig when a specs URL of your own fails. Default: false.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .specs_url("http://forward-proxy:8000/v2/download_config_specs")
    ///     .fallback_to_statsig_api(true)
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn fallback_to_statsig_api(enable: bool) => fallback_to_statsig_api = enable;
}

impl StatsigOptions {
    /// Where specs come from, in order.
    pub(crate) fn specs_sources(&self) -> Vec<SpecAdapterConfig> {
        if let Some(adapter) = &self.specs_adapter {
            return vec![adapter.clone()];
        }
        let named = self.spec_adapters_config.clone();
        named.unwrap_or_else(|| match self.data_store {
            Some(_) => vec![
                SpecAdapterConfig::DataStore,
                SpecAdapterConfig::network_http(),
            ],
            None => vec![SpecAdapterConfig::network_http()],
        })
    }

    pub(super) fn check_specs_sources(&self) -> Result<(), OptionsError> {
        let (option, sources) = match (&self.specs_adapter, &self.spec_adapters_config) {
            (Some(source), _) => ("specs_adapter", std::slice::from_ref(source)),
            (None, Some(sources)) => ("spec_adapters_config", &**sources),
            (None, None) => return Ok(()),
        };
        let wants_store = |source| matches!(source, &SpecAdapterConfig::DataStore);
        let found = if sources.is_empty() {
            "none"
        } else if self.data_store.is_none() && sources.iter().any(wants_store) {
            "a data store, but no option `data_store`"
        } else {
            return Ok(());
        };
        let expected = "at least one source, all of them usable";
        Err(OptionsError::new(option, expected, found))
    }

    /// The sources that the options name.
    pub(super) fn named_sources(&self) -> impl Iterator<Item = &SpecAdapterConfig> {
        let listed = self.spec_adapters_config.iter().flatten();
        self.specs_adapter.iter().chain(listed)
    }
}

/// A source as the application gave it. An empty address means the default.
fn given(source: SpecAdapterConfig) -> SpecAdapterConfig {
    match source {
        SpecAdapterConfig::NetworkHttp { specs_url } => SpecAdapterConfig::NetworkHttp {
            specs_url: specs_url.and_then(|url| Some(Address::given(&url)?.to_string())),
        },
        other => other,
    }
}
