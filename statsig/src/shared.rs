//! What the client and the actors share. It outlives every actor, so that one that crashes loses nothing.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::counters::{DropReason, EventCounters, LossLog, ShutdownReport};
use crate::country::Countries;
use crate::evaluation::memo::{Memo, MemoCounts, MemoHome};
use crate::events::dedupe::Dedupe;
use crate::events::event::QueuedEvent;
use crate::events::non_exposed::NonExposedChecks;
use crate::events::outbox::Outbox;
use crate::events::queue::{EventQueue, Pushed};
use crate::events::secondary::rollout_bucket;
use crate::observability::client::Told;
use crate::observability::facts::Fact;
use crate::observability::health::Health;
use crate::observability::observer::{Observer, Reports, Scene};
use crate::observability::outlet::Outlet;
use crate::observability::subscriptions::Subscriptions;
use crate::options::StatsigOptions;
use crate::overrides::Overrides;
use crate::process::{Home, log_aside};
use crate::results::SpecsStatus;
use crate::sources::data_store::kept::KeptSpecs;
use crate::sources::http::HttpSpecs;
use crate::specs::compiled::SpecCounts;
use crate::specs::snapshot::Snapshot;
use crate::targets;
use crate::transport::Transport;
use crate::transport::identity::{Identity, SdkKey};
use crate::typed::{DriftLog, MismatchLog};

/// Measurements that may wait for the observability clients; further ones are lost.
const MAX_TOLD: usize = 1_000;
/// Errors that may wait to be posted; further ones are lost.
const MAX_EXCEPTIONS: usize = 100;

/// A snapshot with the evaluations remembered for it: both are replaced together. Its `Debug` is a summary, however large the specs.
pub(crate) struct Published {
    pub(crate) snapshot: Snapshot,
    pub(crate) memo: Memo,
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SpecCounts {
            gates,
            configs,
            layers,
        } = self.specs.counts();
        f.debug_struct("Specs")
            .field("source", &self.source)
            .field("time", &self.specs.time)
            .field("gates", &gates)
            .field("configs", &configs)
            .field("layers", &layers)
            .finish()
    }
}

impl Deref for Published {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// What those look at who wait for specs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    pub(crate) status: SpecsStatus,
    /// Set when no others will come, unless the client is started again.
    pub(crate) end: Option<End>,
}

/// Why nothing runs that could bring specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    ShutDown,
    /// The actors ended without a shutdown.
    ActorsGone,
}

/// What the client and the actors share. Its `Debug` leaves out nearly everything: it is reached from every handle.
pub(crate) struct Shared {
    /// In forks of this process, nothing is recorded.
    pub(crate) home: Arc<Home>,
    /// Whether the log says that this process is a fork.
    is_fork_told: AtomicBool,
    pub(crate) sdk_key: SdkKey,
    pub(crate) options: StatsigOptions,
    pub(crate) clock: Arc<dyn Clock>,
    /// Identifies this client to the service, in headers and events.
    pub(crate) session_id: String,
    /// Published by the evaluation actor only.
    pub(crate) snapshot: ArcSwap<Published>,
    /// What there is to know about the published specs, for those who wait for others.
    pub(crate) watched: watch::Sender<Watched>,
    pub(crate) queue: EventQueue,
    pub(crate) dedupe: Dedupe,
    pub(crate) non_exposed: NonExposedChecks,
    pub(crate) counters: EventCounters,
    pub(crate) loss_log: LossLog,
    pub(crate) overrides: Overrides,
    /// Which typed parameters did not fit, so that each is told once.
    pub(crate) mismatches: MismatchLog,
    /// This client's part in the rollout of nested gates as exposures.
    rollout_bucket: Option<u64>,
    /// What the latest check of parameter structs found.
    pub(crate) drift_log: DriftLog,
    /// Who wants to be told of evaluations and new specs.
    pub(crate) subscriptions: Subscriptions,
    /// For the observability clients.
    pub(crate) told: Outlet<Told>,
    /// Bodies of reports to be posted.
    pub(crate) exceptions: Outlet<Vec<u8>>,
    /// Touched by actors and the tasks that work for them, never by callers.
    observer: Mutex<Observer>,
    memo_home: MemoHome,
    /// `None` when nobody listens to measurements.
    memo_counts: Option<Arc<MemoCounts>>,
    /// Touched by the exposure actor and the tasks that post for it, never by callers.
    outbox: Mutex<Outbox>,
    /// What the data store is to hold.
    pub(crate) kept_specs: Arc<Mutex<KeptSpecs>>,
    /// Set when a shutdown begins: nothing is recorded any more.
    is_closed: AtomicBool,
    /// Whether the log says how many events a shutdown left.
    is_rest_told: AtomicBool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("sdk_key", &self.sdk_key)
            .field("specs", &**self.snapshot.load())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(sdk_key: &str, options: StatsigOptions) -> Self {
        let limits = options.event_limits;
        let countries = if options.disable_country_lookup {
            Countries::disabled()
        } else {
            let countries = Countries::new(options.country_lookup.clone());
            if options.ipv6_countries {
                countries.with_ipv6()
            } else {
                countries
            }
        };
        let snapshot = Snapshot::uninitialized(
            options.environment.clone(),
            Arc::clone(&options.global_custom_fields),
            countries,
        );
        let memo_counts = options.is_measured().then(Arc::default);
        let memo_home = MemoHome::counting(memo_counts.clone());
        let first = Published {
            memo: memo_home.next(&snapshot.specs),
            snapshot,
        };
        let home = Arc::new(Home::here());
        Self {
            is_fork_told: AtomicBool::new(false),
            sdk_key: SdkKey::new(sdk_key),
            clock: Arc::clone(&options.clock),
            session_id: uuid::Uuid::new_v4().to_string(),
            snapshot: ArcSwap::from_pointee(first),
            watched: watch::Sender::default(),
            queue: EventQueue::new(&limits),
            dedupe: Dedupe::new(options.exposure_dedupe_max_keys),
            non_exposed: NonExposedChecks::default(),
            counters: EventCounters::default(),
            loss_log: LossLog::default(),
            overrides: Overrides::new(options.override_adapter.clone()),
            mismatches: MismatchLog::new(Arc::clone(&home)),
            home,
            drift_log: DriftLog::default(),
            subscriptions: Subscriptions::new(options.evaluation_telemetry),
            told: Outlet::new(MAX_TOLD),
            exceptions: Outlet::new(MAX_EXCEPTIONS),
            observer: Mutex::default(),
            memo_home,
            memo_counts,
            outbox: Mutex::new(Outbox::new(limits, options.event_spool_bytes())),
            rollout_bucket: rollout_bucket(&options.experimental_flags),
            kept_specs: Arc::default(),
            is_closed: AtomicBool::new(false),
            is_rest_told: AtomicBool::new(false),
            options,
        }
    }

    /// Replaces what callers read, and forgets what was evaluated with it. For the evaluation actor only, who gets back what
    /// was replaced: dropping large specs takes time.
    pub(crate) fn publish(&self, next: Snapshot) -> Arc<Published> {
        let status = next.status();
        let current = self.snapshot.load();
        let memo = if Arc::ptr_eq(&current.specs, &next.specs) {
            self.memo_home.next_with_same_specs(&current.memo)
        } else {
            self.memo_home.next(&next.specs)
        };
        drop(current);
        let published = Published {
            snapshot: next,
            memo,
        };
        let previous = self.snapshot.swap(Arc::new(published));
        self.watched.send_if_modified(|known| {
            let is_news = known.status != status;
            known.status = status;
            is_news
        });
        previous
    }

    /// Counts an event and puts it into the queue; when that is full, in place of the oldest. True when the exposure actor should be
    /// nudged.
    pub(crate) fn record(&self, event: QueuedEvent) -> bool {
        self.counters.add_enqueued(1);
        if !self.home.is_here() {
            self.lose(DropReason::Forked, 1);
            return false;
        }
        if self.is_closed() {
            self.lose(DropReason::AfterShutdown, 1);
            return false;
        }
        let bytes = event.bytes();
        if bytes > self.options.event_limits.event_max_bytes {
            self.lose(DropReason::TooLarge, 1);
            return false;
        }
        match self.queue.push(event, bytes) {
            Pushed::Queued => false,
            Pushed::QueuedAtHighWater => true,
            Pushed::InPlaceOf(oldest) => {
                self.lose(DropReason::QueueFull, oldest);
                false
            }
        }
    }

    /// Counts events that a caller's thread gives up, and logs it when that is due. Neither waits nor takes a lock.
    #[cold]
    pub(crate) fn lose(&self, reason: DropReason, events: u64) {
        let so_far = self.counters.add_lost_by_caller(reason, events);
        self.loss_log
            .lost_by_caller(reason, so_far, self.clock.now_ms());
    }

    /// Logs what is due of all losses so far.
    pub(crate) fn log_losses(&self) {
        let dropped = self.counters.stats().dropped;
        self.loss_log.look(&dropped, self.clock.now_ms());
    }

    /// Logs all losses that were not told of yet: actors that would do it later end.
    pub(crate) fn log_last_losses(&self) {
        let dropped = self.counters.stats().dropped;
        self.loss_log.finish(&dropped, self.clock.now_ms());
    }

    /// Whether nested gates are logged as exposures of their own: the service rolls that out among clients that take part.
    #[inline]
    pub(crate) fn exposes_nested_gates(&self, snapshot: &Snapshot) -> bool {
        self.rollout_bucket
            .is_some_and(|bucket| bucket < snapshot.settings.nested_gates_rollout)
    }

    /// Refuses events from now on.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        // Whoever waits for specs must learn that none will come.
        (self.watched).send_modify(|watched| watched.end = Some(End::ShutDown));
    }

    /// The actors exist no more. If nobody shut them down, their runtime is gone, or their supervisor crashed.
    pub(crate) fn actors_ended(&self) {
        if self.is_closed() || !self.home.is_surely_here() {
            return;
        }
        tracing::error!(
            target: targets::CLIENT,
            "the client stopped without a shutdown, probably because its tokio runtime ended: it no longer updates specs or sends \
             events; call `initialize` again, on a runtime that lives as long as the client"
        );
        self.log_last_losses();
        (self.watched).send_modify(|watched| watched.end = Some(End::ActorsGone));
    }

    /// Logs once that this process is a fork of the one that the client works in, and says whether it did. Does not wait.
    pub(crate) fn tell_of_fork(&self) -> bool {
        let is_news = !self.is_fork_told.swap(true, Ordering::Relaxed);
        if is_news {
            log_aside(|| {
                tracing::error!(
                    target: targets::CLIENT,
                    "this process was forked after `initialize`: the client does not update specs or send events here; use `Statsig::after_fork`"
                );
            });
        }
        is_news
    }

    /// Logs that a shutdown left events unsent. They are lost unless the client is started again.
    pub(crate) fn log_left(&self, report: &ShutdownReport) {
        self.is_rest_told.store(true, Ordering::Relaxed);
        tracing::warn!(
            target: targets::EVENTS,
            events = report.stats.pending,
            "a shutdown left events unsent ({report}); give it more time with `shutdown_with_timeout`, or keep events on disk with \
             `event_spool`"
        );
    }

    /// Takes events again, after a shutdown.
    pub(crate) fn reopen(&self) {
        self.is_closed.store(false, Ordering::Release);
        self.is_rest_told.store(false, Ordering::Relaxed);
        self.watched.send_modify(|watched| watched.end = None);
        self.counters.leave_spooled();
        self.outbox().reopen();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// The outbox, locked. To be held for bookkeeping only, never across work.
    pub(crate) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What requests travel by: the options' transport, or a new HTTP client.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        let given = self.options.transport.clone();
        given.unwrap_or_else(|| default_transport(&self.options))
    }

    /// The specs endpoint at this URL.
    pub(crate) fn http_specs(&self, transport: &Arc<dyn Transport>, base_url: &str) -> HttpSpecs {
        HttpSpecs::new(
            Arc::clone(transport),
            Arc::clone(&self.clock),
            self.identity(),
            base_url,
        )
    }

    /// Takes note of something that happened, and hands on what there is to report of it.
    pub(crate) fn note(&self, fact: Fact) {
        self.report(|observer, scene| observer.note(fact, scene));
    }

    /// Reports what the counters say.
    pub(crate) fn look_at_health(&self) {
        // First, so that these are among those that were dropped.
        let failed = self.counters.failed_by_flush_type();
        let stats = self.counters.stats();
        let memo = self.memo_counts.as_ref();
        let (memo_hits, memo_misses) = memo.map_or((0, 0), |counts| counts.so_far());
        let health = Health {
            delivered: stats.delivered,
            pending: stats.pending,
            dropped: stats.dropped.by_reason(),
            failed,
            memo_hits,
            memo_misses,
            typed_mismatches: self.mismatches.total(),
            interval_ms: self.outbox().interval().as_millis(),
        };
        self.report(|observer, scene| observer.look(health, scene));
    }

    fn report(&self, report: impl FnOnce(&mut Observer, &Scene<'_>) -> Reports) {
        let snapshot = self.snapshot.load();
        let scene = Scene {
            sdk_key: self.sdk_key.expose(),
            options: &self.options,
            rates: &snapshot.settings.diagnostics,
            now_ms: self.clock.now_ms(),
            random: fastrand::f64(),
        };
        let mut observer = self.observer.lock().unwrap_or_else(PoisonError::into_inner);
        let reports = report(&mut observer, &scene);
        drop(observer);
        reports
            .told
            .into_iter()
            .for_each(|told| self.told.put(told));
        let exceptions = reports.exceptions.into_iter();
        exceptions.for_each(|body| self.exceptions.put(body));
        if let Some(event) = reports.event {
            // The queue is looked at every second: one event of the SDK's own can wait for that.
            self.record(QueuedEvent::Other(Box::new(event)));
        }
    }

    /// Who sends this client's requests.
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            key: self.sdk_key.clone(),
            session_id: self.session_id.clone(),
            service_name: self.options.service_name.clone(),
        }
    }
}

impl Drop for Shared {
    /// Nobody is left who could deliver what is in memory.
    fn drop(&mut self) {
        // In a fork it is the parent's, and locks may be held for ever.
        if !self.home.is_surely_here() {
            return;
        }
        let left = self.counters.stats().pending;
        if left > 0 {
            if *self.is_rest_told.get_mut() {
                self.loss_log
                    .told_elsewhere(DropReason::ClientDropped, left);
            }
            self.counters.add_dropped(DropReason::ClientDropped, left);
        }
        self.log_last_losses();
        let dropped = self.counters.take_unreported();
        if dropped.total() > 0
            && let Some(hook) = &self.options.on_events_dropped
        {
            hook.call(&dropped);
        }
    }
}

#[cfg(feature = "http")]
fn default_transport(options: &StatsigOptions) -> Arc<dyn Transport> {
    use crate::transport::http::{HttpTransport, Settings};

    Arc::new(HttpTransport::new(Settings {
        proxy: options.proxy_config.clone(),
        ca_cert_path: options.ca_cert_path.clone(),
    }))
}

#[cfg(not(feature = "http"))]
fn default_transport(_: &StatsigOptions) -> Arc<dyn Transport> {
    Arc::new(crate::transport::NoTransport)
}
