//! The destinations of events: the [`EventLoggingAdapter`] trait, and the SDK's adapters.

mod file;
pub(crate) mod http;

use std::error::Error;
use std::fmt::{self, Debug};
use std::io;
use std::time::Duration;

use bytes::Bytes;

pub use self::file::FileEvents;
use crate::cause::Cause;
use crate::events::batch::SealedBatch;
use crate::events::seal;
use crate::transport::BoxFuture;

/// Delivers batches of events. The SDK's own adapter posts them to Statsig. To send them to another
/// destination, set
/// [`StatsigOptionsBuilder::event_logging_adapter`](crate::StatsigOptionsBuilder::event_logging_adapter).
///
/// For every adapter, the SDK does batching, pauses, retries, the spool and the counts. It calls
/// the adapter from tasks on the client's runtime, never from a thread that evaluates, and for
/// several batches at the same time.
///
/// ```
/// use statsig::event_logging::{EventBatch, EventLoggingAdapter, EventLoggingError};
/// use statsig::transport::BoxFuture;
///
/// #[derive(Debug)]
/// struct ToLog;
///
/// impl EventLoggingAdapter for ToLog {
///     fn log_events(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>> {
///         Box::pin(async move {
///             let json = batch.json().map_err(EventLoggingError::refused)?;
///             println!("{} events: {}", batch.event_count(), String::from_utf8_lossy(&json));
///             Ok(())
///         })
///     }
/// }
/// ```
pub trait EventLoggingAdapter: Debug + Send + Sync + 'static {
    /// Delivers one batch. It counts as delivered when this returns `Ok`. A call that does not
    /// return within [`event_request_timeout`](crate::StatsigOptionsBuilder::event_request_timeout)
    /// is cancelled, and counts as failed.
    ///
    /// # Errors
    /// When the batch was not delivered. The kind of error decides whether the client retries,
    /// splits or drops it.
    fn log_events(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>>;

    /// Ends the adapter. Called once, after the last batch, within the limit of the shutdown.
    /// Default: does nothing.
    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// A batch of events, ready to be sent. Cheap to clone.
#[derive(Clone)]
pub struct EventBatch(pub(crate) SealedBatch);

impl Debug for EventBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBatch")
            .field("events", &self.0.events)
            .field("retries", &self.0.attempts)
            .field("body_bytes", &self.0.body.len())
            .finish()
    }
}

impl EventBatch {
    /// The encoding of the body, as in a `content-encoding` header.
    pub const CONTENT_ENCODING: &'static str = seal::CONTENT_ENCODING;

    /// The number of events: at least one.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        self.0.events
    }

    /// The number of earlier attempts.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.0.attempts
    }

    /// The body of a post: [`json`](Self::json), compressed with
    /// [`CONTENT_ENCODING`](Self::CONTENT_ENCODING).
    #[must_use]
    pub fn compressed(&self) -> Bytes {
        self.0.body.clone()
    }

    /// The body as JSON: `{"events": […], "statsigMetadata": {…}}`. Decompresses it.
    ///
    /// # Errors
    /// When the body cannot be decompressed. This happens only after damage on disk.
    pub fn json(&self) -> io::Result<Vec<u8>> {
        seal::decompress(&self.0.body)
    }
}

/// Why a batch was not delivered. It decides what the client does with the batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventLoggingError {
    /// Another attempt may succeed. The client retries with growing pauses.
    #[error("the events could not be sent now: {source}")]
    #[non_exhaustive]
    Temporary {
        /// What went wrong, without secrets.
        source: Cause,
        /// The pause before the next attempt. The client waits at most 5 minutes.
        retry_after: Option<Duration>,
    },
    /// Smaller batches may succeed. The client sends the two halves.
    #[error("the batch is too large")]
    TooLarge,
    /// An event in the batch is malformed. The client sends the two halves, so that the other
    /// events are not lost.
    #[error("an event in the batch is malformed: {source}")]
    #[non_exhaustive]
    Malformed {
        /// What went wrong, without secrets.
        source: Cause,
    },
    /// No attempt can succeed. The client drops the batch and counts its events.
    #[error("the events were refused: {source}")]
    #[non_exhaustive]
    Refused {
        /// What went wrong, without secrets.
        source: Cause,
    },
}

impl EventLoggingError {
    /// A [`Temporary`](Self::Temporary) error, from an error or a text.
    pub fn temporary(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Temporary {
            source: Cause::new(cause),
            retry_after: None,
        }
    }

    /// A [`Malformed`](Self::Malformed) error, from an error or a text.
    pub fn malformed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Malformed {
            source: Cause::new(cause),
        }
    }

    /// A [`Refused`](Self::Refused) error, from an error or a text.
    pub fn refused(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused {
            source: Cause::new(cause),
        }
    }

    /// Sets the pause before the next attempt. It has an effect only on a
    /// [`Temporary`](Self::Temporary) error.
    #[must_use]
    pub fn after(mut self, pause: Option<Duration>) -> Self {
        if let Self::Temporary { retry_after, .. } = &mut self {
            *retry_after = pause;
        }
        self
    }
}
