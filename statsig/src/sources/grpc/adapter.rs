//! The adapter: keeps a stream open in a task of its own, and hands on what it brings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{Opener, ProxyConnections, StreamProblem};
use super::progress::{Answer, Progress};
use super::proxy::GrpcForwardProxy;
use crate::results::SpecsSource;
use crate::sources::news::{NewsListener, SourceNews};
use crate::sources::{
    BackgroundSync, ChangeSignal, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest,
};
use crate::transport::BoxFuture;
use crate::transport::backoff::Backoff;
use crate::transport::identity::SdkKey;
use crate::transport::own_work::own_work;

/// The pause between two downloads over HTTP while the stream is broken.
const POLLING_PAUSE: Duration = Duration::from_secs(3);
const NO_UPDATES: &[u8] = br#"{"has_updates":false}"#;

/// Brings specs from a forward proxy, and over HTTP when that has been away for long.
///
/// The first fetch opens the stream. From then on, a message with specs signals the client, which fetches what came.
#[derive(Debug)]
pub(crate) struct GrpcSpecs {
    stream: Arc<Stream>,
    init_timeout: Duration,
    /// Asked while the stream is broken for long.
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
    listener: NewsListener,
}

impl GrpcSpecs {
    pub(crate) fn new(
        proxy: GrpcForwardProxy,
        sdk_key: SdkKey,
        http: Arc<dyn SpecsAdapter>,
        listener: NewsListener,
    ) -> Self {
        let (init_timeout, reopening) = (proxy.init_timeout, proxy.reopening);
        let opener = Box::new(ProxyConnections { proxy, sdk_key });
        Self::with_opener(opener, init_timeout, reopening, http, listener)
    }

    pub(super) fn with_opener(
        opener: Box<dyn Opener>,
        init_timeout: Duration,
        reopening: Backoff,
        http: Arc<dyn SpecsAdapter>,
        listener: NewsListener,
    ) -> Self {
        Self {
            stream: Arc::new(Stream {
                opener,
                reopening,
                progress: watch::Sender::default(),
                client: Mutex::default(),
                listener,
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

    async fn fetch_streamed(&self, request: &SpecsRequest) -> Result<SpecsPayload, FetchError> {
        let progress = &self.stream.progress;
        let limit = self.init_timeout.min(request.limit);
        let mut heard = progress.subscribe();
        // Failures do not end the wait: meanwhile the stream may open.
        let is_late = tokio::time::timeout(limit, heard.wait_for(Progress::is_heard))
            .await
            .is_err();
        let mut answer = Answer::Nothing;
        // Nobody waits for what is noted here.
        progress.send_if_modified(|progress| {
            answer = progress.answer(request);
            false
        });
        match answer {
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
            self.keep_running(request.max_bytes);
            if self.stream.progress.borrow().is_polling() {
                let mut payload = self.http.fetch(&request).await?;
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
            let text = problem.to_string();
            let mut pause = Duration::ZERO;
            let mut failures = 0;
            self.progress.send_modify(|progress| {
                failures = progress.failed(problem);
                pause = self.reopening.pause(failures, fastrand::f64());
            });
            self.listener.tell(SourceNews::StreamFailed { failures });
            // Once for each series of failures: the proxy may be away for hours.
            if failures == 1 {
                tracing::warn!(target: crate::targets::SYNC, problem = %text, ?pause, "the stream of specs broke and will be opened again");
            } else {
                tracing::debug!(target: crate::targets::SYNC, problem = %text, ?pause, "the stream of specs cannot be opened yet");
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
        loop {
            let body = match messages.next().await {
                Ok(body) => body,
                Err(problem) => return problem,
            };
            let mut brings_specs = false;
            let mut was_broken = false;
            self.progress.send_modify(|progress| {
                was_broken = progress.failures_in_row() > 0;
                brings_specs = progress.received(body);
            });
            self.listener.tell(SourceNews::StreamMessage);
            if was_broken {
                self.listener.tell(SourceNews::StreamReopened);
            }
            if brings_specs {
                self.signal();
            }
        }
    }

    /// Has the client ask every few seconds, for as long as the stream is broken for long.
    async fn keep_polling(&self) {
        let mut progress = self.progress.subscribe();
        while progress.wait_for(Progress::is_polling).await.is_ok() {
            self.signal();
            tokio::time::sleep(POLLING_PAUSE).await;
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
