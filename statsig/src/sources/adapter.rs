//! The trait of a source of specs, with its requests and payloads.

use std::fmt::{self, Debug};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::error::FetchError;
use super::signal::ChangeSignal;
use crate::results::SpecsSource;
use crate::text::SharedStr;
use crate::transport::BoxFuture;

/// The parser of specs reads a longer answer.
const MAX_NO_UPDATES_BYTES: usize = 1_024;

/// Loads specs: the JSON that the service's `download_config_specs` endpoint returns.
///
/// The SDK has adapters for the network (the default), for a
/// [data store](crate::sources::DataStore), for a text in memory
/// ([`BootstrapSpecs`](crate::sources::BootstrapSpecs)) and for a file
/// ([`FileSpecs`](crate::sources::FileSpecs)). Implement it to load specs from another source, such
/// as a cache that your services share. The SDK calls it from its own tasks, one call at a time for
/// each client. The SDK parses and checks the specs, and keeps the last good ones.
///
/// ```
/// use statsig::sources::{FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
/// use statsig::transport::BoxFuture;
/// use statsig::{SpecsSource, StatsigOptions};
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
    /// The name of the source in evaluation details and exposures.
    fn source(&self) -> SpecsSource;

    /// Loads the specs, or returns `{"has_updates": false}` if there is nothing newer than the
    /// specs in the request.
    ///
    /// # Errors
    /// When the source has no payload. The specs in use stay in use.
    fn fetch(&self, request: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>>;

    /// How the client keeps specs from this source fresh. Called when a client starts. Default: the
    /// client polls it.
    fn background_sync(&self) -> BackgroundSync {
        BackgroundSync::Polled
    }

    /// Whether it uses the network. With the option `disable_network`, the SDK never calls such an
    /// adapter. Default: false.
    fn uses_network(&self) -> bool {
        false
    }

    /// Called once, when a client starts. Keep the signal, and [notify](ChangeSignal::notify) it
    /// when there is something new. The SDK then fetches from this adapter without waiting for the
    /// interval, at any position in the order of sources. Default: drops the signal.
    fn on_start(&self, signal: ChangeSignal) {
        drop(signal);
    }

    /// Called once, after the last other call, when the client has ended. End tasks and close
    /// connections here. It must not block. Default: does nothing.
    fn on_stop(&self) {}
}

/// How specs from a [`SpecsAdapter`] stay fresh after the start.
///
/// Of several sources, only the first that is not `None` keeps the specs fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackgroundSync {
    /// The SDK fetches again after every sync interval.
    Polled,
    /// The adapter watches its source, and [notifies](ChangeSignal::notify) the SDK of changes. If
    /// another source provided the first specs, the SDK then calls this adapter once, so that it
    /// starts watching.
    Pushed,
    /// The SDK does not poll the adapter; it fetches only after a notification. A later source may
    /// keep the specs fresh.
    None,
}

/// The specs that the SDK uses now, and the limits of the next payload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecsRequest {
    /// The time of the specs in use, in epoch milliseconds; 0 when there are none.
    pub since_time: u64,
    /// The checksum of the specs in use, if they have one.
    pub checksum: Option<SharedStr>,
    /// The time limit of the request.
    pub limit: Duration,
    /// The largest payload that the SDK reads, in bytes.
    pub max_bytes: usize,
    /// Whether this is a regular sync. Otherwise a caller waits for the answer.
    pub is_background: bool,
}

/// Specs as received. `Debug` shows the size of the body only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecsPayload {
    /// The JSON.
    pub body: Bytes,
    /// The part of the source's address that details and metrics show, such as
    /// `https://api.statsigcdn.com/v2`.
    pub source_api: Option<SharedStr>,
    /// The source, if it is not the adapter's [`source`](SpecsAdapter::source): an adapter may load
    /// from others.
    pub source: Option<SpecsSource>,
    /// Whether it was computed from a difference to the specs in use. A data store does not keep
    /// such specs.
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

    /// Whether this is the short answer that there is nothing new, `{"has_updates": false}`.
    ///
    /// ```
    /// use statsig::sources::SpecsPayload;
    ///
    /// assert!(SpecsPayload::new(r#"{"has_updates": false}"#).says_no_updates());
    /// assert!(!SpecsPayload::new(r#"{"has_updates": true, "time": 1}"#).says_no_updates());
    /// ```
    #[must_use]
    pub fn says_no_updates(&self) -> bool {
        says_no_updates(&self.body)
    }
}

/// Whether this is the short answer that there is nothing new.
pub(super) fn says_no_updates(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct NoUpdates {
        has_updates: bool,
    }

    body.len() <= MAX_NO_UPDATES_BYTES
        && serde_json::from_slice(body).is_ok_and(|NoUpdates { has_updates }| !has_updates)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_short_and_clear_answer_says_that_nothing_is_new() {
        assert!(says_no_updates(br#"{"has_updates":false}"#));
        assert!(says_no_updates(br#"{"has_updates":false,"time":5}"#));
        for other in ["", "{}", r#"{"has_updates":true}"#, "[]", "nonsense"] {
            assert!(!says_no_updates(other.as_bytes()), "{other}");
        }
        let long = format!(r#"{{"has_updates":false,"x":"{}"}}"#, "x".repeat(1_024));
        assert!(!says_no_updates(long.as_bytes()));
    }
}
