//! The client's options, with every default in one place. The builder's methods are in a file for
//! each subject.

/// Declares setters of the builder: `pub fn SETTER(VALUE: TYPE) => OPTION = NEW VALUE;`.
macro_rules! option_setters {
    ($(
        $(#[$attribute:meta])*
        pub fn $name:ident($value:ident: $type:ty) => $($option:ident).+ = $new:expr;
    )+) => {
        impl StatsigOptionsBuilder {
            $($(#[$attribute])*
            pub fn $name(mut self, $value: $type) -> Self {
                self.options.$($option).+ = $new;
                self
            })+
        }
    };
}

/// Declares a struct whose fields have these defaults.
macro_rules! with_defaults {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $($(#[$of_field:meta])* $field:ident: $type:ty = $default:expr,)+
        }
    ) => {
        $(#[$attribute])*
        pub struct $name {
            $($(#[$of_field])* pub(crate) $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($(#[$of_field])* $field: $default,)+ }
            }
        }
    };
}

mod addresses;
mod evaluation;
mod events;
mod id_lists;
mod network;
mod observability;
mod ranges;
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

const DEFAULT_DEDUPE_MAX_KEYS: usize = 100_000;
const DEFAULT_ID_LISTS_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

with_defaults! {
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
        environment: Option<SharedStr> = None,
        specs_url: Address = DEFAULT_SPECS_URL.into(),
        specs_adapter: Option<SpecAdapterConfig> = None,
        spec_adapters_config: Option<Vec<SpecAdapterConfig>> = None,
        data_store: Option<Arc<dyn DataStore>> = None,
        data_store_key_schema_version: DataStoreKeyVersion = DataStoreKeyVersion::default(),
        #[cfg(feature = "proto")]
        enable_proto_specs: bool = false,
        #[cfg(feature = "proto")]
        enable_dcs_deltas: bool = false,
        #[cfg(feature = "proto")]
        dcs_delta_no_progress_threshold: u32 = 10,
        specs_sync_interval: Duration = Duration::from_secs(10),
        specs_request_timeout: Duration = Duration::from_secs(10),
        max_specs_bytes: usize = 100 * 1024 * 1024,
        init_timeout: Option<Duration> = None,
        fallback_to_statsig_api: bool = false,
        enable_id_lists: bool = false,
        id_lists_url: Option<Address> = None,
        download_id_list_file_api: Option<Address> = None,
        id_lists_sync_interval: Duration = Duration::from_secs(60),
        id_lists_request_timeout: Duration = DEFAULT_ID_LISTS_REQUEST_TIMEOUT,
        max_id_list_bytes: usize = 256 * 1024 * 1024,
        id_lists_adapter: Option<Arc<dyn IdListsAdapter>> = None,
        user_enrichment_url: Option<Address> = None,
        log_event_url: Address = DEFAULT_LOG_EVENT_URL.into(),
        log_event_connection_reuse: bool = true,
        event_logging_adapter: Option<Arc<dyn EventLoggingAdapter>> = None,
        event_limits: EventLimits = EventLimits::default(),
        #[cfg(feature = "spool")]
        event_spool: Option<events::SpoolSettings> = None,
        on_events_dropped: Option<DropHook> = None,
        experimental_flags: BTreeSet<String> = BTreeSet::new(),
        exposure_dedupe_max_keys: usize = DEFAULT_DEDUPE_MAX_KEYS,
        disable_all_logging: bool = false,
        disable_network: bool = false,
        disable_country_lookup: bool = false,
        country_lookup: Option<Arc<dyn CountryLookup>> = None,
        ipv6_countries: bool = false,
        global_custom_fields: Arc<BTreeMap<String, Value>> = Arc::default(),
        service_name: Option<String> = None,
        override_adapter: Option<Arc<dyn OverrideAdapter>> = None,
        persistent_storage: Option<Arc<dyn PersistentStorage>> = None,
        proxy_config: Option<ProxyConfig> = None,
        ca_cert_path: Option<PathBuf> = None,
        schemas: Vec<&'static Schema> = Vec::new(),
        check_registered_schemas: bool = false,
        strict_schemas: bool = false,
        panic_in_tests: bool = false,
        transport: Option<Arc<dyn Transport>> = None,
        evaluation_telemetry: bool = false,
        disable_diagnostics: bool = false,
        observability_clients: Vec<Arc<dyn ObservabilityClient>> = Vec::new(),
        clock: Arc<dyn Clock> = Arc::new(SystemClock),
    }
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
        ranges::check(&options)?;
        Ok(options)
    }
}
