//! The official options: a struct with public fields.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::Value;

use crate::error::OptionsError;
use crate::event_logging::EventLoggingAdapter;
use crate::observability::ObservabilityClient;
use crate::overrides::OverrideAdapter;
use crate::sources::{
    DataStore, DataStoreKeyVersion, IdListsAdapter, SpecAdapterConfig, SpecsAdapter,
};
use crate::storage::PersistentStorage;
use crate::{targets, transport};

/// The smallest interval between syncs, in milliseconds.
const MIN_SYNC_INTERVAL_MS: u32 = 1_000;

/// The official options. `None` means the default. Write `..StatsigOptions::default()` after the
/// fields that you set: a later version may have more.
///
/// ```
/// use statsig::compat::StatsigOptions;
///
/// let options = StatsigOptions {
///     environment: Some("staging".to_string()),
///     init_timeout_ms: Some(500),
///     ..StatsigOptions::default()
/// };
/// # let _ = options;
/// ```
#[derive(Clone, Default)]
pub struct StatsigOptions {
    /// The data store.
    pub data_store: Option<Arc<dyn DataStore>>,
    /// The form of the keys in the data store.
    pub data_store_key_schema_version: Option<DataStoreKeyVersion>,
    /// Logs no events.
    pub disable_all_logging: Option<bool>,
    /// Derives no country from the IP address.
    pub disable_country_lookup: Option<bool>,
    /// Sends nothing over the network.
    pub disable_network: Option<bool>,
    /// Lets posts of events reuse a connection. The default is `true` here.
    pub log_event_connection_reuse: Option<bool>,
    /// Downloads ID lists.
    pub enable_id_lists: Option<bool>,
    /// Downloads differences of specs. Needs the feature `proto`.
    pub enable_dcs_deltas: Option<bool>,
    /// Downloads without progress before a full one. Needs the feature `proto`.
    pub dcs_delta_no_progress_threshold: Option<u32>,
    /// The environment tier.
    pub environment: Option<String>,
    /// The adapter that gets the events.
    pub event_logging_adapter: Option<Arc<dyn EventLoggingAdapter>>,
    /// No effect, as in the official SDK. See
    /// [`event_flush_interval`](crate::StatsigOptionsBuilder::event_flush_interval).
    pub event_logging_flush_interval_ms: Option<u32>,
    /// The batches that may wait.
    pub event_logging_max_pending_batch_queue_size: Option<u32>,
    /// The events in a batch.
    pub event_logging_max_queue_size: Option<u32>,
    /// The exposures that the client remembers.
    pub exposure_dedupe_max_keys: Option<u32>,
    /// Asks Statsig if a custom URL fails.
    pub fallback_to_statsig_api: Option<bool>,
    /// Custom fields of all users.
    pub global_custom_fields: Option<HashMap<String, Value>>,
    /// The source of ID lists.
    pub id_lists_adapter: Option<Arc<dyn IdListsAdapter>>,
    /// The milliseconds between syncs of ID lists.
    pub id_lists_sync_interval_ms: Option<u32>,
    /// The limit of a request for ID lists in milliseconds. 0 means the default.
    pub id_lists_request_timeout_ms: Option<u64>,
    /// The URL of the manifest of ID lists.
    pub id_lists_url: Option<String>,
    /// The base URL of the files of ID lists.
    pub download_id_list_file_api: Option<String>,
    /// The limit of `initialize` in milliseconds.
    pub init_timeout_ms: Option<u64>,
    /// The URL that events are posted to.
    pub log_event_url: Option<String>,
    /// The client for metrics. The SDK keeps it alive.
    pub observability_client: Option<Weak<dyn ObservabilityClient>>,
    /// **No effect.** The filter of your `tracing` subscriber sets the level; see the
    /// [module](super).
    pub output_log_level: Option<LogLevel>,
    /// The adapter for overrides.
    pub override_adapter: Option<Arc<dyn OverrideAdapter>>,
    /// The storage of assignments.
    pub persistent_storage: Option<Arc<dyn PersistentStorage>>,
    /// The name of the service.
    pub service_name: Option<String>,
    /// The sources of specs, in order.
    pub spec_adapters_config: Option<Vec<SpecAdapterConfig>>,
    /// The source of specs.
    pub specs_adapter: Option<Arc<dyn SpecsAdapter>>,
    /// The milliseconds between syncs of specs.
    pub specs_sync_interval_ms: Option<u32>,
    /// The URL of the specs.
    pub specs_url: Option<String>,
    /// No effect: the table is ready at once.
    pub wait_for_country_lookup_init: Option<bool>,
    /// No effect: the parser is ready at once.
    pub wait_for_user_agent_init: Option<bool>,
    /// The proxy, and certificates to trust besides the system's.
    pub proxy_config: Option<ProxyConfig>,
    /// No effect: there is one parser.
    pub use_third_party_ua_parser: Option<bool>,
    /// No effect: the SDK writes only to paths that options name.
    pub disable_disk_access: Option<bool>,
    /// Experimental flags.
    pub experimental_flags: Option<HashSet<String>>,
}

/// The official levels of the log. See [`StatsigOptions::output_log_level`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    None,
    Debug,
    Info,
    Warn,
    Error,
}

/// The official options of a proxy.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ProxyConfig {
    /// The host; without it, there is no proxy.
    pub proxy_host: Option<String>,
    /// The port; without it, there is no proxy.
    pub proxy_port: Option<u16>,
    /// The user and the password: `user:password`.
    pub proxy_auth: Option<String>,
    /// The protocol to the proxy, such as `http`.
    pub proxy_protocol: Option<String>,
    /// A PEM file of certificates to trust besides the system's.
    pub ca_cert_path: Option<String>,
}

impl ProxyConfig {
    fn native(&self) -> Option<transport::ProxyConfig> {
        let mut native = transport::ProxyConfig::new(self.proxy_host.clone()?, self.proxy_port?);
        if let Some(auth) = &self.proxy_auth {
            native = native.auth(auth);
        }
        if let Some(protocol) = &self.proxy_protocol {
            native = native.protocol(protocol);
        }
        Some(native)
    }
}

impl StatsigOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The native options.
    ///
    /// # Errors
    /// When an address cannot receive requests, or sources contradict each other. A number out of
    /// range and a blank URL are no errors: they mean the default, with a warning in the log.
    pub fn build(&self) -> Result<crate::StatsigOptions, OptionsError> {
        let mut native = crate::StatsigOptions::builder();
        macro_rules! set {
            ($($setter:ident: $value:expr),+ $(,)?) => {
                $(if let Some(value) = $value {
                    native = native.$setter(value);
                })+
            };
        }
        let count = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok());
        let batch = in_range(
            "event_logging_max_queue_size",
            self.event_logging_max_queue_size,
            10,
            2_000,
        );
        let waiting = self.event_logging_max_pending_batch_queue_size;
        let waiting = in_range(
            "event_logging_max_pending_batch_queue_size",
            waiting,
            1,
            u32::MAX,
        );
        set!(
            data_store: self.data_store.clone(),
            data_store_key_schema_version: self.data_store_key_schema_version,
            disable_all_logging: self.disable_all_logging,
            disable_country_lookup: self.disable_country_lookup,
            disable_network: self.disable_network,
            log_event_connection_reuse: self.log_event_connection_reuse,
            enable_id_lists: self.enable_id_lists,
            environment: self.environment.clone(),
            event_logging_adapter: self.event_logging_adapter.clone(),
            event_logging_max_pending_batch_queue_size: count(waiting),
            event_logging_max_queue_size: count(batch),
            exposure_dedupe_max_keys: count(self.exposure_dedupe_max_keys),
            fallback_to_statsig_api: self.fallback_to_statsig_api,
            id_lists_adapter: self.id_lists_adapter.clone(),
            id_lists_sync_interval: interval("id_lists_sync_interval_ms", self.id_lists_sync_interval_ms),
            id_lists_request_timeout: self.id_lists_request_timeout_ms.filter(|ms| *ms > 0).map(Duration::from_millis),
            id_lists_url: url(self.id_lists_url.as_ref()),
            download_id_list_file_api: url(self.download_id_list_file_api.as_ref()),
            init_timeout: self.init_timeout_ms.map(Duration::from_millis),
            log_event_url: url(self.log_event_url.as_ref()),
            observability_client: self.observability_client.as_ref().and_then(Weak::upgrade),
            override_adapter: self.override_adapter.clone(),
            persistent_storage: self.persistent_storage.clone(),
            service_name: self.service_name.clone(),
            spec_adapters_config: self.spec_adapters_config.clone(),
            specs_adapter: self.specs_adapter.clone(),
            specs_sync_interval: interval("specs_sync_interval_ms", self.specs_sync_interval_ms),
            specs_url: url(self.specs_url.as_ref()),
            proxy_config: self.proxy_config.as_ref().and_then(ProxyConfig::native),
            ca_cert_path: self.proxy_config.as_ref().and_then(|proxy| proxy.ca_cert_path.clone()),
            experimental_flags: self.experimental_flags.clone(),
        );
        #[cfg(feature = "proto")]
        set!(
            enable_dcs_deltas: self.enable_dcs_deltas,
            dcs_delta_no_progress_threshold: self.dcs_delta_no_progress_threshold,
        );
        for (name, value) in self.global_custom_fields.iter().flatten() {
            native = native.global_custom_field(name, value.clone());
        }
        native.build()
    }
}

fn in_range(option: &str, number: Option<u32>, least: u32, most: u32) -> Option<u32> {
    let number = number?;
    if (least..=most).contains(&number) {
        return Some(number);
    }
    tracing::warn!(
        target: targets::CLIENT,
        "{option}: expected a number in {least}..={most}, found {number}; using the default"
    );
    None
}

fn interval(option: &str, ms: Option<u32>) -> Option<Duration> {
    let ms = in_range(option, ms, MIN_SYNC_INTERVAL_MS, u32::MAX)?;
    Some(Duration::from_millis(ms.into()))
}

/// The URL. `None` if it is blank, or a word that bindings use for none.
fn url(url: Option<&String>) -> Option<String> {
    url.filter(|url| !url.is_empty() && !url.eq_ignore_ascii_case("null"))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::{Statsig, StatsigErr};

    #[test]
    fn numbers_out_of_range_and_blank_urls_mean_the_default() {
        let options = StatsigOptions {
            specs_sync_interval_ms: Some(1),
            id_lists_sync_interval_ms: Some(999),
            event_logging_max_queue_size: Some(1),
            event_logging_max_pending_batch_queue_size: Some(0),
            specs_url: Some(String::new()),
            log_event_url: Some("null".to_owned()),
            ..StatsigOptions::default()
        };
        let (fixed, default) = (options.build().unwrap(), crate::StatsigOptions::default());
        assert_eq!(format!("{fixed:?}"), format!("{default:?}"));
    }

    #[tokio::test]
    async fn options_that_cannot_be_used_fail_the_start_and_serve_fallbacks() {
        let options = StatsigOptions {
            specs_url: Some("no url".to_owned()),
            ..StatsigOptions::default()
        };
        let statsig = Statsig::new("secret-key", Some(Arc::new(options)));
        let error = statsig.initialize().await.unwrap_err();
        assert!(matches!(error, StatsigErr::InvalidOptions(_)), "{error}");
        let user = crate::StatsigUser::with_user_id("a-user");
        assert!(!statsig.check_gate(&user, "a_gate"));
    }
}
