//! The identity of a client: the SDK key and the headers of every request.

use std::fmt;
use std::sync::Arc;

pub(crate) use statsig_core::identity::{SDK_TYPE, SDK_VERSION};

use super::headers::{Headers, KEY_HEADER};

/// The limit of shown characters of an SDK key: its kind, and enough to distinguish two keys.
const MAX_SHOWN: usize = "secret-".len() + 3;

/// The SDK key. Its `Debug` shows a few characters only.
#[derive(Clone)]
pub(crate) struct SdkKey(Arc<str>);

impl SdkKey {
    pub(crate) fn new(key: &str) -> Self {
        Self(Arc::from(key))
    }

    /// The reason why requests with this key cannot succeed, if the key shows it. Never contains
    /// the key.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let key = &*self.0;
        if key.is_empty() {
            Some("is empty")
        } else if key.trim() != key {
            Some("begins or ends with white space")
        } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            Some("has characters that are not allowed in a header")
        } else if key.starts_with("client-") {
            Some("is a client key")
        } else if key.starts_with("console-") {
            Some("is a key of the console API")
        } else {
            None
        }
    }

    /// The whole key, for requests that need it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SdkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = (self.0.chars())
            .take(MAX_SHOWN.min(self.0.chars().count() / 3))
            .collect();
        write!(f, "{shown}*****")
    }
}

/// The identity of a client.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) key: SdkKey,
    pub(crate) session_id: String,
    pub(crate) service_name: Option<String>,
}

impl Identity {
    /// The headers of a request to an origin that may see the key.
    pub(crate) fn headers(&self, now_ms: u64) -> Headers {
        let mut headers = self.headers_without_key(now_ms);
        headers.add(KEY_HEADER, self.key.expose());
        headers
    }

    /// The headers of a request to any origin.
    pub(crate) fn headers_without_key(&self, now_ms: u64) -> Headers {
        let service_name = self.service_name.as_deref();
        let mut headers = Headers::new();
        headers.add("statsig-sdk-type", SDK_TYPE);
        headers.add("statsig-sdk-version", SDK_VERSION);
        headers.add("statsig-server-session-id", &*self.session_id);
        headers.add("x-request-service", service_name.unwrap_or("unknown"));
        headers.add("statsig-client-time", now_ms.to_string());
        headers
    }
}
