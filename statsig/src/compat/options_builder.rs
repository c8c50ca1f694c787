//! The official builder of options: each setter takes an `Option`.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use serde_json::Value;

use super::options::{LogLevel, ProxyConfig, StatsigOptions};
use crate::event_logging::EventLoggingAdapter;
use crate::observability::ObservabilityClient;
use crate::overrides::OverrideAdapter;
use crate::sources::{
    DataStore, DataStoreKeyVersion, IdListsAdapter, SpecAdapterConfig, SpecsAdapter,
};
use crate::storage::PersistentStorage;

/// Builds [`StatsigOptions`].
///
/// ```
/// use statsig::compat::StatsigOptions;
///
/// let options = StatsigOptions::builder()
///     .environment(Some("staging".to_string()))
///     .specs_sync_interval_ms(Some(30_000))
///     .build();
/// assert_eq!(options.specs_sync_interval_ms, Some(30_000));
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing until they are built and given to `Statsig::new`"]
pub struct StatsigOptionsBuilder {
    options: StatsigOptions,
}

macro_rules! setters {
    ($($option:ident: $type:ty),+ $(,)?) => {
        $(
            #[doc = concat!("Sets [`", stringify!($option), "`](StatsigOptions::", stringify!($option), ").")]
            pub fn $option(mut self, $option: Option<$type>) -> Self {
                self.options.$option = $option;
                self
            }
        )+
    };
}

impl StatsigOptions {
    /// The official builder.
    pub fn builder() -> StatsigOptionsBuilder {
        StatsigOptionsBuilder::default()
    }
}

impl StatsigOptionsBuilder {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    setters!(
        data_store: Arc<dyn DataStore>,
        data_store_key_schema_version: DataStoreKeyVersion,
        disable_all_logging: bool,
        disable_country_lookup: bool,
        disable_network: bool,
        log_event_connection_reuse: bool,
        enable_id_lists: bool,
        enable_dcs_deltas: bool,
        dcs_delta_no_progress_threshold: u32,
        environment: String,
        event_logging_adapter: Arc<dyn EventLoggingAdapter>,
        event_logging_flush_interval_ms: u32,
        event_logging_max_pending_batch_queue_size: u32,
        event_logging_max_queue_size: u32,
        exposure_dedupe_max_keys: u32,
        fallback_to_statsig_api: bool,
        global_custom_fields: HashMap<String, Value>,
        id_lists_adapter: Arc<dyn IdListsAdapter>,
        id_lists_sync_interval_ms: u32,
        id_lists_request_timeout_ms: u64,
        id_lists_url: String,
        download_id_list_file_api: String,
        init_timeout_ms: u64,
        log_event_url: String,
        observability_client: Weak<dyn ObservabilityClient>,
        override_adapter: Arc<dyn OverrideAdapter>,
        persistent_storage: Arc<dyn PersistentStorage>,
        service_name: String,
        spec_adapters_config: Vec<SpecAdapterConfig>,
        specs_adapter: Arc<dyn SpecsAdapter>,
        specs_sync_interval_ms: u32,
        specs_url: String,
        wait_for_country_lookup_init: bool,
        wait_for_user_agent_init: bool,
        proxy_config: ProxyConfig,
        use_third_party_ua_parser: bool,
        disable_disk_access: bool,
        experimental_flags: HashSet<String>,
    );

    /// Sets [`output_log_level`](StatsigOptions::output_log_level), which has no effect. 0 turns
    /// logs off, 1 means errors, 2 warnings, 3 info, 4 debug.
    pub fn output_log_level(mut self, output_log_level: Option<u32>) -> Self {
        self.options.output_log_level = output_log_level.map(|level| match level {
            0 => LogLevel::None,
            1 => LogLevel::Error,
            3 => LogLevel::Info,
            4 => LogLevel::Debug,
            _ => LogLevel::Warn,
        });
        self
    }

    /// The options.
    #[must_use]
    pub fn build(self) -> StatsigOptions {
        self.options
    }
}
