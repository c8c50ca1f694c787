//! How events are recorded and delivered.

use super::{DEFAULT_DEDUPE_MAX_KEYS, DEFAULT_LOG_EVENT_URL, StatsigOptionsBuilder, url_or};

impl StatsigOptionsBuilder {
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
}
