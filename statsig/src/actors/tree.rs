//! What the actors of one client share besides `Shared`: where they send, and the tasks that do it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::ShutdownReport;
use super::initialization::Initialization;
use super::observed::ObservedTransport;
use super::reporting::Reporting;
use crate::counters::DroppedEvents;
use crate::error::StatsigError;
use crate::events::spool::Spool;
use crate::guard::guarded;
#[cfg(any(feature = "grpc", feature = "proto"))]
use crate::observability::facts::Fact;
use crate::options::{DEFAULT_SPECS_URL, DropHook};
use crate::results::SpecsSource;
use crate::shared::Shared;
use crate::sinks::EventLoggingAdapter;
use crate::sinks::http::HttpEvents;
use crate::sources::chain::{ChainLink, SpecsChain};
use crate::sources::data_store::session::StoreSession;
use crate::sources::data_store::specs::{self as stored, DataStoreSpecs};
#[cfg(feature = "grpc")]
use crate::sources::grpc::GrpcSpecs;
use crate::sources::http::HttpSpecs;
use crate::sources::id_lists::http::HttpIdLists;
use crate::sources::id_lists::source::IdListSource;
use crate::sources::id_lists::store::StoredIdLists;
#[cfg(any(feature = "grpc", feature = "proto"))]
use crate::sources::news::NewsListener;
use crate::sources::{ChangeSignal, SpecAdapterConfig, SpecsAdapter, SpecsPayload};
use crate::transport::Transport;
use crate::transport::address::Address;

/// What ends with the actors, however they end: as long as it exists, adapters are listened to.
#[derive(Debug)]
pub(super) struct Life {
    shared: Arc<Shared>,
    _changes: Vec<Arc<Notify>>,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.shared.actors_ended();
    }
}

/// The environment of a client's actors. It outlives each of them.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) shared: Arc<Shared>,
    /// Where events go.
    pub(super) events: Arc<dyn EventLoggingAdapter>,
    /// Where events wait that cannot go there now.
    pub(super) spool: Option<Arc<dyn Spool>>,
    pub(super) specs: SpecsChain,
    /// For each source: it has something new. Gone when the actors are.
    pub(super) changes: Vec<Weak<Notify>>,
    /// `None` when the options name none.
    pub(super) data_store: Option<Arc<StoreSession>>,
    /// `None` when ID lists are off.
    pub(super) id_lists: Option<IdListSource>,
    pub(super) initialization: Initialization,
    /// The outcome of the first sync, once there is one. A success replaces a failure, never the reverse.
    first_sync: watch::Sender<Option<Result<(), StatsigError>>>,
    /// Whether all ID lists are loaded, and why not, once that is known. A success replaces a failure, never the reverse.
    first_id_lists: watch::Sender<Option<Result<(), String>>>,
    pub(super) posts: PostTasks,
    pub(super) reporting: Reporting,
    /// Set when a shutdown has ended.
    pub(super) report: OnceLock<ShutdownReport>,
    restarts: AtomicU64,
}

impl Tree {
    pub(super) fn new(shared: Arc<Shared>) -> (Self, Life) {
        let options = &shared.options;
        let unobserved = shared.options.make_transport();
        let reporting = Reporting::new(Arc::clone(&shared));
        let transport: Arc<dyn Transport> =
            Arc::new(ObservedTransport::new(unobserved, Arc::clone(&shared)));
        let events = options.event_logging_adapter.clone().unwrap_or_else(|| {
            Arc::new(HttpEvents::new(
                Arc::clone(&transport),
                Arc::clone(&shared.clock),
                shared.identity.clone(),
                &options.log_event_url,
                options.event_limits.post_timeout,
            ))
        });
        #[cfg(any(feature = "grpc", feature = "proto"))]
        let listener = {
            let shared = Arc::clone(&shared);
            NewsListener::new(move |news| shared.note(Fact::Source(news)))
        };
        let download = |base_url: &str| -> Arc<dyn SpecsAdapter> {
            let specs = HttpSpecs::new(
                Arc::clone(&transport),
                Arc::clone(&shared.clock),
                shared.identity.clone(),
                base_url,
            );
            #[cfg(feature = "proto")]
            let specs = if options.reads_binary() {
                specs.reading_binary(options.delta_mode(), listener.clone())
            } else {
                specs
            };
            Arc::new(specs)
        };
        let data_store = options.data_store.clone().map(|store| {
            let version = options.data_store_key_schema_version;
            let kept = Arc::clone(&shared.kept_specs);
            let clock = Arc::clone(&shared.clock);
            Arc::new(StoreSession::new(
                store,
                &shared.identity.key,
                version,
                kept,
                clock,
            ))
        });
        let to_link = |config: &SpecAdapterConfig| match config {
            SpecAdapterConfig::Adapter(adapter) => Some(ChainLink::new(Arc::clone(adapter))),
            SpecAdapterConfig::DataStore => {
                let session = Arc::clone(data_store.as_ref()?);
                let specs = Arc::new(DataStoreSpecs::new(session));
                Some(ChainLink::data_store(specs))
            }
            SpecAdapterConfig::NetworkHttp { specs_url } => {
                let url = specs_url.as_deref().unwrap_or(&options.specs_url);
                let has_fallback = options.fallback_to_statsig_api && url != DEFAULT_SPECS_URL;
                let fallback = has_fallback.then(|| download(DEFAULT_SPECS_URL));
                Some(ChainLink::new(download(url)).with_fallback(fallback))
            }
            #[cfg(feature = "grpc")]
            SpecAdapterConfig::NetworkGrpc(proxy) => {
                let http = download(&options.specs_url);
                let key = shared.identity.key.clone();
                let streamed = GrpcSpecs::new(proxy.clone(), key, http, listener.clone());
                Some(ChainLink::new(Arc::new(streamed)))
            }
        };
        let links = options.specs_sources();
        let specs = SpecsChain::new(links.iter().filter_map(to_link).collect());
        let changes: Vec<_> = (specs.adapters())
            .map(|adapter| {
                let changed = Arc::new(Notify::new());
                let signal = ChangeSignal::new(&changed);
                guarded("`on_start` of the specs adapter", || {
                    adapter.on_start(signal)
                });
                changed
            })
            .collect();
        let life = Life {
            shared: Arc::clone(&shared),
            _changes: changes.clone(),
        };
        let tree = Self {
            id_lists: id_lists_of(&shared, &transport, data_store.as_ref()),
            spool: spool_of(&shared),
            events,
            specs,
            changes: changes.iter().map(Arc::downgrade).collect(),
            data_store,
            initialization: Initialization::begin(),
            first_sync: watch::Sender::new(None),
            first_id_lists: watch::Sender::new(None),
            posts: PostTasks::default(),
            reporting,
            report: OnceLock::new(),
            restarts: AtomicU64::new(0),
            shared,
        };
        (tree, life)
    }

    /// Logs what is due of losses, and tells the caller's hook what was dropped since the last time, from a thread where it may
    /// take its time.
    pub(super) fn report_drops(&self) {
        self.shared.events.log_losses();
        // The handle is let go: how long the hook takes is its own affair.
        drop(self.call_drop_hook());
    }

    /// As [`report_drops`](Self::report_drops), for the last time: waits for the hook, but not longer than `limit`.
    pub(super) async fn report_last_drops(&self, limit: Duration) {
        self.shared.events.log_last_losses();
        if let Some(call) = self.call_drop_hook() {
            let _ = tokio::time::timeout(limit, call).await;
        }
    }

    fn call_drop_hook(&self) -> Option<JoinHandle<()>> {
        let hook = self.shared.options.on_events_dropped.clone()?;
        let dropped = self.shared.events.counters.take_unreported();
        let news = DropNews {
            shared: Arc::clone(&self.shared),
            dropped: Some(dropped),
        };
        (dropped.total() > 0).then(|| tokio::task::spawn_blocking(move || news.tell(&hook)))
    }

    /// Specs that are published now: the data store is to hold them, if they are for it.
    pub(super) fn keep_in_store(&self, payload: &SpecsPayload, source: &SpecsSource, now_ms: u64) {
        let Some(store) = &self.data_store else {
            return;
        };
        // Whoever gets its specs from elsewhere may have older ones than those who write.
        let background = self.specs.background();
        let is_guarded = !self.shared.options.disable_network
            && background.is_some_and(|adapter| adapter.uses_network());
        let json = payload.body.clone();
        if *source == SpecsSource::Network && !payload.deltas_used {
            store.write_specs(json, now_ms, is_guarded);
        } else if is_guarded && *source == stored::source() {
            store.guard_specs(json, now_ms);
        } else {
            store.guard_nothing();
        }
    }

    /// The outcome of the first sync, now or later.
    pub(super) fn watch_first_sync(&self) -> watch::Receiver<Option<Result<(), StatsigError>>> {
        self.first_sync.subscribe()
    }

    pub(super) fn is_first_sync_over(&self) -> bool {
        self.first_sync.borrow().is_some()
    }

    pub(super) fn end_first_sync(&self, outcome: Result<(), StatsigError>) {
        self.first_sync.send_if_modified(|known| {
            let is_news = !matches!(known, Some(Ok(()))) && *known != Some(outcome.clone());
            if is_news {
                *known = Some(outcome);
            }
            is_news
        });
    }

    /// The outcome of the first sync of ID lists, now or later.
    pub(super) fn watch_first_id_lists(&self) -> watch::Receiver<Option<Result<(), String>>> {
        self.first_id_lists.subscribe()
    }

    /// Whether the first sync of ID lists is over, or there is to be none.
    pub(super) fn are_first_id_lists_over(&self) -> bool {
        self.usable_id_lists().is_none() || self.is_first_id_list_sync_over()
    }

    /// Where ID lists come from, if they are enabled and there is anybody to ask.
    pub(super) fn usable_id_lists(&self) -> Option<&IdListSource> {
        self.id_lists.as_ref().filter(|source| source.is_usable())
    }

    /// Waits for the first sync of ID lists, if there is to be one.
    pub(super) async fn first_id_lists_over(&self) {
        if self.usable_id_lists().is_some() {
            let mut ready = self.first_id_lists.subscribe();
            // Fails only without a sender, which is here.
            let _ = ready.wait_for(Option::is_some).await;
        }
    }

    /// Whether all ID lists are loaded; `None` when they are off.
    pub(super) fn is_id_list_ready(&self) -> Option<bool> {
        self.id_lists.as_ref()?;
        Some(matches!(*self.first_id_lists.borrow(), Some(Ok(()))))
    }

    /// Why there are no ID lists although a data store keeps some: then initialising has failed. Without one, they may come later.
    pub(super) fn id_lists_failure(&self) -> Option<StatsigError> {
        self.id_lists.as_ref()?.store.as_ref()?;
        match &*self.first_id_lists.borrow() {
            Some(Err(reason)) => Some(StatsigError::NoIdLists {
                reason: reason.clone(),
            }),
            _ => None,
        }
    }

    pub(super) fn is_first_id_list_sync_over(&self) -> bool {
        self.first_id_lists.borrow().is_some()
    }

    pub(super) fn end_first_id_lists(&self, outcome: Result<(), String>) {
        self.first_id_lists.send_if_modified(|known| {
            let is_news = !matches!(known, Some(Ok(()))) && *known != Some(outcome.clone());
            if is_news {
                *known = Some(outcome);
            }
            is_news
        });
    }

    pub(super) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// How often an actor was started again after a crash.
    pub(super) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }
}

#[cfg(feature = "spool")]
fn spool_of(shared: &Shared) -> Option<Arc<dyn Spool>> {
    let settings = shared.options.event_spool.as_ref()?;
    Some(Arc::new(crate::spool::DiskSpool::new(
        settings.directory.clone(),
        shared.identity.key.expose(),
        settings.max_bytes,
        Arc::clone(&shared.clock),
    )))
}

#[cfg(not(feature = "spool"))]
fn spool_of(_: &Shared) -> Option<Arc<dyn Spool>> {
    None
}

/// Where ID lists come from, if they are enabled: an adapter that the options name is asked alone.
fn id_lists_of(
    shared: &Shared,
    transport: &Arc<dyn Transport>,
    data_store: Option<&Arc<StoreSession>>,
) -> Option<IdListSource> {
    let options = &shared.options;
    if !options.enable_id_lists {
        return None;
    }
    let is_network_disabled = options.disable_network;
    if let Some(adapter) = options.id_lists_adapter.clone() {
        return Some(IdListSource {
            adapter,
            store: None,
            is_network_disabled,
            clock: Arc::clone(&shared.clock),
        });
    }
    let http = HttpIdLists::new(
        Arc::clone(transport),
        Arc::clone(&shared.clock),
        shared.identity.clone(),
    );
    let text = |address: &Option<Address>| address.as_deref().map(str::to_owned);
    let http = http
        .with_manifest_url(text(&options.id_lists_url), options.fallback_to_statsig_api)
        .trusting(options.named_urls());
    Some(IdListSource {
        adapter: Arc::new(http.with_file_api(text(&options.download_id_list_file_api))),
        store: data_store.and_then(StoredIdLists::of).map(Arc::new),
        is_network_disabled,
        clock: Arc::clone(&shared.clock),
    })
}

/// What is to be told to the hook for dropped events. If that never happens, because the runtime ends, they stay news.
struct DropNews {
    shared: Arc<Shared>,
    dropped: Option<DroppedEvents>,
}

impl DropNews {
    fn tell(mut self, hook: &DropHook) {
        if let Some(dropped) = self.dropped.take() {
            hook.call(&dropped);
        }
    }
}

impl Drop for DropNews {
    fn drop(&mut self) {
        if let Some(dropped) = self.dropped.take() {
            self.shared.events.counters.put_back_unreported(&dropped);
        }
    }
}

/// The tasks that post batches. They belong to no actor, so the crash of one does not cut them off; they end with the tree.
#[derive(Debug, Default)]
pub(super) struct PostTasks(Mutex<JoinSet<()>>);

impl PostTasks {
    /// Starts a task. No more run at a time than the options allow, since the outbox hands out no more batches.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Aborts all, and waits for them to give their batches back, but not longer than `limit`.
    pub(super) async fn abort_all(&self, limit: Duration) {
        let mut tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.abort_all();
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        // A task that does not end in time gives its batch back later: nothing to be done about it here.
        let _ = tokio::time::timeout(limit, all_ended).await;
    }
}
