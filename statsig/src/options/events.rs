//! How events are recorded and delivered.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::{
    DEFAULT_DEDUPE_MAX_KEYS, DEFAULT_LOG_EVENT_URL, StatsigOptions, StatsigOptionsBuilder,
};
use crate::counters::DroppedEvents;
use crate::error::OptionsError;
use crate::event_logging::EventLoggingAdapter;
use crate::guard::guarded;
use crate::transport::address::Address;

const BATCH_SIZES: RangeInclusive<usize> = 10..=2_000;
const CONCURRENT_POSTS: RangeInclusive<usize> = 1..=64;
const RETRIES: RangeInclusive<u32> = 0..=100;
const MIN_DURATION: Duration = Duration::from_millis(10);
const MIN_AGE: Duration = Duration::from_secs(1);
const MIN_EVENT_BYTES: u64 = 1024;
#[cfg(feature = "spool")]
const DEFAULT_SPOOL_BYTES: u64 = 64 * 1024 * 1024;
#[cfg(feature = "spool")]
const MIN_SPOOL_BYTES: u64 = 1024 * 1024;

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

impl StatsigOptionsBuilder {
    /// Where events are posted: the complete URL. Default: [`DEFAULT_LOG_EVENT_URL`]. Empty means the default.
    pub fn log_event_url(mut self, url: impl Into<String>) -> Self {
        let given = Address::given(&url.into());
        self.options.log_event_url = given.unwrap_or_else(|| DEFAULT_LOG_EVENT_URL.into());
        self
    }

    /// Gives events to this adapter instead of posting them to Statsig. It gets them even with
    /// [`disable_network`](Self::disable_network).
    pub fn event_logging_adapter(mut self, adapter: Arc<dyn EventLoggingAdapter>) -> Self {
        self.options.event_logging_adapter = Some(adapter);
        self
    }

    /// Events in a batch; a full batch is posted at once. Default: 2000. Between 10 and 2000.
    pub fn event_logging_max_queue_size(mut self, events: usize) -> Self {
        self.options.event_limits.batch_size = events;
        self
    }

    /// Batches that may wait for the service; beyond, the oldest is dropped and counted. Default: 100. At least 1.
    pub fn event_logging_max_pending_batch_queue_size(mut self, batches: usize) -> Self {
        self.options.event_limits.max_waiting = batches;
        self
    }

    /// Events that may wait between the threads that record them and the actor that sends them; beyond, the oldest is dropped and
    /// counted. Default: 8000, whatever the size of a batch. At least 10.
    ///
    /// Each takes about 300 bytes and keeps its user alive, about 2 KB for one with a few attributes.
    /// [`event_queue_max_bytes`](Self::event_queue_max_bytes) limits that. Behind the queue, about three more batches wait in this
    /// form, and one of them is being compressed. All others are compressed.
    pub fn event_queue_capacity(mut self, events: usize) -> Self {
        self.options.event_limits.queue_capacity = events;
        self
    }

    /// The limit in bytes for events that wait between the threads that record them and the actor that sends them. Beyond it, the
    /// oldest are dropped and counted as `queue_full`. Default: 32 MiB. At least `event_max_bytes`.
    ///
    /// The size of an event is an estimate, here and in the limits of a batch and of an event: fixed sizes for the record and its
    /// parts, plus the lengths of all texts. Events share their user in memory, but it counts for each of them. So the real use of
    /// memory is lower, never higher.
    pub fn event_queue_max_bytes(mut self, bytes: u64) -> Self {
        self.options.event_limits.queue_max_bytes = bytes;
        self
    }

    /// The limit in bytes for compressed batches that wait for the service in memory. Beyond it, the oldest is dropped and counted as
    /// `too_many_batches`. Default: 32 MiB. At least `event_batch_max_bytes`. A single waiting batch is kept at any size. Batches that
    /// are being posted do not count.
    pub fn event_pending_max_bytes(mut self, bytes: u64) -> Self {
        self.options.event_limits.pending_max_bytes = bytes;
        self
    }

    /// The limit in bytes for the events of a batch. A batch of this size is posted at once, even if it has few events.
    /// Default: 8 MiB. At least `event_max_bytes`. It limits the estimated size in memory, as with
    /// [`event_queue_max_bytes`](Self::event_queue_max_bytes); the body of a post is compressed.
    pub fn event_batch_max_bytes(mut self, bytes: u64) -> Self {
        self.options.event_limits.batch_max_bytes = bytes;
        self
    }

    /// The limit in bytes for one event with its user. A larger event is dropped, logged and counted as `too_large`. Default: 1 MiB. At
    /// least 1 KiB. It limits the estimated size, as with [`event_queue_max_bytes`](Self::event_queue_max_bytes).
    pub fn event_max_bytes(mut self, bytes: u64) -> Self {
        self.options.event_limits.event_max_bytes = bytes;
        self
    }

    /// The longest time that an event waits for its batch to fill. Default: 60 s. At least 10 ms.
    ///
    /// (The official SDK's `event_logging_flush_interval_ms` is documented and ignored; this is not.)
    pub fn event_flush_interval(mut self, interval: Duration) -> Self {
        self.options.event_limits.flush_interval = interval;
        self
    }

    /// How often a batch that failed is tried again before it is dropped, or forever waits on disk. Default: 5. At most 100.
    ///
    /// Only scheduled attempts count, those after the [pauses](Self::event_retry_pauses). An extra attempt of a flush does not use up a
    /// retry. See also [`event_max_age`](Self::event_max_age).
    pub fn event_max_retries(mut self, retries: u32) -> Self {
        self.options.event_limits.max_attempts = retries.saturating_add(1);
        self
    }

    /// A batch in memory that fails and is older than this is dropped, even if it has retries left. Default: 24 hours. At least 1 s.
    pub fn event_max_age(mut self, age: Duration) -> Self {
        self.options.event_limits.max_age = age;
        self
    }

    /// The pause after a first failure, which doubles with each further one, and the longest pause. Each is made longer by up to a
    /// quarter at random. Default: 1 s and 60 s. At least 10 ms, the first not longer than the longest.
    ///
    /// A service that asks for a longer pause (`Retry-After`) gets it, up to 5 minutes. A flush does not wait for pauses.
    pub fn event_retry_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.options.event_limits.min_pause = first;
        self.options.event_limits.max_pause = longest;
        self
    }

    /// Batches that are posted at the same time while the service is well. Default: 5. Between 1 and 64.
    pub fn event_concurrent_posts(mut self, posts: usize) -> Self {
        self.options.event_limits.max_concurrent_posts = posts;
        self
    }

    /// The limit of one post, answer included; beyond, it counts as failed. Default: 10 s. At least 10 ms.
    pub fn event_request_timeout(mut self, timeout: Duration) -> Self {
        self.options.event_limits.post_timeout = timeout;
        self
    }

    /// Keeps events in this directory that cannot be delivered, or are left when the client ends. Off by default. Feature `spool`.
    ///
    /// While the service fails, batches go to disk instead of waiting in memory; one at a time is read back and posted, and a later
    /// process that is given the same directory delivers what it finds. Several processes may share the directory. Events are
    /// written as they would be posted: without private attributes. A batch that is on disk
    /// ([`spooled`](crate::EventStats::spooled)) has been synced: it survives a crash of the process and of the machine. It may
    /// arrive twice if the process dies between the service's answer and the note of it.
    ///
    /// If the directory cannot be written, one error is logged, and events wait in memory as without a spool; the
    /// disk is tried again every minute.
    #[cfg(feature = "spool")]
    pub fn event_spool(mut self, directory: impl Into<std::path::PathBuf>) -> Self {
        let max_bytes = self.options.event_spool.map(|spool| spool.max_bytes);
        self.options.event_spool = Some(SpoolSettings {
            directory: directory.into(),
            max_bytes: max_bytes.unwrap_or(DEFAULT_SPOOL_BYTES),
        });
        self
    }

    /// Bytes that [`event_spool`](Self::event_spool) may take, for each process; beyond, the oldest events are dropped and counted.
    /// Default: 64 MiB, which is a million exposures or more. At least 1 MiB. A batch that would take more than half of it stays in
    /// memory. Without effect unless it is called after
    /// `event_spool`.
    #[cfg(feature = "spool")]
    pub fn event_spool_max_bytes(mut self, bytes: u64) -> Self {
        if let Some(spool) = &mut self.options.event_spool {
            spool.max_bytes = bytes;
        }
        self
    }

    /// Calls this when events were dropped, with the counts by reason since the last call. It may block: calls come on a thread for
    /// blocking work, and may overlap. The last call may come on the thread that drops the last handle of the client, or ends its
    /// runtime. Default: no call; the client logs a warning for drops, and [`EventStats`](crate::EventStats) counts them.
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
    pub fn on_events_dropped(
        mut self,
        hook: impl Fn(&DroppedEvents) + Send + Sync + 'static,
    ) -> Self {
        self.options.on_events_dropped = Some(DropHook(Arc::new(hook)));
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

    /// Behaviours on trial, as Statsig's support names them. Known is `sec_expo_as_primary:<id>`, which may log nested gates as
    /// exposures of their own; all others have no effect. Default: none.
    pub fn experimental_flags<F: Into<String>>(
        mut self,
        flags: impl IntoIterator<Item = F>,
    ) -> Self {
        self.options.experimental_flags = flags.into_iter().map(Into::into).collect();
        self
    }
}

/// Checks the ranges of all options about events.
pub(super) fn check(options: &StatsigOptions) -> Result<(), OptionsError> {
    let limits = &options.event_limits;
    let check = |is_valid: bool, option, expected, found: String| {
        if is_valid {
            Ok(())
        } else {
            Err(OptionsError {
                option,
                expected,
                found,
            })
        }
    };
    let milliseconds = |time: Duration| format!("{} ms", time.as_millis());
    check(
        BATCH_SIZES.contains(&limits.batch_size),
        "event_logging_max_queue_size",
        "between 10 and 2000 events",
        limits.batch_size.to_string(),
    )?;
    check(
        limits.max_waiting > 0,
        "event_logging_max_pending_batch_queue_size",
        "at least 1 batch",
        limits.max_waiting.to_string(),
    )?;
    check(
        limits.queue_capacity >= *BATCH_SIZES.start(),
        "event_queue_capacity",
        "at least 10 events",
        limits.queue_capacity.to_string(),
    )?;
    let bytes = |bytes: u64| format!("{bytes} bytes");
    check(
        limits.event_max_bytes >= MIN_EVENT_BYTES,
        "event_max_bytes",
        "at least 1 KiB",
        bytes(limits.event_max_bytes),
    )?;
    check(
        limits.batch_max_bytes >= limits.event_max_bytes,
        "event_batch_max_bytes",
        "at least `event_max_bytes`",
        bytes(limits.batch_max_bytes),
    )?;
    check(
        limits.queue_max_bytes >= limits.event_max_bytes,
        "event_queue_max_bytes",
        "at least `event_max_bytes`",
        bytes(limits.queue_max_bytes),
    )?;
    check(
        limits.pending_max_bytes >= limits.batch_max_bytes,
        "event_pending_max_bytes",
        "at least `event_batch_max_bytes`",
        bytes(limits.pending_max_bytes),
    )?;
    check(
        limits.max_age >= MIN_AGE,
        "event_max_age",
        "at least 1 s",
        milliseconds(limits.max_age),
    )?;
    check(
        limits.flush_interval >= MIN_DURATION,
        "event_flush_interval",
        "at least 10 ms",
        milliseconds(limits.flush_interval),
    )?;
    check(
        RETRIES.contains(&(limits.max_attempts - 1)),
        "event_max_retries",
        "at most 100",
        (limits.max_attempts - 1).to_string(),
    )?;
    check(
        (MIN_DURATION..=limits.max_pause).contains(&limits.min_pause),
        "event_retry_pauses",
        "a first pause between 10 ms and the longest pause",
        milliseconds(limits.min_pause),
    )?;
    check(
        CONCURRENT_POSTS.contains(&limits.max_concurrent_posts),
        "event_concurrent_posts",
        "between 1 and 64",
        limits.max_concurrent_posts.to_string(),
    )?;
    check(
        limits.post_timeout >= MIN_DURATION,
        "event_request_timeout",
        "at least 10 ms",
        milliseconds(limits.post_timeout),
    )?;
    #[cfg(feature = "spool")]
    if let Some(spool) = &options.event_spool {
        check(
            spool.max_bytes >= MIN_SPOOL_BYTES,
            "event_spool_max_bytes",
            "at least 1 MiB",
            format!("{} bytes", spool.max_bytes),
        )?;
    }
    Ok(())
}
