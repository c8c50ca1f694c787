//! The client's options, with every default in one place. The builder's methods are in a file for
//! each subject.

mod addresses;
mod evaluation;
mod event_ranges;
mod events;
mod id_lists;
mod network;
mod observability;
mod schemas;
mod specs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub(crate) use self::events::DropHook;
use crate::clock::{Clock, GuardedClock, SystemClock};
use crate::country::CountryLookup;
use crate::error::OptionsError;
use crate::event_logging::EventLoggingAdapter;
use crate::events::limits::EventLimits;
use crate::observability::ObservabilityClient;
use crate::overrides::OverrideAdapter;
use crate::sources::id_lists::IdListsAdapter;
use crate::sources::{DataStore, DataStoreKeyVersion, SpecAdapterConfig};
use crate::storage::PersistentStorage;
use crate::text::SharedStr;
use crate::transport::Transport;
use crate::transport::address::Address;
use crate::transport::proxy::ProxyConfig;
use crate::typed::Schema;

/// The default URL of specs.
pub const DEFAULT_SPECS_URL: &str = "https://api.statsigcdn.com/v2/download_config_specs";
/// The default URL that events are posted to.
pub const DEFAULT_LOG_EVENT_URL: &str = "https://prodregistryv2.org/v1/log_event";

const DEFAULT_SPECS_SYNC_INTERVAL: Duration = Duration::from_secs(10);
const DEFAULT_SPECS_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const MIN_SYNC_INTERVAL: Duration = Duration::from_secs(1);
const DEFAULT_DEDUPE_MAX_KEYS: usize = 100_000;
#[cfg(feature = "proto")]
const DEFAULT_DELTA_THRESHOLD: u32 = 10;
const DEFAULT_MAX_SPECS_BYTES: usize = 100 * 1024 * 1024;
const DEFAULT_ID_LISTS_SYNC_INTERVAL: Duration = Duration::from_secs(60);
const DEFAULT_ID_LISTS_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_MAX_ID_LIST_BYTES: usize = 256 * 1024 * 1024;

/// Options of a [`Statsig`](crate::Statsig) client. Every option has a default. Build them with
/// [`StatsigOptions::builder`].
///
/// ```
/// use std::time::Duration;
/// use statsig::StatsigOptions;
///
/// let options = StatsigOptions::builder()
///     .environment("staging")
///     .specs_sync_interval(Duration::from_secs(30))
///     .build()?;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StatsigOptions {
    pub(crate) environment: Option<SharedStr>,
    pub(crate) specs_url: Address,
    pub(crate) specs_adapter: Option<SpecAdapterConfig>,
    pub(crate) spec_adapters_config: Option<Vec<SpecAdapterConfig>>,
    pub(crate) data_store: Option<Arc<dyn DataStore>>,
    pub(crate) data_store_key_schema_version: DataStoreKeyVersion,
    #[cfg(feature = "proto")]
    pub(crate) enable_proto_specs: bool,
    #[cfg(feature = "proto")]
    pub(crate) enable_dcs_deltas: bool,
    #[cfg(feature = "proto")]
    pub(crate) dcs_delta_no_progress_threshold: u32,
    pub(crate) specs_sync_interval: Duration,
    pub(crate) specs_request_timeout: Duration,
    pub(crate) max_specs_bytes: usize,
    pub(crate) init_timeout: Option<Duration>,
    pub(crate) fallback_to_statsig_api: bool,
    pub(crate) enable_id_lists: bool,
    pub(crate) id_lists_url: Option<Address>,
    pub(crate) download_id_list_file_api: Option<Address>,
    pub(crate) id_lists_sync_interval: Duration,
    pub(crate) id_lists_request_timeout: Duration,
    pub(crate) max_id_list_bytes: usize,
    pub(crate) id_lists_adapter: Option<Arc<dyn IdListsAdapter>>,
    pub(crate) user_enrichment_url: Option<Address>,
    pub(crate) log_event_url: Address,
    pub(crate) log_event_connection_reuse: bool,
    pub(crate) event_logging_adapter: Option<Arc<dyn EventLoggingAdapter>>,
    pub(crate) event_limits: EventLimits,
    #[cfg(feature = "spool")]
    pub(crate) event_spool: Option<events::SpoolSettings>,
    pub(crate) on_events_dropped: Option<DropHook>,
    pub(crate) experimental_flags: BTreeSet<String>,
    pub(crate) exposure_dedupe_max_keys: usize,
    pub(crate) disable_all_logging: bool,
    pub(crate) disable_network: bool,
    pub(crate) disable_country_lookup: bool,
    pub(crate) country_lookup: Option<Arc<dyn CountryLookup>>,
    pub(crate) ipv6_countries: bool,
    pub(crate) global_custom_fields: Arc<BTreeMap<String, Value>>,
    pub(crate) service_name: Option<String>,
    pub(crate) override_adapter: Option<Arc<dyn OverrideAdapter>>,
    pub(crate) persistent_storage: Option<Arc<dyn PersistentStorage>>,
    pub(crate) proxy_config: Option<ProxyConfig>,
    pub(crate) ca_cert_path: Option<PathBuf>,
    pub(crate) schemas: Vec<&'static Schema>,
    pub(crate) check_registered_schemas: bool,
    pub(crate) strict_schemas: bool,
    pub(crate) panic_in_tests: bool,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) evaluation_telemetry: bool,
    pub(crate) disable_diagnostics: bool,
    pub(crate) observability_clients: Vec<Arc<dyn ObservabilityClient>>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl StatsigOptions {
    /// Starts with the defaults. The methods of [`StatsigOptionsBuilder`] change them.
    pub fn builder() -> StatsigOptionsBuilder {
        // Values of the options may be left out before there is a client.
        crate::engine_log::install();
        StatsigOptionsBuilder {
            options: Self::default(),
        }
    }
}

impl Default for StatsigOptions {
    fn default() -> Self {
        Self {
            environment: None,
            specs_url: DEFAULT_SPECS_URL.into(),
            specs_adapter: None,
            spec_adapters_config: None,
            data_store: None,
            data_store_key_schema_version: DataStoreKeyVersion::default(),
            #[cfg(feature = "proto")]
            enable_proto_specs: false,
            #[cfg(feature = "proto")]
            enable_dcs_deltas: false,
            #[cfg(feature = "proto")]
            dcs_delta_no_progress_threshold: DEFAULT_DELTA_THRESHOLD,
            specs_sync_interval: DEFAULT_SPECS_SYNC_INTERVAL,
            specs_request_timeout: DEFAULT_SPECS_REQUEST_TIMEOUT,
            max_specs_bytes: DEFAULT_MAX_SPECS_BYTES,
            init_timeout: None,
            fallback_to_statsig_api: false,
            enable_id_lists: false,
            id_lists_url: None,
            download_id_list_file_api: None,
            id_lists_sync_interval: DEFAULT_ID_LISTS_SYNC_INTERVAL,
            id_lists_request_timeout: DEFAULT_ID_LISTS_REQUEST_TIMEOUT,
            max_id_list_bytes: DEFAULT_MAX_ID_LIST_BYTES,
            id_lists_adapter: None,
            user_enrichment_url: None,
            log_event_url: DEFAULT_LOG_EVENT_URL.into(),
            log_event_connection_reuse: true,
            event_logging_adapter: None,
            event_limits: EventLimits::default(),
            #[cfg(feature = "spool")]
            event_spool: None,
            on_events_dropped: None,
            experimental_flags: BTreeSet::new(),
            exposure_dedupe_max_keys: DEFAULT_DEDUPE_MAX_KEYS,
            disable_all_logging: false,
            disable_network: false,
            disable_country_lookup: false,
            country_lookup: None,
            ipv6_countries: false,
            global_custom_fields: Arc::default(),
            service_name: None,
            override_adapter: None,
            persistent_storage: None,
            proxy_config: None,
            ca_cert_path: None,
            schemas: Vec::new(),
            check_registered_schemas: false,
            strict_schemas: false,
            panic_in_tests: false,
            transport: None,
            evaluation_telemetry: false,
            disable_diagnostics: false,
            observability_clients: Vec::new(),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Builds [`StatsigOptions`].
///
/// **The log level is not an option.** The SDK writes its log with [`tracing`]; set the level in
/// the filter of your subscriber, such as `statsig=debug` or `statsig=off`. See
/// [the guide](crate::docs::getting_started#see-the-log).
#[derive(Debug, Clone)]
#[must_use = "options do nothing until they are built and given to `Statsig::new`"]
pub struct StatsigOptionsBuilder {
    options: StatsigOptions,
}

impl StatsigOptionsBuilder {
    /// Sets the clock that the client reads wall-clock time from. Timers follow the runtime
    /// instead. Default: [`SystemClock`].
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::sync::Arc;
    /// use statsig::clock::SystemClock;
    /// let options = StatsigOptions::builder().clock(Arc::new(SystemClock)).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.options.clock = Arc::new(GuardedClock::new(clock));
        self
    }

    /// Checks the options and returns them.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use statsig::StatsigOptions;
    /// let too_often = StatsigOptions::builder().specs_sync_interval(Duration::from_millis(1));
    /// let error = too_often.build().unwrap_err();
    /// assert_eq!(error.option, "specs_sync_interval");
    /// assert_eq!(error.expected, "at least 1000 ms");
    /// ```
    ///
    /// # Errors
    /// When a value is out of range, or an address cannot receive requests. The error names the
    /// option and the values that it accepts.
    pub fn build(self) -> Result<StatsigOptions, OptionsError> {
        let options = self.options;
        options.check_specs_sources()?;
        options.check_addresses()?;
        network::check(&options)?;
        if options.specs_sync_interval < MIN_SYNC_INTERVAL {
            return Err(OptionsError {
                option: "specs_sync_interval",
                expected: "at least 1000 ms",
                found: format!("{} ms", options.specs_sync_interval.as_millis()),
            });
        }
        if options.id_lists_sync_interval < MIN_SYNC_INTERVAL {
            return Err(OptionsError {
                option: "id_lists_sync_interval",
                expected: "at least 1000 ms",
                found: format!("{} ms", options.id_lists_sync_interval.as_millis()),
            });
        }
        event_ranges::check(&options)?;
        Ok(options)
    }
}
