//! The errors of building options, loading specs, starting, flushing and shutting down.

use std::time::Duration;

use crate::cause::Cause;
use crate::counters::ShutdownReport;

pub(crate) use statsig_core::error::SpecsError;

/// An error from starting, flushing or shutting down a client, or from the shared instance.
///
/// Evaluations return no errors: they return the fallback, and their
/// [`EvaluationDetails`](crate::EvaluationDetails) contain the reason. No variant contains the SDK
/// key or data of a user.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsigError {
    /// [`StatsigOptions`](crate::StatsigOptions) could not be built.
    #[error("invalid options: {0}")]
    InvalidOptions(#[from] OptionsError),
    /// No source has specs, and the client has none from before. The background sync continues;
    /// evaluations serve fallbacks until it succeeds.
    #[error(
        "expected specs to start with, found none ({source}); evaluations serve fallbacks, and syncing continues in the background"
    )]
    #[non_exhaustive]
    NoSpecs {
        /// What went wrong.
        source: Cause,
    },
    /// During initialisation, neither the data store, which keeps ID lists, nor the network had
    /// them. The background sync continues; until it succeeds, no user is in an ID list.
    #[error(
        "initialisation finished without ID lists ({source}); syncing continues in the background"
    )]
    #[non_exhaustive]
    NoIdLists {
        /// What went wrong.
        source: Cause,
    },
    /// The limit of the whole initialisation passed. The background sync continues.
    #[error("initialisation did not finish within {} ms; syncing continues in the background", limit.as_millis())]
    InitTimeout {
        /// The limit, from `StatsigOptions::init_timeout`.
        limit: Duration,
    },
    /// A parameter struct differs from the first specs, and the option `strict_schemas` is set. The
    /// specs are in use.
    #[error(
        "{structs} parameter structs differ from the specs; correct the structs or the console:\n{report}"
    )]
    SchemaDrift {
        /// The number of structs with errors.
        structs: usize,
        /// Their reports, as text.
        report: String,
    },
    /// The specs could not be updated. The specs in use stay in use, and the background sync
    /// continues.
    #[error("the specs could not be brought up to date ({source}); the ones in use stay in use")]
    #[non_exhaustive]
    SyncFailed {
        /// What went wrong.
        source: Cause,
    },
    /// `initialize` was called outside of a tokio runtime.
    #[error(
        "expected to run inside a tokio runtime, found none; call it from async code driven by tokio"
    )]
    NoRuntime,
    /// `initialize` was called in a tokio runtime without timers. The client needs timers.
    #[error(
        "expected a tokio runtime with timers, found one without; build it with `enable_all`, or at least `enable_time` and `enable_io`"
    )]
    NoTimers,
    /// The tokio runtime that `initialize` was called on has ended, so the client no longer updates
    /// specs or sends events. Evaluations use the last specs. Call `initialize` again on another
    /// runtime: the client then continues there, with the undelivered events.
    #[error(
        "the tokio runtime that `initialize` was called on is gone; call `initialize` again, on a runtime that lives as long as the client"
    )]
    RuntimeGone,
    /// A blocking method was called in async code, where it would block other tasks, or on another
    /// thread with a tokio runtime: within `spawn_blocking` or
    /// [`Handle::enter`](tokio::runtime::Handle::enter). On such a thread, pass the method without
    /// `_blocking` to [`Handle::block_on`](tokio::runtime::Handle::block_on).
    #[error(
        "expected a thread that knows no tokio runtime, found one that does; await the method without `_blocking`, \
         or wait for it with `Handle::block_on` within `spawn_blocking`"
    )]
    InsideRuntime,
    /// The client was not initialised, so no actor can do this.
    #[error("expected an initialised client; call `initialize` first")]
    NotInitialized,
    /// The client has been shut down.
    #[error("the client has been shut down; `initialize` starts it again")]
    ShutDown,
    /// The process was forked after `initialize`, and the client does not run in this process.
    #[error(
        "expected the process that called `initialize`, found a fork of it; use `Statsig::after_fork`"
    )]
    Forked,
    /// The limit of a shutdown passed before every event was delivered, spooled or dropped.
    #[error("the shutdown ran out of time; {report}")]
    ShutdownTimedOut {
        /// The counts of all events; pending events are lost, spooled events are not.
        report: Box<ShutdownReport>,
    },
    /// An internal task ended before it answered.
    #[error("an internal task ended before it answered while {during}; try again")]
    Interrupted {
        /// The interrupted operation.
        during: &'static str,
    },
    /// A shared instance exists already.
    #[error(
        "a shared instance exists already; use `Statsig::shared`, or remove it first with `Statsig::remove_shared`"
    )]
    SharedInstanceExists,
}

/// An option of [`StatsigOptions`](crate::StatsigOptions), or a setting of a source of specs, with
/// an invalid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("option `{option}`: expected {expected}, found {found}")]
#[non_exhaustive]
pub struct OptionsError {
    /// The option's name.
    pub option: &'static str,
    /// The accepted values.
    pub expected: &'static str,
    /// The rejected value.
    pub found: String,
}

impl OptionsError {
    /// An error for this option, for implementations of
    /// [`SpecsAdapterFactory::check`](crate::sources::SpecsAdapterFactory::check).
    ///
    /// ```
    /// let error = statsig::OptionsError::new("Cache::directory", "a directory", "nothing");
    /// let expected = "option `Cache::directory`: expected a directory, found nothing";
    /// assert_eq!(error.to_string(), expected);
    /// ```
    pub fn new(option: &'static str, expected: &'static str, found: impl Into<String>) -> Self {
        Self {
            option,
            expected,
            found: found.into(),
        }
    }
}
