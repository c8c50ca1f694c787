//! Adapters that use their client. Each client makes its own.

use std::fmt::{self, Debug};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::adapter::{SpecsAdapter, SpecsPayload, SpecsRequest};
use super::error::FetchError;
use super::schedule::Refusals;
use crate::error::OptionsError;
use crate::facts::{Fact, FactSink};
use crate::process::lock;
use crate::transport::identity::SdkKey;
use crate::transport::own_work::own_work;

/// Makes a [`SpecsAdapter`] for each client that starts.
///
/// A plain [`SpecsAdapter`] has no access to its client. Implement this trait for a source that
/// needs the SDK key, falls back to HTTP downloads, or reports metrics. The crate `statsig-grpc`
/// implements it.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use statsig::sources::{AdapterContext, SpecsAdapterFactory};
/// use statsig::sources::{FetchError, SpecAdapterConfig, SpecsAdapter, SpecsPayload, SpecsRequest};
/// use statsig::transport::BoxFuture;
/// use statsig::{SpecsSource, StatsigOptions};
///
/// /// A cache with a directory for each SDK key.
/// #[derive(Debug)]
/// struct Cache;
///
/// impl SpecsAdapterFactory for Cache {
///     fn make(&self, client: AdapterContext) -> Arc<dyn SpecsAdapter> {
///         Arc::new(CachedSpecs { client })
///     }
/// }
///
/// #[derive(Debug)]
/// struct CachedSpecs {
///     client: AdapterContext,
/// }
///
/// impl CachedSpecs {
///     fn lookup(&self) -> Option<SpecsPayload> {
///         let _directory = self.client.sdk_key();
///         None
///     }
/// }
///
/// impl SpecsAdapter for CachedSpecs {
///     fn source(&self) -> SpecsSource {
///         SpecsSource::Adapter("Cache".into())
///     }
///
///     fn fetch(&self, request: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
///         let request = request.clone();
///         Box::pin(async move {
///             match self.lookup() {
///                 Some(payload) => Ok(payload),
///                 None => self.client.download(&request, Duration::from_secs(10)).await,
///             }
///         })
///     }
/// }
///
/// let options = StatsigOptions::builder()
///     .specs_adapter(SpecAdapterConfig::made_by(Cache))
///     .build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
pub trait SpecsAdapterFactory: Debug + Send + Sync + 'static {
    /// Makes the adapter of a client that starts.
    fn make(&self, client: AdapterContext) -> Arc<dyn SpecsAdapter>;

    /// Checks its settings when options are built. Default: they are valid.
    ///
    /// # Errors
    /// When no client can use it. The error names the setting of the source.
    fn check(&self) -> Result<(), OptionsError> {
        Ok(())
    }
}

/// What happened to a stream of specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEvent {
    /// The stream brought a message.
    Message,
    /// The stream works again after it broke.
    Reopened,
    /// The stream broke, or could not be opened.
    Failed {
        /// The number of successive failures, including this one.
        failures: u32,
    },
}

/// The parts of a client that an adapter of a [`SpecsAdapterFactory`] can use. Cheap to clone.
#[derive(Clone)]
pub struct AdapterContext {
    sdk_key: SdkKey,
    http: Arc<dyn SpecsAdapter>,
    /// The source of the service that specs are downloaded from.
    refusals: Arc<Mutex<Refusals>>,
    facts: FactSink,
}

impl AdapterContext {
    pub(crate) fn new(sdk_key: SdkKey, http: Arc<dyn SpecsAdapter>, facts: FactSink) -> Self {
        Self {
            sdk_key,
            http,
            refusals: Arc::default(),
            facts,
        }
    }

    /// The client's SDK key. It is a secret: send it only to the server in the options.
    #[must_use]
    pub fn sdk_key(&self) -> &str {
        self.sdk_key.expose()
    }

    /// Downloads specs over HTTP, from the option
    /// [`specs_url`](crate::StatsigOptionsBuilder::specs_url), with the client's transport.
    ///
    /// `interval` is the usual pause between two downloads. If the server refuses requests or asks
    /// for a pause, [`download_pause`](Self::download_pause) returns the time to wait.
    ///
    /// # Errors
    /// When the download failed.
    pub async fn download(
        &self,
        request: &SpecsRequest,
        interval: Duration,
    ) -> Result<SpecsPayload, FetchError> {
        let downloaded = self.http.fetch(request).await;
        let now = Instant::now();
        let mut refusals = lock(&self.refusals);
        match &downloaded {
            Err(error) if error.asks_for_pause() && request.is_background => {
                refusals.refused(error, interval, now, fastrand::f64());
            }
            Err(error) if error.asks_for_pause() => refusals.keep_quiet(error.retry_after(), now),
            _ => refusals.passed(),
        }
        drop(refusals);
        let mut payload = downloaded?;
        payload.source.get_or_insert_with(|| self.http.source());
        Ok(payload)
    }

    /// How long to wait before the next [`download`](Self::download): zero, unless the server
    /// refuses requests or asks for a pause.
    #[must_use]
    pub fn download_pause(&self) -> Duration {
        lock(&self.refusals).pause(Duration::ZERO, Instant::now())
    }

    /// Reports what happened to a stream of specs. The client's
    /// [metrics](crate::observability#metrics) count it.
    pub fn report(&self, event: StreamEvent) {
        self.facts.report(match event {
            StreamEvent::Message => Fact::StreamMessage,
            StreamEvent::Reopened => Fact::StreamReopened,
            StreamEvent::Failed { failures } => Fact::StreamFailed { failures },
        });
    }

    /// Marks a future as the client's own work, for tasks that the adapter spawns. The tracing
    /// layer of the feature `tracing-layer` does not forward the log lines of such a future: each
    /// line would cause traffic, and so more lines.
    pub fn own_work<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        own_work(|| Box::pin(work))
    }
}

impl Debug for AdapterContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdapterContext").finish_non_exhaustive()
    }
}
