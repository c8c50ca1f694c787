//! How events are recorded and delivered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{
    DEFAULT_DEDUPE_MAX_KEYS, DEFAULT_LOG_EVENT_URL, StatsigOptions, StatsigOptionsBuilder,
};
use crate::counters::DroppedEvents;
use crate::event_logging::EventLoggingAdapter;
use crate::guard::guarded;
use crate::transport::address::Address;

#[cfg(feature = "spool")]
const DEFAULT_SPOOL_BYTES: u64 = 64 * 1024 * 1024;

/// What [`StatsigOptionsBuilder::on_events_dropped`] was given.
#[derive(Clone)]
pub(crate) struct DropHook(Arc<dyn Fn(&DroppedEvents) + Send + Sync>);

impl DropHook {
    pub(crate) fn call(&self, dropped: &DroppedEvents) {
        guarded("the hook for dropped events", || (self.0)(dropped));
    }
}

impl fmt::Debug for DropHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DropHook")
    }
}

/// Where the spool is and how large it may become.
#[cfg(feature = "spool")]
#[derive(Debug, Clone)]
pub(crate) struct SpoolSettings {
    pub(crate) directory: std::path::PathBuf,
    pub(crate) max_bytes: u64,
}

impl StatsigOptions {
    /// Whether events are discarded: they would go over the network, which is disabled.
    pub(crate) fn discards_events(&self) -> bool {
        self.disable_network && self.event_logging_adapter.is_none()
    }

    /// Bytes on disk for events that cannot be delivered; `None` when they are not kept there.
    pub(crate) fn event_spool_bytes(&self) -> Option<u64> {
        #[cfg(feature = "spool")]
        let bytes = self.event_spool.as_ref().map(|spool| spool.max_bytes);
        #[cfg(not(feature = "spool"))]
        let bytes = None;
        bytes.filter(|_| !self.discards_events())
    }
}

option_setters! {
    /// Sets the complete URL that events are posted to. Default: [`DEFAULT_LOG_EVENT_URL`]. Empty
    /// means the default.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .log_event_url("http://forward-proxy:8000/v1/log_event")
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn log_event_url(url: impl Into<String>) => log_event_url =
        Address::given(&url.into()).unwrap_or_else(|| DEFAULT_LOG_EVENT_URL.into());

    /// Sends events to this adapter instead of posting them to Statsig. The adapter receives them
    /// even with [`disable_network`](Self::disable_network). Default: none.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::sync::Arc;
    /// use statsig::event_logging::FileEvents;
    ///
    /// let events = FileEvents::new("secret-key", "/var/log/shop");
    /// let options = StatsigOptions::builder().event_logging_adapter(Arc::new(events)).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_logging_adapter(adapter: Arc<dyn EventLoggingAdapter>) =>
        event_logging_adapter = Some(adapter);

    /// Sets the number of events in a batch. The client posts a full batch at once. Default: 2000.
    /// Between 10 and 2000.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().event_logging_max_queue_size(500).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_logging_max_queue_size(events: usize) => event_limits.batch_size = events;

    /// Sets the number of batches that may wait for the service. Beyond it, the client drops the
    /// oldest batch and counts its events. Default: 100. At least 1.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .event_logging_max_pending_batch_queue_size(20)
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_logging_max_pending_batch_queue_size(batches: usize) =>
        event_limits.max_waiting = batches;

    /// Sets the number of events that may wait between the threads that record them and the actor
    /// that sends them. Beyond it, the client drops the oldest event and counts it. Default: 8000,
    /// for every batch size. At least 10.
    ///
    /// Each event takes about 300 bytes and keeps its user in memory: about 2 KB for a user with a
    /// few attributes. [`event_queue_max_bytes`](Self::event_queue_max_bytes) limits the bytes.
    /// Behind the queue, about three more batches wait uncompressed, and one of them is being
    /// compressed. All others are compressed.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().event_queue_capacity(20_000).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_queue_capacity(events: usize) => event_limits.queue_capacity = events;

    /// Sets the limit in bytes for events that wait between the threads that record them and the
    /// actor that sends them. Beyond it, the client drops the oldest events and counts them as
    /// `queue_full`. Default: 32 MiB. At least `event_max_bytes`.
    ///
    /// The size of an event is an estimate, here and in the limits of a batch and of an event:
    /// fixed sizes for the record and its parts, plus the lengths of all texts. Events share their
    /// user in memory, but it counts for each of them. So the real use of memory is lower, never
    /// higher.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().event_queue_max_bytes(64 * 1024 * 1024).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_queue_max_bytes(bytes: u64) => event_limits.queue_max_bytes = bytes;

    /// Sets the limit in bytes for compressed batches that wait for the service in memory. Beyond
    /// it, the client drops the oldest batch and counts its events as `too_many_batches`. Default:
    /// 32 MiB. At least `event_batch_max_bytes`.
    ///
    /// The client keeps a single waiting batch at any size. Batches that are being posted do not
    /// count.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .event_pending_max_bytes(64 * 1024 * 1024)
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_pending_max_bytes(bytes: u64) => event_limits.pending_max_bytes = bytes;

    /// Sets the limit in bytes for the events of a batch. The client posts a batch of this size at
    /// once, even if it has few events. Default: 8 MiB. At least `event_max_bytes`.
    ///
    /// It limits the estimated size in memory, as with
    /// [`event_queue_max_bytes`](Self::event_queue_max_bytes); the body of a post is compressed.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().event_batch_max_bytes(4 * 1024 * 1024).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_batch_max_bytes(bytes: u64) => event_limits.batch_max_bytes = bytes;

    /// Sets the limit in bytes for one event with its user. The client drops a larger event, logs
    /// it and counts it as `too_large`. Default: 1 MiB. At least 1 KiB.
    ///
    /// It limits the estimated size, as with
    /// [`event_queue_max_bytes`](Self::event_queue_max_bytes).
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().event_max_bytes(64 * 1024).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_max_bytes(bytes: u64) => event_limits.event_max_bytes = bytes;

    /// Sets the longest time that an event waits for its batch to fill. Default: 60 s. At least 10
    /// ms.
    ///
    /// (The official SDK documents `event_logging_flush_interval_ms` but ignores it. This SDK
    /// applies it.)
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder()
    ///     .event_flush_interval(Duration::from_secs(10))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_flush_interval(interval: Duration) => event_limits.flush_interval = interval;

    /// Sets the number of retries of a failed batch. After them, the client drops the batch, or
    /// keeps it on disk if there is an event spool. Default: 5. At most 100.
    ///
    /// Only scheduled attempts count, those after the [pauses](Self::event_retry_pauses). An extra
    /// attempt of a flush does not use up a retry. See also [`event_max_age`](Self::event_max_age).
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().event_max_retries(10).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_max_retries(retries: u32) => event_limits.max_attempts = retries.saturating_add(1);

    /// Sets the largest age of a batch in memory. The client drops an older batch when an attempt
    /// fails, even if it has retries left. Default: 24 h. At least 1 s.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder()
    ///     .event_max_age(Duration::from_secs(3_600))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_max_age(age: Duration) => event_limits.max_age = age;

    /// Sets the number of batches that the client posts at the same time while the service answers
    /// without errors. Default: 5. Between 1 and 64.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().event_concurrent_posts(2).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_concurrent_posts(posts: usize) => event_limits.max_concurrent_posts = posts;

    /// Sets the limit of one post, response included. A longer post counts as failed. Default: 10
    /// s. At least 10 ms.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder()
    ///     .event_request_timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_request_timeout(timeout: Duration) => event_limits.post_timeout = timeout;

    /// Calls this when events were dropped, with the counts by reason since the last call. It may
    /// block: calls come on a thread for blocking work, and may overlap. The last call may come on
    /// the thread that drops the last handle of the client, or ends its runtime. Default: no call;
    /// the client logs a warning for drops, and [`EventStats`](crate::EventStats) counts them.
    ///
    /// ```
    /// use statsig::StatsigOptions;
    ///
    /// let options = StatsigOptions::builder()
    ///     .on_events_dropped(|dropped| eprintln!("{} events were lost: {dropped:?}", dropped.total()))
    ///     .build()?;
    /// # drop(options);
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn on_events_dropped(hook: impl Fn(&DroppedEvents) + Send + Sync + 'static) =>
        on_events_dropped = Some(DropHook(Arc::new(hook)));

    /// Sets the number of exposures that the client remembers for deduplication. Each takes 8
    /// bytes; the number is rounded up to a power of two. Default: 100,000. 0 means the default.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().exposure_dedupe_max_keys(1_000_000).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn exposure_dedupe_max_keys(keys: usize) =>
        exposure_dedupe_max_keys = if keys == 0 {
            DEFAULT_DEDUPE_MAX_KEYS
        } else {
            keys
        };

    /// Records no events at all. Default: false.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().disable_all_logging(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn disable_all_logging(disable: bool) => disable_all_logging = disable;
}

impl StatsigOptionsBuilder {
    /// Sets the pause after a first failure and the longest pause. The pause doubles with each
    /// further failure, and up to a quarter is added at random. Default: 1 s and 60 s. The first
    /// pause is at least 10 ms and not longer than the longest.
    ///
    /// If the service asks for a longer pause (`Retry-After`), the client waits that long, but at
    /// most 5 minutes. A flush does not wait for pauses.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder()
    ///     .event_retry_pauses(Duration::from_secs(2), Duration::from_secs(120))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn event_retry_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.options.event_limits.min_pause = first;
        self.options.event_limits.max_pause = longest;
        self
    }

    /// Keeps events on disk, in this directory, when they cannot be delivered or when they are left
    /// at the end of the client. Default: off. Feature `spool`.
    ///
    /// While the service fails, the client writes batches to disk instead of keeping them in
    /// memory. It reads them back and posts them one at a time. A later process with the same
    /// directory delivers the batches that it finds. Several processes may share the directory. The
    /// files hold events as the client posts them: without private attributes.
    ///
    /// A batch on disk ([`spooled`](crate::EventStats::spooled)) has been synced: it survives a
    /// crash of the process and of the machine. It may arrive twice if the process dies after the
    /// service's answer and before the client has recorded it.
    ///
    /// If the directory cannot be written, the client logs one error, and events wait in memory as
    /// without a spool. The client tries the disk again every minute.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().event_spool("/var/spool/shop/statsig").build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    #[cfg(feature = "spool")]
    pub fn event_spool(mut self, directory: impl Into<std::path::PathBuf>) -> Self {
        let max_bytes = self.options.event_spool.map(|spool| spool.max_bytes);
        self.options.event_spool = Some(SpoolSettings {
            directory: directory.into(),
            max_bytes: max_bytes.unwrap_or(DEFAULT_SPOOL_BYTES),
        });
        self
    }

    /// Sets the limit in bytes for the [`event_spool`](Self::event_spool) of each process. Beyond
    /// it, the client drops the oldest events and counts them. Default: 64 MiB, which holds a
    /// million exposures or more. At least 1 MiB.
    ///
    /// A batch that would take more than half of it stays in memory. Call it after `event_spool`;
    /// before, it has no effect.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .event_spool("/var/spool/shop/statsig")
    ///     .event_spool_max_bytes(256 * 1024 * 1024)
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    #[cfg(feature = "spool")]
    pub fn event_spool_max_bytes(mut self, bytes: u64) -> Self {
        if let Some(spool) = &mut self.options.event_spool {
            spool.max_bytes = bytes;
        }
        self
    }

    /// Enables behaviours on trial, by the names that Statsig's support gives. The client knows
    /// `sec_expo_as_primary:<id>`, which may log nested gates as exposures of their own. Other
    /// names have no effect. Default: none.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .experimental_flags(["sec_expo_as_primary:a_gate"])
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn experimental_flags<F: Into<String>>(
        mut self,
        flags: impl IntoIterator<Item = F>,
    ) -> Self {
        self.options.experimental_flags = flags.into_iter().map(Into::into).collect();
        self
    }
}
