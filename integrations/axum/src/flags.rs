//! The flags of one request.

use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::Extensions;
use http::request::Parts;
use statsig::overrides::RequestOverrides;
use statsig::typed::ParamsError;
use statsig::{
    DynamicConfig, Event, Experiment, FeatureGate, Layer, ParameterStore, PinnedStatsig, Statsig,
    StatsigParams, StatsigUser, Typed,
};

use crate::MissingFlagsLayer;

/// The flags of one request: a client that is pinned to one generation of specs, and the user.
///
/// It is an extractor, and needs [`FlagsLayer`](crate::FlagsLayer). Extracting it evaluates and
/// logs nothing. A clone copies pointers. It borrows nothing from the request, so move a clone into
/// each task that the request spawns: every task sees the same specs and the same user.
///
/// ```
/// use statsig::Event;
/// use statsig_axum::Flags;
///
/// async fn checkout(flags: Flags) -> &'static str {
///     flags.log_event(Event::new("checkout").value(49.0));
///     let for_task = flags.clone();
///     tokio::spawn(async move {
///         if for_task.check_gate("send_receipt") { /* … */ }
///     });
///     if flags.check_gate("new_page") { "new" } else { "old" }
/// }
/// ```
///
/// Handlers that also serve requests without the layer take `Option<Flags>`. A service without axum
/// uses [`from_extensions`](Self::from_extensions).
///
/// The methods are those of [`Statsig`], without the user. For all others, use
/// [`client`](Self::client) and [`user`](Self::user):
///
/// ```
/// # use statsig::FeatureGateEvaluationOptions;
/// # use statsig_axum::Flags;
/// # fn read(flags: &Flags) -> bool {
/// let quiet = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
/// flags.client().check_gate_with_options(flags.user(), "new_page", quiet)
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "flags do nothing until they are read"]
pub struct Flags {
    client: PinnedStatsig,
    user: StatsigUser,
}

impl Flags {
    /// Flags without a request, for tests and background work: pins the client to the specs of this
    /// moment.
    ///
    /// ```
    /// # let statsig = statsig::testing::OfflineClient::without_specs(None);
    /// use statsig::StatsigUser;
    /// use statsig_axum::Flags;
    ///
    /// fn title(flags: &Flags) -> &'static str {
    ///     if flags.check_gate("new_page") { "New!" } else { "Welcome" }
    /// }
    ///
    /// statsig.override_gate("new_page", true, Some("ann"));
    /// assert_eq!(title(&Flags::new(&statsig, StatsigUser::with_user_id("ann"))), "New!");
    /// ```
    pub fn new(statsig: impl AsRef<Statsig>, user: StatsigUser) -> Self {
        Self {
            client: statsig.as_ref().pin(),
            user,
        }
    }

    /// The flags of a request, for services without axum: `request.extensions()`, or
    /// `&parts.extensions`.
    ///
    /// ```
    /// use http::{Request, Response};
    /// use statsig_axum::{Flags, MissingFlagsLayer};
    ///
    /// async fn serve(request: Request<String>) -> Result<Response<String>, MissingFlagsLayer> {
    ///     let flags = Flags::from_extensions(request.extensions())?;
    ///     Ok(Response::new(flags.check_gate("new_page").to_string()))
    /// }
    /// ```
    ///
    /// # Errors
    /// When no [`FlagsLayer`](crate::FlagsLayer) ran for the request.
    pub fn from_extensions(extensions: &Extensions) -> Result<Self, MissingFlagsLayer> {
        let flags = extensions.get::<Self>().ok_or(MissingFlagsLayer)?;
        Ok(match extensions.get::<StatsigUser>() {
            Some(user) => flags.for_user(user.clone()),
            None => flags.clone(),
        })
    }

    /// The same specs for another user, such as the company of the user or the receiver of a
    /// message.
    ///
    /// ```
    /// # use statsig_axum::Flags;
    /// # fn read(flags: &Flags) {
    /// use statsig::StatsigUser;
    ///
    /// let receiver = flags.for_user(StatsigUser::with_user_id("bob"));
    /// let is_new = receiver.check_gate("new_mail");
    /// # }
    /// ```
    pub fn for_user(&self, user: StatsigUser) -> Self {
        Self {
            client: self.client.clone(),
            user,
        }
    }

    /// The same user and specs with forced values: the reads of these flags and their clones see
    /// them, and log no exposure for them. See [`PinnedStatsig::with_overrides`].
    ///
    /// For tests, and for overrides that come from another place than
    /// [`QaOverrides`](crate::QaOverrides).
    ///
    /// ```
    /// # let statsig = statsig::testing::OfflineClient::without_specs(None);
    /// use statsig::StatsigUser;
    /// use statsig::overrides::RequestOverrides;
    /// use statsig_axum::Flags;
    ///
    /// let flags = Flags::new(&statsig, StatsigUser::with_user_id("ann"));
    /// let forced = flags.with_overrides(RequestOverrides::new().gate("new_page", true));
    /// assert!(forced.check_gate("new_page") && !flags.check_gate("new_page"));
    /// ```
    pub fn with_overrides(&self, overrides: RequestOverrides) -> Self {
        Self {
            client: self.client.with_overrides(overrides),
            user: self.user.clone(),
        }
    }

    /// The user of the request.
    #[must_use]
    pub fn user(&self) -> &StatsigUser {
        &self.user
    }

    /// The pinned client. For work that outlives the request and should see later specs, use its
    /// [`client`](PinnedStatsig::client), which is not pinned.
    #[must_use]
    pub fn client(&self) -> &PinnedStatsig {
        &self.client
    }

    /// Whether a gate passes. Logs a gate exposure. See [`Statsig::check_gate`].
    #[must_use]
    pub fn check_gate(&self, gate: &str) -> bool {
        self.client.check_gate(&self.user, gate)
    }

    /// A gate with its rule and reason. Logs a gate exposure. See [`Statsig::get_feature_gate`].
    #[must_use]
    pub fn get_feature_gate(&self, gate: &str) -> FeatureGate {
        self.client.get_feature_gate(&self.user, gate)
    }

    /// A dynamic config. Logs a config exposure. See [`Statsig::get_dynamic_config`].
    #[must_use]
    pub fn get_dynamic_config(&self, config: &str) -> DynamicConfig {
        self.client.get_dynamic_config(&self.user, config)
    }

    /// An experiment. Logs a config exposure. See [`Statsig::get_experiment`].
    #[must_use]
    pub fn get_experiment(&self, experiment: &str) -> Experiment {
        self.client.get_experiment(&self.user, experiment)
    }

    /// A layer. Each parameter logs its exposure when it is read. See [`Statsig::get_layer`].
    #[must_use]
    pub fn get_layer(&self, layer: &str) -> Layer {
        self.client.get_layer(&self.user, layer)
    }

    /// A parameter store. Each parameter logs its exposure when it is read. See
    /// [`Statsig::get_parameter_store`].
    #[must_use]
    pub fn get_parameter_store(&self, store: &str) -> ParameterStore {
        self.client.get_parameter_store(&self.user, store)
    }

    /// A struct of parameters. Logs exposures when it is read. See [`Statsig::get_typed`].
    ///
    /// The extractor [`Params`](crate::Params) does this for the arguments of a handler.
    #[must_use]
    pub fn get_typed<P: StatsigParams>(&self) -> Typed<P> {
        self.client.get_typed(&self.user)
    }

    /// Like [`get_typed`](Self::get_typed), but reports problems instead of serving defaults. See
    /// [`Statsig::try_get_typed`].
    ///
    /// # Errors
    /// When the specs do not know the source of the struct, or a value does not fit its field.
    pub fn try_get_typed<P: StatsigParams>(&self) -> Result<Typed<P>, ParamsError> {
        self.client.try_get_typed(&self.user)
    }

    /// Records a custom event for the user. Never waits. See [`Statsig::log_event`].
    pub fn log_event(&self, event: Event) {
        self.client.log_event(&self.user, event);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Flags {
    type Rejection = MissingFlagsLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingFlagsLayer> {
        Self::from_extensions(&parts.extensions)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Flags {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(Self::from_extensions(&parts.extensions).ok())
    }
}
