//! A layer that hides routes behind a gate.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_core::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::Flags;

/// Lets a request through only if a gate passes for its user. It needs
/// [`FlagsLayer`](crate::FlagsLayer).
///
/// ```
/// use axum::{Router, routing::get};
/// use http::StatusCode;
/// use statsig_axum::{FlagsLayer, RequireGate};
/// # let statsig = statsig::testing::OfflineClient::without_specs(None);
///
/// let beta = Router::new()
///     .route("/beta", get(async || "the beta page"))
///     .route_layer(RequireGate::new("beta_page").or(StatusCode::NOT_FOUND));
/// let app: Router = Router::new().merge(beta).layer(FlagsLayer::new(&statsig));
/// ```
///
/// Each check logs a gate exposure. An unknown gate and a client without specs do not let requests
/// through. A request that passed no [`FlagsLayer`](crate::FlagsLayer) gets a 500.
///
/// A gate is no access control: in general, a client of the service can choose the user ID, the
/// cookies and the headers that the user is made of.
#[derive(Clone)]
pub struct RequireGate {
    gate: Arc<str>,
    refusal: Arc<dyn Fn() -> Response + Send + Sync>,
}

impl RequireGate {
    /// Lets a request through if this gate passes. Otherwise the response is
    /// `404 Not Found`, as if the route did not exist.
    #[must_use]
    pub fn new(gate: impl Into<Arc<str>>) -> Self {
        Self {
            gate: gate.into(),
            refusal: Arc::new(|| StatusCode::NOT_FOUND.into_response()),
        }
    }

    /// Sets the response to requests that the gate does not let through: a status, a redirect, or
    /// anything else that axum can turn into a response.
    #[must_use]
    pub fn or(mut self, response: impl IntoResponse + Clone + Send + Sync + 'static) -> Self {
        self.refusal = Arc::new(move || response.clone().into_response());
        self
    }

    /// The response that replaces the route's. `None` lets the request through.
    fn refuse<B>(&self, request: &Request<B>) -> Option<Response> {
        match Flags::from_extensions(request.extensions()) {
            Ok(flags) if flags.check_gate(&self.gate) => None,
            Ok(_) => Some((self.refusal)()),
            Err(missing) => Some(missing.into_response()),
        }
    }
}

impl fmt::Debug for RequireGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireGate")
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for RequireGate {
    type Service = RequireGateService<S>;

    fn layer(&self, inner: S) -> RequireGateService<S> {
        RequireGateService {
            require: self.clone(),
            inner,
        }
    }
}

/// The service of [`RequireGate`].
#[derive(Debug, Clone)]
pub struct RequireGateService<S> {
    require: RequireGate,
    inner: S,
}

impl<S, B> Service<Request<B>> for RequireGateService<S>
where
    S: Service<Request<B>>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = S::Error;
    type Future = RequireGateFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let refused = self.require.refuse(&request);
        RequireGateFuture {
            passed: refused.is_none().then(|| self.inner.call(request)),
            refused,
        }
    }
}

pin_project! {
    /// The response future of [`RequireGateService`].
    pub struct RequireGateFuture<F> {
        #[pin]
        passed: Option<F>,
        refused: Option<Response>,
    }
}

impl<F> fmt::Debug for RequireGateFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireGateFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for RequireGateFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: IntoResponse,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(passed) = this.passed.as_pin_mut() {
            return passed.poll(cx).map_ok(IntoResponse::into_response);
        }
        match this.refused.take() {
            Some(response) => Poll::Ready(Ok(response)),
            // A future that has ended must not be polled again.
            None => Poll::Pending,
        }
    }
}
