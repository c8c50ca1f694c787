//! The provider.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use open_feature::provider::{
    FeatureProvider, ProviderMetadata, ProviderStatus, ResolutionDetails,
};
use open_feature::{EvaluationContext, EvaluationError, EvaluationResult, StructValue};
use statsig::{Event, ShutdownReport, SpecsSource, Statsig, StatsigError};

use crate::context::Subject;
use crate::details::MetadataFields;
use crate::events::ProviderEvents;
use crate::key::query;
use crate::values::{Flag, decode};

/// Resolves the flags of OpenFeature with a Statsig client.
///
/// It is a handle: a clone copies two pointers. OpenFeature takes one and does not return it, so
/// keep a clone for the methods that its trait lacks: [`track`](Self::track),
/// [`events`](Self::events), [`flush_events`](Self::flush_events) and [`shutdown`](Self::shutdown).
///
/// ```
/// # use std::sync::Arc;
/// # use statsig::sources::BootstrapSpecs;
/// use open_feature::{EvaluationContext, OpenFeature};
/// use statsig::{Statsig, StatsigOptions};
/// use statsig_openfeature::StatsigProvider;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// # let specs = statsig::testing::Specs::new().gate("new_checkout", |g| g.everyone());
/// # let specs = Arc::new(BootstrapSpecs::new(specs.to_json()?));
/// # let options = StatsigOptions::builder().specs_adapter(specs).disable_network(true).build()?;
/// let statsig = Statsig::new("secret-key", options);
/// statsig.initialize().await?; // before it becomes a provider
/// let provider = StatsigProvider::new(statsig);
/// OpenFeature::singleton_mut().await.set_provider(provider.clone()).await;
///
/// let client = OpenFeature::singleton().await.create_client();
/// let user = EvaluationContext::default().with_targeting_key("a-user");
/// assert_eq!(client.get_bool_value("new_checkout", Some(&user), None).await, Ok(true));
///
/// let report = provider.shutdown().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct StatsigProvider {
    statsig: Statsig,
    metadata: Arc<ProviderMetadata>,
    fields: Arc<MetadataFields>,
}

impl StatsigProvider {
    /// A provider of this client. Initialise the client first: OpenFeature blocks all evaluations
    /// while it registers a provider, so the provider does not wait for specs then.
    #[must_use]
    pub fn new(statsig: Statsig) -> Self {
        Self {
            statsig,
            metadata: Arc::new(ProviderMetadata::new("statsig")),
            fields: Arc::new(MetadataFields::new()),
        }
    }

    /// The client, for what OpenFeature does not have.
    #[must_use]
    pub fn statsig(&self) -> &Statsig {
        &self.statsig
    }

    /// Logs an event of a user: OpenFeature's tracking, which its SDK for Rust does not have yet.
    ///
    /// ```
    /// use open_feature::EvaluationContext;
    /// use statsig::Event;
    /// # use statsig::offline::OfflineClient;
    /// # use statsig_openfeature::StatsigProvider;
    /// # let statsig = OfflineClient::without_specs(None);
    /// # let provider = StatsigProvider::new((*statsig).clone());
    ///
    /// let user = EvaluationContext::default().with_targeting_key("a-user");
    /// let purchase = Event::new("purchase").value(9.9).metadata("item", "a hat");
    /// provider.track(&user, purchase)?;
    /// # assert_eq!(statsig.take_events()[0]["eventName"], "purchase");
    /// # Ok::<(), open_feature::EvaluationError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidContext`, in the cases in which an evaluation with this context returns it.
    pub fn track(&self, context: &EvaluationContext, event: Event) -> Result<(), EvaluationError> {
        self.statsig.log_event(&Subject::of(context)?.user, event);
        Ok(())
    }

    /// The events of the provider from now on. If it is ready, the first is
    /// [`Ready`](crate::ProviderEvent::Ready).
    ///
    /// ```
    /// # use statsig_openfeature::{ProviderEvent, StatsigProvider};
    /// # async fn watch(provider: StatsigProvider) {
    /// let mut events = provider.events();
    /// while let Some(event) = events.next().await {
    ///     println!("{event:?}");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn events(&self) -> ProviderEvents {
        ProviderEvents::new(&self.statsig)
    }

    /// Sends the queued exposures and events.
    ///
    /// # Errors
    /// Those of [`Statsig::flush_events`].
    pub async fn flush_events(&self) -> Result<(), StatsigError> {
        self.statsig.flush_events().await.map(|_| ())
    }

    /// Shuts the client down, and delivers its events. Evaluations still work, with the last specs.
    ///
    /// Use it instead of [`OpenFeature::shutdown`](open_feature::OpenFeature::shutdown), which
    /// drops the provider without its events, and makes later evaluations panic.
    ///
    /// # Errors
    /// Those of [`Statsig::shutdown`].
    pub async fn shutdown(&self) -> Result<ShutdownReport, StatsigError> {
        self.statsig.shutdown().await
    }

    fn resolve<T: Flag>(
        &self,
        key: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<T>> {
        let subject = Subject::of(context)?;
        self.statsig.with_flags(|specs| {
            let query = query::<T>(specs, &subject, key)?;
            let read = specs.read(query, |value| decode::<T>(key, value))?;
            Ok(self.fields.details(read))
        })
    }
}

impl fmt::Debug for StatsigProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StatsigProvider")
            .field(&self.statsig)
            .finish()
    }
}

impl From<Statsig> for StatsigProvider {
    fn from(statsig: Statsig) -> Self {
        Self::new(statsig)
    }
}

#[async_trait]
impl FeatureProvider for StatsigProvider {
    /// Does not wait, because OpenFeature holds the lock of all providers during this call.
    async fn initialize(&mut self, _context: &EvaluationContext) {
        if !self.statsig.is_ready() {
            tracing::warn!(
                "the Statsig client of this provider has no specs yet; initialise it before, because OpenFeature does not wait for it"
            );
        }
    }

    fn status(&self) -> ProviderStatus {
        let has_specs = self.statsig.is_ready();
        if has_specs && self.statsig.is_initialized() {
            ProviderStatus::Ready
        } else if has_specs {
            // Nothing updates the specs any more.
            ProviderStatus::STALE
        } else if self.statsig.specs_status().source == SpecsSource::NoValues {
            ProviderStatus::Error
        } else {
            ProviderStatus::NotReady
        }
    }

    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    async fn resolve_bool_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        self.resolve(flag_key, evaluation_context)
    }

    async fn resolve_int_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        self.resolve(flag_key, evaluation_context)
    }

    async fn resolve_float_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        self.resolve(flag_key, evaluation_context)
    }

    async fn resolve_string_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        self.resolve(flag_key, evaluation_context)
    }

    async fn resolve_struct_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        self.resolve(flag_key, evaluation_context)
    }
}
