//! Specs from a text in memory.

use std::fmt;
use std::sync::Mutex;

use bytes::Bytes;

use super::{BackgroundSync, ChangeSignal, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use crate::process::lock;
use crate::results::SpecsSource;
use crate::transport::BoxFuture;

/// Specs from a JSON text that the application provides and can replace at any time.
///
/// The client downloads nothing. Evaluations report `Bootstrap` as the source. One adapter can
/// serve several clients.
///
/// ```
/// use std::sync::Arc;
/// use statsig::sources::BootstrapSpecs;
/// use statsig::StatsigOptions;
///
/// # let json = "{}";
/// # let newer_json = "{}";
/// let specs = Arc::new(BootstrapSpecs::new(json));
/// let options = StatsigOptions::builder().specs_adapter(specs.clone()).build()?;
/// // Later, at any time. Clients use it at once, unless it is older than the specs in use.
/// specs.set_data(newer_json);
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
pub struct BootstrapSpecs {
    state: Mutex<BootstrapState>,
}

struct BootstrapState {
    data: Bytes,
    clients: Vec<ChangeSignal>,
}

impl BootstrapSpecs {
    /// An adapter with this JSON.
    pub fn new(json: impl Into<String>) -> Self {
        Self {
            state: Mutex::new(BootstrapState {
                data: json.into().into(),
                clients: Vec::new(),
            }),
        }
    }

    /// Replaces the JSON and notifies the clients.
    pub fn set_data(&self, json: impl Into<String>) {
        let data = json.into().into();
        let mut state = lock(&self.state);
        state.data = data;
        state.clients.retain(ChangeSignal::notify);
    }
}

impl SpecsAdapter for BootstrapSpecs {
    fn source(&self) -> SpecsSource {
        SpecsSource::Bootstrap
    }

    fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let data = lock(&self.state).data.clone();
        Box::pin(async { Ok(SpecsPayload::new(data)) })
    }

    fn background_sync(&self) -> BackgroundSync {
        BackgroundSync::None
    }

    fn on_start(&self, signal: ChangeSignal) {
        let mut state = lock(&self.state);
        state.clients.retain(ChangeSignal::is_wanted);
        state.clients.push(signal);
    }
}

impl fmt::Debug for BootstrapSpecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = lock(&self.state).data.len();
        f.debug_struct("BootstrapSpecs")
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}
