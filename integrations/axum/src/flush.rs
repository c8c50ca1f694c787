//! A layer that delivers events before the response leaves.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http::{Request, Response};
use pin_project_lite::pin_project;
use statsig::clock::time_until;
use statsig::{FlushReport, Statsig, StatsigError};
use tower_layer::Layer;
use tower_service::Service;

use crate::TARGET;

/// The longest that a flush may delay a response, unless set.
const DEFAULT_LIMIT: Duration = Duration::from_millis(250);
/// The part of the time until a deadline that is kept for the response, unless set.
const DEFAULT_RESERVE: Duration = Duration::from_millis(50);

/// The time by which the response to a request must be sent. A layer that knows it, such as one
/// that reads the context of a Lambda invocation, puts it into the extensions of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(pub Instant);

/// Delivers the recorded events before each response leaves, within the time that is left: for
/// functions, whose process is frozen or ended after the response.
///
/// ```
/// use std::time::Duration;
/// use axum::{Router, routing::get};
/// use statsig_axum::{Flags, FlagsLayer, FlushLayer};
/// # let statsig = statsig::testing::OfflineClient::without_specs(None);
///
/// let app: Router = Router::new()
///     .route("/", get(async |flags: Flags| flags.check_gate("new_page").to_string()))
///     .layer(FlagsLayer::new(&statsig))
///     .layer(FlushLayer::new(&statsig).within(Duration::from_millis(100)));
/// ```
///
/// The flush takes no longer than [`within`](Self::within), and no longer than the time until the
/// [`Deadline`] of the request, if there is one, less the [`reserve`](Self::reserve). A flush that
/// fails or runs out of time does not change the response. It loses no event, see
/// [`Statsig::flush_within`]. The [`FlushReport`] is in the extensions of the response.
///
/// Do not use it in a service that keeps running after a response: each request would wait for
/// Statsig. Events that a handler records later, in a spawned task or while it streams a body, wait
/// for the next flush.
#[derive(Debug, Clone)]
pub struct FlushLayer {
    statsig: Statsig,
    limit: Duration,
    reserve: Duration,
}

impl FlushLayer {
    /// A layer for this client.
    #[must_use]
    pub fn new(statsig: impl AsRef<Statsig>) -> Self {
        Self {
            statsig: statsig.as_ref().clone(),
            limit: DEFAULT_LIMIT,
            reserve: DEFAULT_RESERVE,
        }
    }

    /// Sets the longest that a flush may delay a response. Default: 250 ms.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the part of the time until the [`Deadline`] that is kept for the response itself.
    /// Default: 50 ms.
    #[must_use]
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = reserve;
        self
    }

    fn start(&self, deadline: Option<Deadline>) -> Flushing {
        let statsig = self.statsig.clone();
        let until_deadline =
            deadline.map(|Deadline(at)| time_until(at).saturating_sub(self.reserve));
        let limit = until_deadline.map_or(self.limit, |left| left.min(self.limit));
        Box::pin(async move { statsig.flush_within(limit).await })
    }
}

type Flushing = Pin<Box<dyn Future<Output = Result<FlushReport, StatsigError>> + Send>>;

impl<S> Layer<S> for FlushLayer {
    type Service = FlushService<S>;

    fn layer(&self, inner: S) -> FlushService<S> {
        FlushService {
            layer: self.clone(),
            inner,
        }
    }
}

/// The service of [`FlushLayer`].
#[derive(Clone)]
pub struct FlushService<S> {
    layer: FlushLayer,
    inner: S,
}

impl<S> fmt::Debug for FlushService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlushService").finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for FlushService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = FlushFuture<S::Future, Result<Response<R>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        FlushFuture {
            deadline: request.extensions().get().copied(),
            layer: self.layer.clone(),
            future: self.inner.call(request),
            flushing: None,
            result: None,
        }
    }
}

pin_project! {
    /// The response future of [`FlushService`].
    pub struct FlushFuture<F, T> {
        layer: FlushLayer,
        deadline: Option<Deadline>,
        #[pin]
        future: F,
        flushing: Option<Flushing>,
        // The result of the inner service, until the flush ends.
        result: Option<T>,
    }
}

impl<F, T> fmt::Debug for FlushFuture<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlushFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for FlushFuture<F, Result<Response<R>, E>>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let flushing = match this.flushing {
            Some(flushing) => flushing,
            None => {
                *this.result = Some(ready!(this.future.poll(cx)));
                this.flushing.insert(this.layer.start(*this.deadline))
            }
        };
        // A future that has ended must not be polled again.
        if this.result.is_none() {
            return Poll::Pending;
        }
        let flushed = ready!(flushing.as_mut().poll(cx));
        let Some(mut result) = this.result.take() else {
            return Poll::Pending;
        };
        match (flushed, &mut result) {
            (Ok(report), Ok(response)) => {
                response.extensions_mut().insert(report);
            }
            (Ok(_), Err(_)) => {}
            (Err(error), _) => {
                tracing::debug!(target: TARGET, %error, "events could not be flushed before the response");
            }
        }
        Poll::Ready(result)
    }
}
