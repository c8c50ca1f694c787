//! The adapter: keeps a stream open in a task of its own, and hands on what it brings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::{Opener, ProxyConnections, SILENCE_LIMIT, StreamProblem};
use super::progress::{Answer, Progress};
use super::proxy::GrpcForwardProxy;
use crate::facts::{Fact, FactSink};
use crate::results::SpecsSource;
use crate::sources::schedule::Refusals;
use crate::sources::{
    BackgroundSync, ChangeSignal, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest,
};
use crate::targets;
use crate::transport::BoxFuture;
use crate::transport::backoff::Backoff;
use crate::transport::identity::SdkKey;
use crate::transport::own_work::own_work;

/// The pause between two downloads over HTTP while the stream brings nothing.
const POLLING_PAUSE: Duration = Duration::from_secs(3);
const NO_UPDATES: &[u8] = br#"{"has_updates":false}"#;

/// Brings specs from a forward proxy, and over HTTP when that has been away for long or has none.
///
/// The first fetch opens the stream. From then on, a message with specs signals the client, which fetches what came.
#[derive(Debug)]
pub(crate) struct GrpcSpecs {
    stream: Arc<Stream>,
    init_timeout: Duration,
    /// Asked while the stream brings nothing for long.
    http: Arc<dyn SpecsAdapter>,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
struct Stream {
    opener: Box<dyn Opener>,
    /// The pauses before a broken stream is opened again.
    reopening: Backoff,
    progress: watch::Sender<Progress>,
    client: Mutex<Option<ChangeSignal>>,
    /// Of the service that specs are downloaded from meanwhile.
    refusals: Mutex<Refusals>,
    facts: FactSink,
}

impl GrpcSpecs {
    pub(crate) fn new(
        proxy: GrpcForwardProxy,
        sdk_key: SdkKey,
        http: Arc<dyn SpecsAdapter>,
        facts: FactSink,
    ) -> Self {
        let (init_timeout, reopening) = (proxy.init_timeout, proxy.reopening);
        let opener = Box::new(ProxyConnections { proxy, sdk_key });
        Self::with_opener(opener, init_timeout, reopening, http, facts)
    }

    pub(super) fn with_opener(
        opener: Box<dyn Opener>,
        init_timeout: Duration,
        reopening: Backoff,
        http: Arc<dyn SpecsAdapter>,
        facts: FactSink,
    ) -> Self {
        Self {
            stream: Arc::new(Stream {
                opener,
                reopening,
                progress: watch::Sender::default(),
                client: Mutex::default(),
                refusals: Mutex::default(),
                facts,
            }),
            init_timeout,
            http,
            tasks: Mutex::default(),
        }
    }

    /// Starts the tasks, unless they run.
    fn keep_running(&self, max_bytes: usize) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        if tasks.is_empty() {
            let (streaming, polling) = (Arc::clone(&self.stream), Arc::clone(&self.stream));
            tasks.spawn(own_work(|| {
                Box::pin(async move {
                    tokio::join!(streaming.keep_open(max_bytes), polling.keep_polling());
                })
            }));
        }
    }

    /// Downloads specs. A service that refuses that is asked less often.
    async fn download(&self, request: &SpecsRequest) -> Result<SpecsPayload, FetchError> {
        let fetched = self.http.fetch(request).await;
        let (mut refusals, now) = (lock(&self.stream.refusals), Instant::now());
        match &fetched {
            Err(error) if error.asks_for_pause() && request.is_background => {
                refusals.refused(error, POLLING_PAUSE, now, fastrand::f64());
            }
            Err(error) if error.asks_for_pause() => refusals.keep_quiet(error.retry_after(), now),
            _ => refusals.passed(),
        }
        drop(refusals);
        fetched
    }

    async fn fetch_streamed(&self, request: &SpecsRequest) -> Result<SpecsPayload, FetchError> {
        let progress = &self.stream.progress;
        let limit = self.init_timeout.min(request.limit);
        let mut heard = progress.subscribe();
        // Failures do not end the wait: meanwhile the stream may open.
        let is_late = tokio::time::timeout(limit, heard.wait_for(Progress::is_heard))
            .await
            .is_err();
        match self.stream.note(Progress::answer) {
            Answer::Specs { body, is_repeated } => {
                // The client is to ask again: then it is known what it has in use, for the next stream.
                if !is_repeated {
                    self.stream.signal();
                }
                Ok(SpecsPayload::new(body))
            }
            Answer::NoUpdates => Ok(SpecsPayload::new(NO_UPDATES)),
            Answer::Broken(problem) => Err(FetchError::Stream {
                problem: problem.to_string(),
            }),
            Answer::Nothing if is_late => Err(FetchError::TimedOut { limit }),
            Answer::Nothing => Err(FetchError::Abandoned),
        }
    }
}

impl SpecsAdapter for GrpcSpecs {
    fn source(&self) -> SpecsSource {
        SpecsSource::Adapter("GRPC".into())
    }

    fn fetch(&self, request: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let request = request.clone();
        Box::pin(async move {
            let now = Instant::now();
            let is_recovery = self.stream.note(|progress| progress.asked(&request, now));
            self.stream.tell_recovery(is_recovery);
            self.keep_running(request.max_bytes);
            if self.stream.progress.borrow().is_fallback_due(now) {
                let mut payload = self.download(&request).await?;
                payload.source.get_or_insert_with(|| self.http.source());
                return Ok(payload);
            }
            self.fetch_streamed(&request).await
        })
    }

    /// The tasks signal whatever there is to fetch, while the stream is broken too.
    fn background_sync(&self) -> BackgroundSync {
        BackgroundSync::Pushed
    }

    fn uses_network(&self) -> bool {
        true
    }

    fn on_start(&self, signal: ChangeSignal) {
        *lock(&self.stream.client) = Some(signal);
    }

    fn on_stop(&self) {
        lock(&self.tasks).abort_all();
    }
}

impl Stream {
    async fn keep_open(&self, max_bytes: usize) {
        loop {
            let problem = self.run(max_bytes).await;
            let (text, asked_pause) = (problem.to_string(), problem.asked_pause());
            let mut pause = Duration::ZERO;
            let mut failures = 0;
            self.progress.send_modify(|progress| {
                failures = progress.failed(problem, Instant::now());
                let backoff = self.reopening.pause(failures, fastrand::f64());
                pause = backoff.max(asked_pause);
            });
            self.facts.report(Fact::StreamFailed { failures });
            // Once for each series of failures: the proxy may be away for hours.
            if failures == 1 {
                tracing::warn!(target: targets::SYNC, problem = %text, ?pause, "the stream of specs broke, the client will reopen it");
            } else {
                tracing::debug!(target: targets::SYNC, problem = %text, ?pause, "the stream of specs cannot be opened yet");
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Opens a stream and reads it until it breaks.
    async fn run(&self, max_bytes: usize) -> StreamProblem {
        let since_time = self.progress.borrow().time_in_use();
        let mut messages = match self.opener.open(since_time, max_bytes).await {
            Ok(messages) => messages,
            Err(problem) => return problem,
        };
        let opened = Instant::now();
        loop {
            let body = match tokio::time::timeout(SILENCE_LIMIT, messages.next()).await {
                Ok(Ok(body)) => body,
                Ok(Err(problem)) => return problem,
                Err(_) => return StreamProblem::Silent,
            };
            let mut received = None;
            self.progress.send_modify(|progress| {
                received = Some(progress.received(body, opened.elapsed()));
            });
            self.facts.report(Fact::StreamMessage);
            self.tell_recovery(received.is_some_and(|received| received.is_recovery));
            if received.is_some_and(|received| received.brings_specs) {
                self.signal();
            }
        }
    }

    /// Has the client ask every few seconds, for as long as specs are to be downloaded.
    async fn keep_polling(&self) {
        let mut progress = self.progress.subscribe();
        let mut is_polling = false;
        loop {
            let due = progress.borrow_and_update().fallback_at();
            let has_begun = due.is_some_and(|at| at <= Instant::now());
            if has_begun && !is_polling {
                tracing::info!(target: targets::SYNC, "the stream brings no specs, downloading them over HTTP until it works");
            }
            is_polling = has_begun;
            if is_polling {
                self.signal();
                tokio::time::sleep(POLLING_PAUSE).await;
                // Meanwhile the download may have been refused.
                let quiet = lock(&self.refusals).pause(Duration::ZERO, Instant::now());
                tokio::time::sleep(quiet).await;
                continue;
            }
            let is_due = async {
                match due {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = is_due => {}
                changed = progress.changed() => if changed.is_err() {
                    return;
                },
            }
        }
    }

    /// Notes what follows from a question of the client. Nobody waits for that.
    fn note<T: Default>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        let mut result = T::default();
        self.progress.send_if_modified(|progress| {
            result = change(progress);
            false
        });
        result
    }

    fn tell_recovery(&self, is_recovery: bool) {
        if is_recovery {
            self.facts.report(Fact::StreamReopened);
            tracing::info!(target: targets::SYNC, "the stream of specs works again");
        }
    }

    fn signal(&self) {
        if let Some(client) = &*lock(&self.client) {
            client.notify();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
