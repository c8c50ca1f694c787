//! The adapter: a task keeps a stream open, and the client gets its specs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use statsig::SpecsSource;
use statsig::sources::{
    AdapterContext, BackgroundSync, ChangeSignal, FetchError, SpecsAdapter, SpecsPayload,
    SpecsRequest, StreamEvent,
};
use statsig::transport::{Backoff, BoxFuture};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::SYNC;
use crate::connection::{Opener, SILENCE_LIMIT, StreamProblem};
use crate::progress::{InUse, Progress, StreamAnswer};

/// The pause between two downloads over HTTP while the stream brings nothing.
const POLLING_PAUSE: Duration = Duration::from_secs(3);
const NO_UPDATES: &[u8] = br#"{"has_updates":false}"#;

/// Brings specs from a forward proxy. Downloads them over HTTP when the stream is broken for long
/// or has none.
///
/// The first fetch opens the stream. From then on, each message with specs signals the client, and
/// the client fetches them.
#[derive(Debug)]
pub(crate) struct GrpcSpecs {
    stream: Arc<Stream>,
    init_timeout: Duration,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
struct Stream {
    opener: Box<dyn Opener>,
    /// The pauses before a broken stream is opened again.
    reopening: Backoff,
    progress: watch::Sender<Progress>,
    changes: Mutex<Option<ChangeSignal>>,
    client: AdapterContext,
}

impl GrpcSpecs {
    pub(crate) fn new(
        opener: Box<dyn Opener>,
        init_timeout: Duration,
        reopening: Backoff,
        client: AdapterContext,
    ) -> Self {
        Self {
            stream: Arc::new(Stream {
                opener,
                reopening,
                progress: watch::Sender::default(),
                changes: Mutex::default(),
                client,
            }),
            init_timeout,
            tasks: Mutex::default(),
        }
    }

    /// Starts the tasks unless they are running.
    fn keep_running(&self, max_bytes: usize) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        if tasks.is_empty() {
            let (streaming, polling) = (Arc::clone(&self.stream), Arc::clone(&self.stream));
            tasks.spawn(self.stream.client.own_work(async move {
                tokio::join!(streaming.keep_open(max_bytes), polling.keep_polling());
            }));
        }
    }

    async fn fetch_streamed(&self, request: &SpecsRequest) -> Result<SpecsPayload, FetchError> {
        let progress = &self.stream.progress;
        let limit = self.init_timeout.min(request.limit);
        let mut heard = progress.subscribe();
        // Failures do not end the wait: the next attempt may succeed in time.
        let is_late = tokio::time::timeout(limit, heard.wait_for(Progress::is_heard))
            .await
            .is_err();
        match self.stream.note(false, Progress::answer) {
            StreamAnswer::Specs { body, is_repeated } => {
                // The client's next request shows whether it uses these specs.
                if !is_repeated {
                    self.stream.signal();
                }
                Ok(SpecsPayload::new(body))
            }
            StreamAnswer::NoUpdates => Ok(SpecsPayload::new(NO_UPDATES)),
            StreamAnswer::Broken(problem) => Err(FetchError::stream(problem)),
            StreamAnswer::Nothing if is_late => Err(FetchError::TimedOut { limit }),
            StreamAnswer::Nothing => Err(FetchError::Abandoned),
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
            let in_use = InUse {
                time: request.since_time,
                checksum: request.checksum.clone(),
            };
            let is_recovery = (self.stream).note(false, |progress| progress.asked(in_use, now));
            self.stream.report_recovery(is_recovery);
            self.keep_running(request.max_bytes);
            if self.stream.progress.borrow().is_fallback_due(now) {
                return self.stream.client.download(&request, POLLING_PAUSE).await;
            }
            self.fetch_streamed(&request).await
        })
    }

    /// The tasks signal new specs. While the stream is broken, they also signal due downloads.
    fn background_sync(&self) -> BackgroundSync {
        BackgroundSync::Pushed
    }

    fn uses_network(&self) -> bool {
        true
    }

    fn on_start(&self, signal: ChangeSignal) {
        *lock(&self.stream.changes) = Some(signal);
    }

    fn on_stop(&self) {
        lock(&self.tasks).abort_all();
    }
}

impl Stream {
    async fn keep_open(&self, max_bytes: usize) {
        loop {
            let problem = self.run(max_bytes).await;
            let error = FetchError::stream(problem.to_string());
            let asked_pause = problem.asked_pause();
            let failures = self.note(true, |progress| progress.failed(problem, Instant::now()));
            let pause = self.reopening.pause(failures, fastrand::f64());
            let pause = pause.max(asked_pause);
            self.client.report(StreamEvent::Failed { failures });
            // The warning appears once for each series of failures: the proxy may be down for
            // hours.
            if failures == 1 {
                tracing::warn!(target: SYNC, problem = %error, ?pause, "the stream of specs broke, the client will reopen it");
            } else {
                tracing::debug!(target: SYNC, problem = %error, ?pause, "the stream of specs cannot be opened yet");
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
            let received = self.note(true, |progress| progress.received(body, opened.elapsed()));
            self.client.report(StreamEvent::Message);
            self.report_recovery(received.is_recovery);
            if received.brings_specs {
                self.signal();
            }
        }
    }

    /// Signals the client every few seconds while it should download specs.
    async fn keep_polling(&self) {
        let mut progress = self.progress.subscribe();
        let mut is_polling = false;
        loop {
            let due = progress.borrow_and_update().fallback_at();
            let has_begun = due.is_some_and(|at| at <= Instant::now());
            if has_begun && !is_polling {
                tracing::info!(target: SYNC, "the stream brings no specs, downloading them over HTTP until it works");
            }
            is_polling = has_begun;
            if is_polling {
                self.signal();
                tokio::time::sleep(POLLING_PAUSE).await;
                // The service may have refused the download, or requested a pause.
                tokio::time::sleep(self.client.download_pause()).await;
                continue;
            }
            // Without a due time, only a change of the progress ends the pause.
            let at = due.unwrap_or_else(Instant::now);
            tokio::select! {
                () = tokio::time::sleep_until(at), if due.is_some() => {}
                changed = progress.changed() => if changed.is_err() {
                    return;
                },
            }
        }
    }

    /// Changes the progress. With `wakes`, wakes the tasks that wait for news of the stream.
    fn note<T: Default>(&self, wakes: bool, change: impl FnOnce(&mut Progress) -> T) -> T {
        let mut result = T::default();
        self.progress.send_if_modified(|progress| {
            result = change(progress);
            wakes
        });
        result
    }

    fn report_recovery(&self, is_recovery: bool) {
        if is_recovery {
            self.client.report(StreamEvent::Reopened);
            tracing::info!(target: SYNC, "the stream of specs works again");
        }
    }

    fn signal(&self) {
        if let Some(changes) = &*lock(&self.changes) {
            changes.notify();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
