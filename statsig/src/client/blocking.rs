//! The client for code without async: a separate thread runs the actors.

use std::future::Future;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};

use super::Statsig;
use crate::counters::{EventStats, ShutdownReport};
use crate::error::StatsigError;
use crate::initialize_details::InitializeDetails;

/// The name of the thread that runs the actors.
const THREAD_NAME: &str = "statsig";
const NO_THREAD: StatsigError = StatsigError::Interrupted {
    during: "starting a thread",
};

impl Statsig {
    /// Like [`initialize`](Self::initialize), for programs without a tokio runtime. Blocks the
    /// calling thread, and starts the client on its own runtime with one thread, which ends with
    /// the client. Calls from several threads share that thread.
    ///
    /// A program with a runtime must not use it, not even within `spawn_blocking`. There, pass
    /// [`initialize`](Self::initialize) to [`Handle::block_on`](tokio::runtime::Handle::block_on).
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
    /// Those of [`initialize`](Self::initialize), and [`StatsigError::InsideRuntime`] on a thread
    /// with a tokio runtime.
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
                // If another thread started the client first, that thread runs the actors.
                let is_driver = started.as_ref().is_ok_and(|started| started.is_new);
                let handle = started.ok().map(|started| started.handle);
                let ended = handle.filter(|_| is_driver).map(|handle| handle.ended());
                // If nothing was started, this returns the error.
                let details = statsig.initialize().await;
                // The thread must not keep the client alive.
                drop(statsig);
                // Fails only if the caller's thread has ended.
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

    /// Like [`flush_events`](Self::flush_events), but blocks the calling thread.
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
    /// Those of [`flush_events`](Self::flush_events), and [`StatsigError::InsideRuntime`] on a
    /// thread with a tokio runtime.
    pub fn flush_events_blocking(&self) -> Result<EventStats, StatsigError> {
        block_on(self.flush_events())?
    }

    /// Like [`shutdown`](Self::shutdown), but blocks the calling thread.
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
    /// Those of [`shutdown`](Self::shutdown), and [`StatsigError::InsideRuntime`] on a thread with
    /// a tokio runtime.
    pub fn shutdown_blocking(&self) -> Result<ShutdownReport, StatsigError> {
        block_on(self.shutdown())?
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> Result<T, StatsigError> {
    Ok(new_runtime()?.block_on(future))
}

/// A runtime for this thread. On a thread that runs another runtime, tokio would panic. Threads of
/// `spawn_blocking` look the same, so they get the same error.
fn new_runtime() -> Result<Runtime, StatsigError> {
    if Handle::try_current().is_ok() {
        return Err(StatsigError::InsideRuntime);
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|_| StatsigError::Interrupted {
        during: "starting a runtime",
    })
}
