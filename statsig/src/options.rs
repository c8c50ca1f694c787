//! The client's options, with every default in one place.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::{Clock, SystemClock};
use crate::error::OptionsError;
use crate::overrides::OverrideAdapter;
use crate::sources::SpecsAdapter;
use crate::sticky::PersistentStorage;
use crate::text::SharedStr;
use crate::transport::Transport;

/// Where specs are downloaded from, unless set otherwise.
pub const DEFAULT_SPECS_URL: &str = "https://api.statsigcdn.com/v2/download_config_specs";
/// Where events are posted, unless set otherwise.
pub const DEFAULT_LOG_EVENT_URL: &str = "https://prodregistryv2.org/v1/log_event";

const DEFAULT_SPECS_SYNC_INTERVAL: Duration = Duration::from_secs(10);
const MIN_SYNC_INTERVAL: Duration = Duration::from_secs(1);
const DEFAULT_BATCH_SIZE: usize = 2_000;
const BATCH_SIZES: std::ops::RangeInclusive<usize> = 10..=2_000;
const DEFAULT_MAX_PENDING_BATCHES: usize = 100;
const DEFAULT_DEDUPE_MAX_KEYS: usize = 100_000;
const DEFAULT_MAX_SPECS_BYTES: usize = 100 * 1024 * 1024;

/// Options of a [`Statsig`](crate::Statsig) client. Everything has a default; make one with [`StatsigOptions::builder`].
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
    pub(crate) specs_url: String,
    pub(crate) specs_adapter: Option<Arc<dyn SpecsAdapter>>,
    pub(crate) specs_sync_interval: Duration,
    pub(crate) max_specs_bytes: usize,
    pub(crate) init_timeout: Option<Duration>,
    pub(crate) fallback_to_statsig_api: bool,
    pub(crate) log_event_url: String,
    pub(crate) event_logging_max_queue_size: usize,
    pub(crate) event_logging_max_pending_batch_queue_size: usize,
    pub(crate) exposure_dedupe_max_keys: usize,
    pub(crate) disable_all_logging: bool,
    pub(crate) disable_network: bool,
    pub(crate) disable_country_lookup: bool,
    pub(crate) global_custom_fields: Arc<BTreeMap<String, Value>>,
    pub(crate) service_name: Option<String>,
    pub(crate) override_adapter: Option<Arc<dyn OverrideAdapter>>,
    pub(crate) persistent_storage: Option<Arc<dyn PersistentStorage>>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl StatsigOptions {
    /// Starts with the defaults.
    pub fn builder() -> StatsigOptionsBuilder {
        StatsigOptionsBuilder {
            options: Self::default(),
        }
    }
}

impl Default for StatsigOptions {
    fn default() -> Self {
        Self {
            environment: None,
            specs_url: DEFAULT_SPECS_URL.to_owned(),
            specs_adapter: None,
            specs_sync_interval: DEFAULT_SPECS_SYNC_INTERVAL,
            max_specs_bytes: DEFAULT_MAX_SPECS_BYTES,
            init_timeout: None,
            fallback_to_statsig_api: false,
            log_event_url: DEFAULT_LOG_EVENT_URL.to_owned(),
            event_logging_max_queue_size: DEFAULT_BATCH_SIZE,
            event_logging_max_pending_batch_queue_size: DEFAULT_MAX_PENDING_BATCHES,
            exposure_dedupe_max_keys: DEFAULT_DEDUPE_MAX_KEYS,
            disable_all_logging: false,
            disable_network: false,
            disable_country_lookup: false,
            global_custom_fields: Arc::default(),
            service_name: None,
            override_adapter: None,
            persistent_storage: None,
            transport: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// Builds [`StatsigOptions`].
#[derive(Debug, Clone)]
#[must_use = "options do nothing until they are built and given to `Statsig::new`"]
pub struct StatsigOptionsBuilder {
    options: StatsigOptions,
}

impl StatsigOptionsBuilder {
    /// The environment tier, such as `production`, `staging` or `development`. A user's own environment beats it; without
    /// either, the project's default applies.
    pub fn environment(mut self, tier: impl Into<SharedStr>) -> Self {
        self.options.environment = Some(tier.into());
        self
    }

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

    /// Where events are posted: the complete URL. Default: [`DEFAULT_LOG_EVENT_URL`]. Empty means the default.
    pub fn log_event_url(mut self, url: impl Into<String>) -> Self {
        self.options.log_event_url = url_or(url.into(), DEFAULT_LOG_EVENT_URL);
        self
    }

    /// Events in a batch; a full batch is posted at once. Default: 2000. Between 10 and 2000.
    pub fn event_logging_max_queue_size(mut self, events: usize) -> Self {
        self.options.event_logging_max_queue_size = events;
        self
    }

    /// Batches that may wait for the service; beyond, the oldest is dropped and counted. Default: 100. At least 1.
    pub fn event_logging_max_pending_batch_queue_size(mut self, batches: usize) -> Self {
        self.options.event_logging_max_pending_batch_queue_size = batches;
        self
    }

    /// Exposures remembered for deduplication, 8 bytes each, rounded up to a power of two. Default: 100 000; 0 means the default.
    pub fn exposure_dedupe_max_keys(mut self, keys: usize) -> Self {
        self.options.exposure_dedupe_max_keys = if keys == 0 {
            DEFAULT_DEDUPE_MAX_KEYS
        } else {
            keys
        };
        self
    }

    /// Records no events at all. Default: false.
    pub fn disable_all_logging(mut self, disable: bool) -> Self {
        self.options.disable_all_logging = disable;
        self
    }

    /// Sends nothing over the network; events are counted as dropped. Default: false.
    pub fn disable_network(mut self, disable: bool) -> Self {
        self.options.disable_network = disable;
        self
    }

    /// Derives no country from IP addresses: conditions on it see only the country that a user carries. Default: false.
    pub fn disable_country_lookup(mut self, disable: bool) -> Self {
        self.options.disable_country_lookup = disable;
        self
    }

    /// A custom field that every user has, in evaluation and in events, unless the user has one of the same name.
    pub fn global_custom_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        Arc::make_mut(&mut self.options.global_custom_fields).insert(name.into(), value.into());
        self
    }

    /// The service's name, sent with every request.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.options.service_name = Some(name.into());
        self
    }

    /// Asks this adapter for overrides in every evaluation, before those set on the client.
    pub fn override_adapter(mut self, adapter: Arc<dyn OverrideAdapter>) -> Self {
        self.options.override_adapter = Some(adapter);
        self
    }

    /// Keeps users in the groups they once got; see [`PersistentStorage`]. It is called on the caller's thread, within
    /// `get_experiment` and `get_layer`. Default: none.
    pub fn persistent_storage(mut self, storage: Arc<dyn PersistentStorage>) -> Self {
        self.options.persistent_storage = Some(storage);
        self
    }

    /// Sends requests through this transport instead of the SDK's own HTTP client.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.options.transport = Some(transport);
        self
    }

    /// Reads wall-clock time here. Default: [`SystemClock`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.options.clock = clock;
        self
    }

    /// The options.
    ///
    /// # Errors
    /// When a value is out of range; the error names the option and the range.
    pub fn build(self) -> Result<StatsigOptions, OptionsError> {
        let options = self.options;
        if options.specs_sync_interval < MIN_SYNC_INTERVAL {
            return Err(OptionsError {
                option: "specs_sync_interval",
                expected: "at least 1000 ms",
                found: format!("{} ms", options.specs_sync_interval.as_millis()),
            });
        }
        if !BATCH_SIZES.contains(&options.event_logging_max_queue_size) {
            return Err(OptionsError {
                option: "event_logging_max_queue_size",
                expected: "between 10 and 2000 events",
                found: options.event_logging_max_queue_size.to_string(),
            });
        }
        if options.event_logging_max_pending_batch_queue_size == 0 {
            return Err(OptionsError {
                option: "event_logging_max_pending_batch_queue_size",
                expected: "at least 1 batch",
                found: "0".to_owned(),
            });
        }
        Ok(options)
    }
}

/// An empty URL, or one that says `null`, means the default.
fn url_or(url: String, default: &str) -> String {
    let trimmed = url.trim();
    if trimmed.is_empty() || trimmed.eq_ignore_ascii_case("null") {
        default.to_owned()
    } else {
        url
    }
}
