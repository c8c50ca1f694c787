//! Where events go: the [`EventLoggingAdapter`] trait, and the adapters that the SDK brings.

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

/// Takes batches of events. The SDK's own posts them to Statsig; give another one to
/// [`StatsigOptionsBuilder::event_logging_adapter`](crate::StatsigOptionsBuilder::event_logging_adapter) to send them elsewhere.
///
/// The SDK does batching, pauses, retries, the spool and the counts for every adapter. It calls the adapter from tasks on the client's
/// runtime, never from a thread that evaluates, and for several batches at a time.
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
    /// Takes one batch. It counts as delivered once this returns `Ok`. A call that does not return within
    /// [`event_request_timeout`](crate::StatsigOptionsBuilder::event_request_timeout) is cancelled, and counts as failed.
    ///
    /// # Errors
    /// When the batch was not taken. The kind of error decides whether the client retries, splits or drops it.
    fn log_events(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>>;

    /// The client ends; no further batch comes. Called once, after the last batch, within the limit of the shutdown.
    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// A batch of events, ready to be sent. Cheap to clone.
#[derive(Clone)]
pub struct EventBatch {
    events: u64,
    retries: u32,
    body: Bytes,
}

impl Debug for EventBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBatch")
            .field("events", &self.events)
            .field("retries", &self.retries)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

impl EventBatch {
    /// What the body is compressed with, as a `content-encoding` header says it.
    pub const CONTENT_ENCODING: &'static str = seal::CONTENT_ENCODING;

    pub(crate) fn of(batch: &SealedBatch) -> Self {
        Self {
            events: batch.events,
            retries: batch.attempts,
            body: batch.body.clone(),
        }
    }

    /// How many events are in it: at least one.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        self.events
    }

    /// How often it was tried before.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// The body as it is posted: [`json`](Self::json), compressed with [`CONTENT_ENCODING`](Self::CONTENT_ENCODING).
    #[must_use]
    pub fn compressed(&self) -> Bytes {
        self.body.clone()
    }

    /// The body as JSON: `{"events": […], "statsigMetadata": {…}}`. Decompresses it.
    ///
    /// # Errors
    /// When the body cannot be decompressed, which happens only to one that was damaged on disk.
    pub fn json(&self) -> io::Result<Vec<u8>> {
        seal::decompress(&self.body)
    }
}

/// Why a batch was not taken, and with that, what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventLoggingError {
    /// Another attempt may succeed: there will be some, with growing pauses.
    #[error("the events could not be sent now: {source}")]
    #[non_exhaustive]
    Temporary {
        /// What went wrong, without secrets.
        source: Cause,
        /// No attempt is to be made within this time. At most 5 minutes count.
        retry_after: Option<Duration>,
    },
    /// Smaller batches may pass: its halves are tried.
    #[error("the batch is too large")]
    TooLarge,
    /// An event in it is malformed. Its halves are tried, so that the others are not lost.
    #[error("an event in the batch is malformed: {source}")]
    #[non_exhaustive]
    Malformed {
        /// What went wrong, without secrets.
        source: Cause,
    },
    /// No attempt will ever succeed: the batch is dropped, and counted.
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

    /// Makes no attempt within this time. Only a [`Temporary`](Self::Temporary) error has such a time.
    #[must_use]
    pub fn after(mut self, pause: Option<Duration>) -> Self {
        if let Self::Temporary { retry_after, .. } = &mut self {
            *retry_after = pause;
        }
        self
    }
}
