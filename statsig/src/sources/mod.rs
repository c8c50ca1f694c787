//! Where specs come from: the [`SpecsAdapter`] trait and the adapters that come with the SDK.

mod bootstrap;
pub(crate) mod chain;
pub(crate) mod data_store;
#[cfg(feature = "proto")]
pub(crate) mod deltas;
mod file;
#[cfg(feature = "grpc")]
pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod id_lists;
pub(crate) mod schedule;

use std::fmt::{self, Debug};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

pub use bootstrap::{BootstrapSpecs, StatsigBootstrapSpecsAdapter};
pub use chain::SpecAdapterConfig;
pub use data_store::{
    DataStore, DataStoreBytesResponse, DataStoreError, DataStoreFeature, DataStoreKeyVersion,
    DataStoreResponse, FileDataStore, RequestPath,
};
pub use file::{FileSpecs, StatsigLocalFileSpecsAdapter};
#[cfg(feature = "grpc")]
pub use grpc::GrpcForwardProxy;
pub use id_lists::{IdListFileRequest, IdListsAdapter, IdListsRequest};

use crate::mask::shown_problem;
use crate::results::SpecsSource;
use crate::text::SharedStr;
use crate::transport::retry::{self, MAX_RETRY_AFTER};
use crate::transport::{BoxFuture, Response, TransportError};

/// Brings specs: the JSON that the service's `download_config_specs` endpoint answers with.
///
/// The SDK brings adapters for the network (used unless options say otherwise), for a [data store](DataStore), for a text in
/// memory ([`BootstrapSpecs`]) and for a file ([`FileSpecs`]). Implement it to take specs from elsewhere, such as a cache that
/// your services share. The SDK calls it from its own tasks, one call at a time for each client; parsing, checking and keeping
/// the last good specs are the SDK's.
///
/// ```
/// use statsig::{
///     BoxFuture, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest, SpecsSource, StatsigOptions,
/// };
///
/// #[derive(Debug)]
/// struct SharedCache;
///
/// impl SpecsAdapter for SharedCache {
///     fn source(&self) -> SpecsSource {
///         SpecsSource::Adapter("SharedCache".into())
///     }
///
///     fn fetch(&self, request: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
///         let _what_we_have = (request.since_time, &request.checksum);
///         Box::pin(async {
///             let json = r#"{"has_updates": false}"#; // read it from the cache
///             Ok(SpecsPayload::new(json))
///         })
///     }
/// }
///
/// let options = StatsigOptions::builder()
///     .specs_adapter(std::sync::Arc::new(SharedCache))
///     .build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
pub trait SpecsAdapter: Debug + Send + Sync + 'static {
    /// What the specs' source is called in evaluation details and exposures.
    fn source(&self) -> SpecsSource;

    /// Brings the specs, or `{"has_updates": false}` when there is nothing newer than what the request says is known.
    ///
    /// # Errors
    /// When the source brings no payload. The specs in use stay in use.
    fn fetch(&self, request: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>>;

    /// How specs from it stay fresh. Asked when a client starts. Default: it is polled.
    fn background_sync(&self) -> BackgroundSync {
        BackgroundSync::Polled
    }

    /// Whether it sends requests that the option `disable_network` is to prevent: then it is never asked. Default: false.
    fn uses_network(&self) -> bool {
        false
    }

    /// Called once, when a client starts: keep the signal and [notify](ChangeSignal::notify) it whenever there is something
    /// new, and the SDK fetches from this adapter without waiting for the interval, wherever it stands in the order of sources.
    /// Default: the signal is dropped.
    fn on_start(&self, signal: ChangeSignal) {
        drop(signal);
    }

    /// Called once, when the client has ended: no further call comes from it. End tasks and close connections here; it must not
    /// block. Default: nothing.
    fn on_stop(&self) {}
}

/// How specs from a [`SpecsAdapter`] stay fresh after the start.
///
/// Of several sources, the first that is not `None` keeps the specs fresh, alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackgroundSync {
    /// The SDK asks again after every sync interval.
    Polled,
    /// The adapter watches by itself, and [notifies](ChangeSignal::notify) the SDK of news. When another source had specs at the
    /// start, it is asked once right after, to set it going.
    Pushed,
    /// Not at all; or now and then, by a notification. A later source may keep the specs fresh.
    None,
}

/// What the SDK has and wants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecsRequest {
    /// The time of the specs in use, in epoch milliseconds; 0 when there are none.
    pub since_time: u64,
    /// The checksum of the specs in use, if they have one.
    pub checksum: Option<SharedStr>,
    /// How long the SDK will wait.
    pub limit: Duration,
    /// The largest payload the SDK will read, in bytes.
    pub max_bytes: usize,
    /// Whether this is a regular sync; otherwise somebody waits for the answer.
    pub is_background: bool,
}

/// Specs as they arrived. Their `Debug` says how large the body is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecsPayload {
    /// The JSON.
    pub body: Bytes,
    /// The part of the source's address that details and metrics may show, such as `https://api.statsigcdn.com/v2`.
    pub source_api: Option<SharedStr>,
    /// Where it came from, if not from where the adapter's [`source`](SpecsAdapter::source) says: an adapter may ask others.
    pub source: Option<SpecsSource>,
    /// Whether it was made from a difference to the specs in use. Such specs are not written to a data store.
    pub deltas_used: bool,
}

impl SpecsPayload {
    /// A payload from the adapter's own source, without an address.
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            source_api: None,
            source: None,
            deltas_used: false,
        }
    }
}

impl Debug for SpecsPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpecsPayload")
            .field("body_bytes", &self.body.len())
            .field("source_api", &self.source_api)
            .field("source", &self.source)
            .field("deltas_used", &self.deltas_used)
            .finish()
    }
}

/// Why an adapter brought no payload. No variant contains the SDK key.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The network is disabled by option.
    #[error("the network is disabled by option")]
    NetworkDisabled,
    /// There was no response.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The response has a status other than success.
    #[error("expected a success status, found {status}{}", status_hint(*.status))]
    Status {
        /// The status code.
        status: u16,
        /// No request is to be made within this time. At most 5 minutes count.
        retry_after: Option<Duration>,
    },
    /// The data store failed.
    #[error(transparent)]
    DataStore(#[from] DataStoreError),
    /// The data store holds no specs.
    #[error("expected specs in the data store, found none")]
    NothingStored,
    /// The adapter did not answer in time.
    #[error("expected specs within {} ms, found none", limit.as_millis())]
    TimedOut {
        /// How long the SDK waited.
        limit: Duration,
    },
    /// The response cannot be read as specs.
    #[error("{}", shown_problem(problem))]
    Unreadable {
        /// What was expected and found, in one line.
        problem: String,
    },
    /// A stream that brings specs is broken. The adapter opens it again by itself.
    #[error("{}", shown_problem(problem))]
    Stream {
        /// What went wrong, in one line.
        problem: String,
    },
    /// The adapter ended without an answer: it panicked.
    #[error("the specs adapter ended without an answer")]
    Abandoned,
    /// Anything else; for adapters of your own.
    #[error("{}", shown_problem(problem))]
    Other {
        /// What went wrong, in one line.
        problem: String,
    },
}

impl FetchError {
    /// A [`Status`](Self::Status) that asks for no pause.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            retry_after: None,
        }
    }

    /// What a response with a status other than success means.
    pub(crate) fn of_response(response: &Response, now_ms: u64) -> Self {
        Self::Status {
            status: response.status,
            retry_after: retry::retry_after(&response.headers, now_ms),
        }
    }

    /// Whether the same request may succeed a moment later. Not after a refusal (401, 403, 429), nor where a pause is asked for.
    #[must_use]
    pub fn is_worth_retrying(&self) -> bool {
        self.is_temporary() && !self.asks_for_pause()
    }

    /// Whether a server refuses whoever asks (401, 403, 429).
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Status { status, .. } if retry::is_refusal(*status))
    }

    /// Whether a server is to be left alone for a while: it refuses whoever asks, or says so by `Retry-After`.
    pub(crate) fn asks_for_pause(&self) -> bool {
        self.is_refusal() || self.retry_after().is_some()
    }

    /// Whether a server has had too many requests.
    pub(crate) fn asks_for_fewer_requests(&self) -> bool {
        matches!(self, Self::Status { status, retry_after } if *status == 429 || retry_after.is_some())
    }

    /// The pause that a server asks for.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => retry_after.map(|pause| pause.min(MAX_RETRY_AFTER)),
            _ => None,
        }
    }

    /// Whether the same request may succeed later, or elsewhere.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Status { status, .. } => retry::is_worth_retrying(*status),
            Self::Transport(error) => !error.is_final(),
            Self::DataStore(DataStoreError::Failed { .. })
            | Self::TimedOut { .. }
            | Self::Other { .. } => true,
            Self::DataStore(DataStoreError::BytesNotImplemented)
            | Self::NetworkDisabled
            | Self::NothingStored
            | Self::Stream { .. }
            | Self::Unreadable { .. }
            | Self::Abandoned => false,
        }
    }
}

/// What is longer is left to the parser of specs.
#[cfg(any(feature = "grpc", feature = "proto"))]
const MAX_NO_UPDATES_BYTES: usize = 1_024;

/// Whether this is the short answer that there is nothing new.
#[cfg(any(feature = "grpc", feature = "proto"))]
fn says_no_updates(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Answer {
        has_updates: bool,
    }

    body.len() <= MAX_NO_UPDATES_BYTES
        && serde_json::from_slice(body).is_ok_and(|Answer { has_updates }| !has_updates)
}

fn status_hint(status: u16) -> &'static str {
    match status {
        301..=303 | 307 | 308 => {
            "; redirects to another origin are not followed, as the SDK key must not go there: check the URL"
        }
        401 | 403 => "; check the SDK key",
        407 => "; check user and password for the proxy",
        404 => "; check the specs URL, or that of the ID lists",
        429 => "; too many requests were made with this SDK key, or from this address",
        _ => "",
    }
}

/// Tells a client that its adapter has something new. Cheap to clone; works from any thread.
#[derive(Debug, Clone)]
pub struct ChangeSignal(Weak<Notify>);

impl ChangeSignal {
    pub(crate) fn new(notify: &Arc<Notify>) -> Self {
        Self(Arc::downgrade(notify))
    }

    /// Tells the client. Signals that come before it got to fetch count as one. False when the client is gone, and the signal
    /// may be forgotten.
    #[expect(clippy::must_use_candidate, reason = "most callers need not know")]
    pub fn notify(&self) -> bool {
        let Some(notify) = self.0.upgrade() else {
            return false;
        };
        notify.notify_one();
        true
    }

    fn is_wanted(&self) -> bool {
        self.0.strong_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_retried() {
        let cases = [
            (FetchError::status(403), false),
            (FetchError::status(401), false),
            (FetchError::status(429), false),
            (FetchError::status(503), true),
            (
                FetchError::Status {
                    status: 503,
                    retry_after: Some(Duration::ZERO),
                },
                false,
            ),
            (FetchError::NetworkDisabled, false),
            (FetchError::Abandoned, false),
            (TransportError::TooLarge { limit: 5 }.into(), false),
            (
                FetchError::TimedOut {
                    limit: Duration::from_secs(3),
                },
                true,
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(error.is_worth_retrying(), expected, "{error}");
        }
    }

    #[test]
    fn errors_say_what_was_found_and_what_to_check() {
        assert_eq!(
            FetchError::status(403).to_string(),
            "expected a success status, found 403; check the SDK key"
        );
    }

    #[cfg(any(feature = "grpc", feature = "proto"))]
    #[test]
    fn only_a_short_and_clear_answer_means_that_nothing_is_new() {
        assert!(says_no_updates(br#"{"has_updates":false}"#));
        assert!(says_no_updates(br#"{"has_updates":false,"time":5}"#));
        for other in ["", "{}", r#"{"has_updates":true}"#, "[]", "nonsense"] {
            assert!(!says_no_updates(other.as_bytes()), "{other}");
        }
        let long = format!(r#"{{"has_updates":false,"x":"{}"}}"#, "x".repeat(1_024));
        assert!(!says_no_updates(long.as_bytes()));
    }

    #[test]
    fn a_signal_outlives_its_client_harmlessly() {
        let notify = Arc::new(Notify::new());
        let signal = ChangeSignal::new(&notify);
        assert!(signal.notify());
        drop(notify);
        assert!(!signal.notify());
    }
}
