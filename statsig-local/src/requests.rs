//! Received requests.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock;
use crate::headers::{Headers, masked_path, masked_text};

/// The endpoint of a request. Faults are injected for each endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Endpoint {
    /// `download_config_specs`.
    Specs,
    /// `StreamConfigSpec`, the stream of a forward proxy.
    SpecsStream,
    /// `get_id_lists`, the manifest.
    IdLists,
    /// `download_id_list_file`.
    IdListFile,
    /// `log_event`.
    LogEvent,
    /// `user_enrichment`, of a forward proxy.
    UserEnrichment,
}

/// One request to any path except the control endpoints.
///
/// `Debug` and `Display` mask the SDK key; the accessors do not.
#[derive(Clone)]
pub struct ReceivedRequest {
    pub(crate) number: u64,
    pub(crate) received_at: SystemTime,
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Headers,
}

impl ReceivedRequest {
    /// Number of the request since the server started, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When the headers had arrived.
    #[must_use]
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// The endpoint; `None` if this server does not serve the path.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint
    }

    /// `GET`, `POST` ….
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path as sent, with the SDK key where the protocol puts it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query as sent, without the question mark; empty if there was none.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    pub(crate) fn bytes(&self) -> usize {
        self.path.len() + self.query.len() + self.headers.bytes()
    }

    pub(crate) fn to_masked_json(&self) -> Value {
        json!({
            "number": self.number,
            "receivedAt": clock::epoch_millis(self.received_at),
            "endpoint": self.endpoint,
            "method": self.method,
            "path": masked_path(&self.path),
            "query": masked_text(&self.query),
            "headers": self.headers.to_masked_json(),
        })
    }
}

impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedRequest")
            .field("number", &self.number)
            .field("received_at", &self.received_at)
            .field("endpoint", &self.endpoint)
            .field("method", &self.method)
            .field("path", &masked_path(&self.path))
            .field("query", &masked_text(&self.query))
            .field("headers", &self.headers)
            .finish()
    }
}

impl fmt::Display for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, masked_path(&self.path))?;
        if !self.query.is_empty() {
            write!(f, "?{}", masked_text(&self.query))?;
        }
        Ok(())
    }
}
