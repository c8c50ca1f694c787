//! Ends a service: first the server, then the client.

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture, pending};
use std::time::Duration;

use statsig::{ShutdownReport, Statsig, StatsigError};

/// The result of a server.
type BoxError = Box<dyn Error + Send + Sync>;

/// Shuts the client down after a server has ended. It is implemented for `axum::serve(…)`, with and
/// without `with_graceful_shutdown`, and for every other future with a `Result<(), _>`.
///
/// ```no_run
/// use statsig_axum::{ThenShutdown, shutdown_signal};
///
/// # async fn run(statsig: statsig::Statsig) -> Result<(), Box<dyn std::error::Error>> {
/// # let app: axum::Router = axum::Router::new();
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// let server = axum::serve(listener, app).with_graceful_shutdown(shutdown_signal());
/// let report = server.then_shutdown(&statsig).await?;
/// println!("{report}"); // complete: 1207 events delivered, 0 dropped, 0 not sent
/// # Ok(()) }
/// ```
///
/// # The order
///
/// 1. A signal arrives. The server accepts no more connections, and waits for the open requests.
///    They still read flags and log events.
/// 2. The server ends. The client delivers the queued events, within the limit.
/// 3. The report counts all events.
///
/// The other order would lose events: a client that is shut down drops all later ones. The server
/// waits for open requests without a limit, and an orchestrator kills the process after a while (30
/// s in Kubernetes). So end long requests in time: put a timeout on them, and let streams end at
/// the signal. The option `event_spool` keeps events on disk even if the process is killed.
pub trait ThenShutdown: IntoFuture + Sized {
    /// Waits for the server, then calls [`Statsig::shutdown`], also after a failure of the server.
    ///
    /// # Errors
    /// When the server failed, or the client could not deliver every event.
    fn then_shutdown(
        self,
        statsig: impl AsRef<Statsig>,
    ) -> impl Future<Output = Result<ShutdownReport, ServeError>> + Send;

    /// Like [`then_shutdown`](Self::then_shutdown), with another limit for the client than 3 s.
    ///
    /// # Errors
    /// Those of [`then_shutdown`](Self::then_shutdown).
    fn then_shutdown_with_timeout(
        self,
        statsig: impl AsRef<Statsig>,
        limit: Duration,
    ) -> impl Future<Output = Result<ShutdownReport, ServeError>> + Send;
}

impl<F, E> ThenShutdown for F
where
    F: IntoFuture<Output = Result<(), E>>,
    F::IntoFuture: Send,
    E: Into<BoxError> + Send,
{
    fn then_shutdown(
        self,
        statsig: impl AsRef<Statsig>,
    ) -> impl Future<Output = Result<ShutdownReport, ServeError>> + Send {
        let statsig = statsig.as_ref().clone();
        in_order(self.into_future(), async move { statsig.shutdown().await })
    }

    fn then_shutdown_with_timeout(
        self,
        statsig: impl AsRef<Statsig>,
        limit: Duration,
    ) -> impl Future<Output = Result<ShutdownReport, ServeError>> + Send {
        let statsig = statsig.as_ref().clone();
        let shutdown = async move { statsig.shutdown_with_timeout(limit).await };
        in_order(self.into_future(), shutdown)
    }
}

/// If both fail, returns the failure of the server, and logs that of the client.
async fn in_order<E: Into<BoxError>>(
    server: impl Future<Output = Result<(), E>>,
    shutdown: impl Future<Output = Result<ShutdownReport, StatsigError>>,
) -> Result<ShutdownReport, ServeError> {
    match (server.await, shutdown.await) {
        (Ok(()), Ok(report)) => Ok(report),
        (Ok(()), Err(error)) => Err(ServeError::Shutdown(error)),
        (Err(server), shutdown) => {
            if let Err(error) = shutdown {
                tracing::warn!(target: crate::TARGET, "after the server failed: {error}");
            }
            Err(ServeError::Server(server.into()))
        }
    }
}

/// Why a service did not end cleanly. See [`ThenShutdown`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The server failed. The client was shut down, too.
    Server(BoxError),
    /// The server ended without an error, but the shutdown of the client failed.
    /// [`ShutdownTimedOut`](StatsigError::ShutdownTimedOut) contains the report.
    Shutdown(StatsigError),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error) => write!(f, "the server failed: {error}"),
            Self::Shutdown(error) => write!(f, "after the server ended: {error}"),
        }
    }
}

impl Error for ServeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Server(error) => Some(&**error),
            Self::Shutdown(error) => Some(error),
        }
    }
}

/// Waits for Ctrl-C and, on Unix, for SIGTERM, which orchestrators send. For
/// `with_graceful_shutdown`.
///
/// From the first poll on, these signals no longer end the process by themselves. If the process
/// cannot listen for one of them, this logs an error and waits for the other.
pub async fn shutdown_signal() {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            never("Ctrl-C", &error).await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(error) => never("SIGTERM", &error).await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending::<()>().await;
}

async fn never(signal: &str, error: &std::io::Error) {
    tracing::error!(target: crate::TARGET, "cannot listen for {signal}: {error}");
    pending::<()>().await;
}
