//! The layer that gives each request a user and a generation of specs.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use statsig::{Statsig, StatsigUser};
use tower_layer::Layer;
use tower_service::Service;

use crate::overrides::Mark;
use crate::{Flags, FlagsFuture, QaOverrides, RequestUser};

/// Makes the user of a request.
type UserOf = dyn Fn(&Parts) -> StatsigUser + Send + Sync;

/// Gives each request a user and one generation of specs: it puts [`Flags`] into the extensions of
/// the request.
///
/// The extractors [`Flags`], [`Params`](crate::Params) and [`CurrentUser`](crate::CurrentUser) and
/// the layer [`RequireGate`](crate::RequireGate) take them from there. All of them, and all tasks
/// that they spawn, see the same specs, even if new ones arrive during the request.
///
/// ```
/// use axum::{Router, routing::get};
/// use statsig::StatsigUser;
/// use statsig_axum::{Flags, FlagsLayer};
/// # use statsig::testing::OfflineClient;
/// # let statsig = OfflineClient::without_specs(None);
///
/// let app: Router = Router::new()
///     .route("/", get(async |flags: Flags| flags.check_gate("new_page").to_string()))
///     .layer(FlagsLayer::new(&statsig).user(|parts| {
///         match parts.headers.get("x-user-id").and_then(|id| id.to_str().ok()) {
///             Some(id) => StatsigUser::with_user_id(id),
///             None => StatsigUser::anonymous(),
///         }
///     }));
/// ```
///
/// # The user
///
/// 1. If the extensions of the request contain a [`StatsigUser`], this is the user. An
///    authentication layer can put it there.
/// 2. Otherwise the function given to [`user`](Self::user), or the mapping given to
///    [`user_from`](Self::user_from), makes the user.
/// 3. Without either, the user is that of [`RequestUser::new`]: user agent and locale, no ID.
///
/// A layer that comes later, or a handler, can also put a [`StatsigUser`] into the extensions: the
/// extractors then return that user, with the same specs.
///
/// # The order of layers
///
/// In axum, a layer applies to the routes that the router has when you call `layer`, and the layer
/// that you add last runs first. So add `FlagsLayer` after the routes, and before the layer that
/// authenticates:
///
/// ```
/// # use axum::{Extension, Router, routing::get};
/// # use statsig_axum::FlagsLayer;
/// # let statsig = statsig::testing::OfflineClient::without_specs(None);
/// # let authentication = Extension(7);
/// # let handler = || async {};
/// let app: Router = Router::new()
///     .route("/", get(handler))
///     .layer(FlagsLayer::new(&statsig)) // runs second
///     .layer(authentication); // runs first
/// ```
///
/// If a request passes two of these layers, the outer one decides, and the inner one does nothing.
/// So a test can put [`Flags::new`] into a request.
///
/// # Cost
///
/// For each request, the layer builds one user, copies four pointers and allocates one extension:
/// about 0.1 µs, and about 1 µs more for a [`RequestUser`] that reads five headers. It waits for
/// nothing and evaluates nothing. The specs of a request stay in memory until its last
/// [`Flags`] is dropped. A stream that lives for hours would keep old specs: let it use the
/// unpinned [`client`](statsig::PinnedStatsig::client) of [`Flags::client`] instead.
#[derive(Clone)]
pub struct FlagsLayer {
    admission: Arc<Admission>,
}

/// What the layer does with each request before it passes it on.
#[derive(Clone)]
struct Admission {
    statsig: Statsig,
    user: Arc<UserOf>,
    overrides: Option<QaOverrides>,
}

impl Admission {
    /// Puts the flags into a request, unless another layer or a test did so. Returns the header for
    /// the response, if it needs one.
    fn admit(&self, parts: &mut Parts) -> Option<Mark> {
        if parts.extensions.get::<Flags>().is_some() {
            return None;
        }
        let user = match parts.extensions.get::<StatsigUser>() {
            Some(user) => user.clone(),
            None => (self.user)(parts),
        };
        parts.extensions.insert(Flags::new(&self.statsig, user));
        self.overrides.as_ref()?.apply(parts)
    }
}

impl FlagsLayer {
    /// A layer for this client. See [`FlagsLayer`].
    #[must_use]
    pub fn new(statsig: impl AsRef<Statsig>) -> Self {
        let mapping = RequestUser::new();
        Self {
            admission: Arc::new(Admission {
                statsig: statsig.as_ref().clone(),
                user: Arc::new(move |parts| mapping.user(parts)),
                overrides: None,
            }),
        }
    }

    /// Makes the user of a request from its head: method, URI, headers and extensions.
    ///
    /// The headers come from the client of the service, who can write anything into them.
    /// [`RequestUser`] reads the usual ones safely: `.user(move |parts| mapping.user(parts))`.
    ///
    /// ```
    /// # let statsig = statsig::testing::OfflineClient::without_specs(None);
    /// use statsig::StatsigUser;
    /// use statsig_axum::FlagsLayer;
    ///
    /// /// Put into the extensions by an authentication layer.
    /// #[derive(Clone)]
    /// struct Account { id: u64, plan: String }
    ///
    /// let layer = FlagsLayer::new(&statsig).user(|parts| {
    ///     match parts.extensions.get::<Account>() {
    ///         Some(account) => {
    ///             let user = StatsigUser::builder(account.id);
    ///             user.custom("plan", account.plan.as_str()).build()
    ///         }
    ///         None => StatsigUser::anonymous(),
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn user(mut self, user: impl Fn(&Parts) -> StatsigUser + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.admission).user = Arc::new(user);
        self
    }

    /// Makes the user of a request with a ready-made mapping.
    ///
    /// ```
    /// # let statsig = statsig::testing::OfflineClient::without_specs(None);
    /// use statsig_axum::{FlagsLayer, RequestUser};
    ///
    /// let layer = FlagsLayer::new(&statsig).user_from(RequestUser::new().id_header("x-user-id"));
    /// ```
    #[must_use]
    pub fn user_from(self, mapping: RequestUser) -> Self {
        self.user(move |parts| mapping.user(parts))
    }

    /// Lets testers force gates and parameters for their own requests. Read first
    /// [what an attacker can do](QaOverrides#what-an-attacker-can-do). Default: no request can
    /// force anything.
    ///
    /// ```
    /// # let statsig = statsig::testing::OfflineClient::without_specs(None);
    /// # let secret = "9hTq1sW0bN3kD7xV5yR2cF8mJ4gL6pZa";
    /// use statsig::overrides::signed::OverrideKey;
    /// use statsig_axum::{FlagsLayer, QaOverrides};
    ///
    /// let overrides = QaOverrides::new([OverrideKey::new(secret)?], "checkout/staging");
    /// let layer = FlagsLayer::new(&statsig).qa_overrides(overrides);
    /// # Ok::<(), statsig::overrides::signed::OverrideKeyError>(())
    /// ```
    #[must_use]
    pub fn qa_overrides(mut self, overrides: QaOverrides) -> Self {
        Arc::make_mut(&mut self.admission).overrides = Some(overrides);
        self
    }
}

impl fmt::Debug for FlagsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlagsLayer")
            .field("statsig", &self.admission.statsig)
            .field("overrides", &self.admission.overrides)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for FlagsLayer {
    type Service = FlagsService<S>;

    fn layer(&self, inner: S) -> FlagsService<S> {
        FlagsService {
            admission: Arc::clone(&self.admission),
            inner,
        }
    }
}

/// The service of [`FlagsLayer`]. It works with every service from [`http::Request`] to
/// [`http::Response`].
#[derive(Clone)]
pub struct FlagsService<S> {
    admission: Arc<Admission>,
    inner: S,
}

impl<S: fmt::Debug> fmt::Debug for FlagsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlagsService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for FlagsService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = FlagsFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let mark = self.admission.admit(&mut parts);
        FlagsFuture::new(self.inner.call(Request::from_parts(parts, body)), mark)
    }
}
