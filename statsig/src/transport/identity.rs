//! Who sends a request: the SDK key and the headers that every request carries.

use std::fmt;
use std::sync::Arc;

/// How this SDK calls itself towards the service: the name that Statsig's server SDKs of this generation share.
pub(crate) const SDK_TYPE: &str = "statsig-server-core";
/// The version of this SDK.
pub(crate) const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The header that carries the SDK key.
pub(crate) const KEY_HEADER: &str = "statsig-api-key";

/// The SDK key. Its `Debug` shows a few characters only.
#[derive(Clone)]
pub(crate) struct SdkKey(Arc<str>);

impl SdkKey {
    pub(crate) fn new(key: &str) -> Self {
        Self(Arc::from(key))
    }

    /// The whole key, for the requests that must carry it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SdkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take("secret-".len() + 3).collect();
        write!(f, "{shown}*****")
    }
}

/// Who sends a request.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) key: SdkKey,
    pub(crate) session_id: String,
    pub(crate) service_name: Option<String>,
}

impl Identity {
    /// The headers that every request carries.
    pub(crate) fn headers(&self, now_ms: u64) -> Vec<(&'static str, String)> {
        vec![
            (KEY_HEADER, self.key.expose().to_owned()),
            ("statsig-sdk-type", SDK_TYPE.to_owned()),
            ("statsig-sdk-version", SDK_VERSION.to_owned()),
            ("statsig-server-session-id", self.session_id.clone()),
            (
                "x-request-service",
                self.service_name
                    .clone()
                    .unwrap_or_else(|| "unknown".to_owned()),
            ),
            ("statsig-client-time", now_ms.to_string()),
        ]
    }
}
