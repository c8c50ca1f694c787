//! The client for code that knows no async: a thread of its own drives the actors.

use std::future::Future;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};

use super::Statsig;
use crate::counters::{EventStats, ShutdownReport};
use crate::error::StatsigError;
use crate::initialize_details::InitializeDetails;

/// What the thread is called that drives the actors.
const THREAD_NAME: &str = "statsig";
const NO_THREAD: StatsigError = StatsigError::Interrupted {
    during: "starting a thread",
};

impl Statsig {
    /// Like [`initialize`](Self::initialize), for programs without a tokio runtime: waits on the calling thread, and starts the
    /// client on a runtime of its own, on one thread, which ends with the client. Calls of several threads share that one thread.
    ///
    /// A program with a runtime has no use for it, not even within `spawn_blocking`:
    /// [`Handle::block_on`](tokio::runtime::Handle::block_on) waits for [`initialize`](Self::initialize) there.
    ///
    /// ```
    /// use statsig::{Statsig, StatsigOptions};
    ///
    /// let options = StatsigOptions::builder().disable_network(true).build()?;
    /// let statsig = Statsig::new("secret-key", options);
    /// statsig.initialize_blocking()?;
    /// // Evaluations are synchronous anyway.
    /// statsig.shutdown_blocking()?;
    /// # Ok::<(), statsig::StatsigError>(())
    /// ```
    ///
    /// # Errors
    /// As [`initialize`](Self::initialize), and [`StatsigError::InsideRuntime`] on a thread that knows a tokio runtime.
    pub fn initialize_blocking(&self) -> Result<InitializeDetails, StatsigError> {
        if self.inner.is_running() {
            return block_on(self.initialize())?;
        }
        let runtime = new_runtime()?;
        let statsig = self.clone();
        let (answer, answered) = mpsc::channel();
        let drive = move || {
            runtime.block_on(async move {
                let started = statsig.inner.start().await;
                // Another thread that came first drives the actors if this one does not.
                let is_driver = started.as_ref().is_ok_and(|started| started.is_new);
                let handle = started.ok().map(|started| started.handle);
                let ended = handle.filter(|_| is_driver).map(|handle| handle.ended());
                // Says what went wrong, too, if there is nothing to drive.
                let details = statsig.initialize().await;
                // The thread must not be what keeps the client alive.
                drop(statsig);
                // Refused only when the caller's thread is gone.
                let _ = answer.send(details);
                if let Some(ended) = ended {
                    ended.await;
                }
            });
        };
        thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .spawn(drive)
            .map_err(|_| NO_THREAD)?;
        answered.recv().unwrap_or(Err(NO_THREAD))
    }

    /// Like [`flush_events`](Self::flush_events), waiting on the calling thread.
    ///
    /// ```
    /// # use statsig::{Event, Statsig, StatsigOptions, StatsigUser};
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// statsig.initialize_blocking()?;
    /// statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("visit"));
    /// let stats = statsig.flush_events_blocking()?;
    /// assert_eq!(stats.pending, 0);
    /// # Ok::<(), statsig::StatsigError>(())
    /// ```
    ///
    /// # Errors
    /// As [`flush_events`](Self::flush_events), and [`StatsigError::InsideRuntime`] on a thread that knows a tokio runtime.
    pub fn flush_events_blocking(&self) -> Result<EventStats, StatsigError> {
        block_on(self.flush_events())?
    }

    /// Like [`shutdown`](Self::shutdown), waiting on the calling thread.
    ///
    /// ```
    /// # use statsig::{Statsig, StatsigOptions};
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// statsig.initialize_blocking()?;
    /// let report = statsig.shutdown_blocking()?;
    /// # Ok::<(), statsig::StatsigError>(())
    /// ```
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown), and [`StatsigError::InsideRuntime`] on a thread that knows a tokio runtime.
    pub fn shutdown_blocking(&self) -> Result<ShutdownReport, StatsigError> {
        block_on(self.shutdown())?
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> Result<T, StatsigError> {
    Ok(new_runtime()?.block_on(future))
}

/// A runtime for this thread. On one that drives another runtime tokio would panic; threads of `spawn_blocking` cannot be told from
/// those and are refused with them.
fn new_runtime() -> Result<Runtime, StatsigError> {
    if Handle::try_current().is_ok() {
        return Err(StatsigError::InsideRuntime);
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|_| StatsigError::Interrupted {
        during: "starting a runtime",
    })
}
