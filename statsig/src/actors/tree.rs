//! What the actors of one client share besides `Shared`: where they send, and the tasks that do it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::ShutdownReport;
use crate::error::StatsigError;
use crate::options::DEFAULT_SPECS_URL;
use crate::shared::Shared;
#[cfg(feature = "grpc")]
use crate::sources::grpc::GrpcSpecs;
use crate::sources::http::HttpSpecs;
use crate::sources::{ChangeSignal, SpecsAdapter};
use crate::transport::Transport;

/// The environment of a client's actors. It outlives each of them.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) shared: Arc<Shared>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) specs: Arc<dyn SpecsAdapter>,
    /// Asked when `specs` fails.
    pub(super) fallback: Option<Arc<dyn SpecsAdapter>>,
    /// The adapter has something new.
    pub(super) changed: Arc<Notify>,
    /// The outcome of the first sync, once there is one. A success replaces a failure, never the reverse.
    first_sync: watch::Sender<Option<Result<(), StatsigError>>>,
    pub(super) posts: PostTasks,
    /// Set when a shutdown has ended.
    pub(super) report: OnceLock<ShutdownReport>,
    restarts: AtomicU64,
}

impl Tree {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let options = &shared.options;
        let transport = options.transport.clone().unwrap_or_else(default_transport);
        let download = |base_url: &str| -> Arc<dyn SpecsAdapter> {
            Arc::new(HttpSpecs::new(
                Arc::clone(&transport),
                Arc::clone(&shared.clock),
                shared.identity(),
                base_url,
            ))
        };
        let other = options
            .specs_adapter
            .clone()
            .or_else(|| streamed(&shared, &download));
        let has_fallback = options.fallback_to_statsig_api
            && other.is_none()
            && options.specs_url != DEFAULT_SPECS_URL;
        let fallback = has_fallback.then(|| download(DEFAULT_SPECS_URL));
        let specs = other.unwrap_or_else(|| download(&options.specs_url));
        let changed = Arc::new(Notify::new());
        specs.on_start(ChangeSignal::new(&changed));
        Self {
            transport,
            specs,
            fallback,
            changed,
            first_sync: watch::Sender::new(None),
            posts: PostTasks::default(),
            report: OnceLock::new(),
            restarts: AtomicU64::new(0),
            shared,
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

    pub(super) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// How often an actor was started again after a crash.
    pub(super) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }
}

/// The adapter for the forward proxy of the options.
#[cfg(feature = "grpc")]
fn streamed(
    shared: &Shared,
    download: &dyn Fn(&str) -> Arc<dyn SpecsAdapter>,
) -> Option<Arc<dyn SpecsAdapter>> {
    let proxy = shared.options.grpc_forward_proxy.clone()?;
    let http = download(&shared.options.specs_url);
    Some(Arc::new(GrpcSpecs::new(
        proxy,
        shared.sdk_key.clone(),
        http,
    )))
}

#[cfg(not(feature = "grpc"))]
fn streamed(
    _: &Shared,
    _: &dyn Fn(&str) -> Arc<dyn SpecsAdapter>,
) -> Option<Arc<dyn SpecsAdapter>> {
    None
}

#[cfg(feature = "http")]
fn default_transport() -> Arc<dyn Transport> {
    Arc::new(crate::transport::http::HttpTransport::new())
}

#[cfg(not(feature = "http"))]
fn default_transport() -> Arc<dyn Transport> {
    Arc::new(crate::transport::NoTransport)
}

/// The tasks that post batches. They belong to no actor, so the crash of one does not cut them off; they end with the tree.
#[derive(Debug, Default)]
pub(super) struct PostTasks(Mutex<JoinSet<()>>);

impl PostTasks {
    /// Starts a task. At most [`MAX_CONCURRENT_POSTS`](crate::events::outbox::MAX_CONCURRENT_POSTS) run at a time, since
    /// the outbox hands out no more batches.
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
