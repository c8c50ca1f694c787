//! HTTP: the [`Transport`] trait and its requests, responses and errors.

pub(crate) mod address;
pub(crate) mod backoff;
mod error;
mod headers;
#[cfg(feature = "http")]
pub(crate) mod http;
pub(crate) mod identity;
pub(crate) mod origin;
pub(crate) mod own_work;
pub(crate) mod proxy;
mod request;
mod response;
pub(crate) mod retry;
pub(crate) mod service;
mod strangers;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// For sources of other packages.
#[doc(hidden)]
pub use self::address::{is_usable as is_usable_url, shown as shown_url};
#[doc(hidden)]
pub use self::backoff::Backoff;
pub use self::error::TransportError;
pub use self::headers::Headers;
#[cfg(feature = "http")]
pub use self::http::HttpTransport;
use self::own_work::own_work;
pub use self::proxy::ProxyConfig;
pub use self::request::{Endpoint, Method, Request};
pub use self::response::Response;
use crate::guard::guarded_async;
#[doc(hidden)]
pub use crate::mask::Masked;

/// A future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends HTTP requests for the SDK.
///
/// The SDK includes a transport built on reqwest (feature `http`, on by default) and a scripted one
/// in memory for tests (`statsig::testing::ScriptedTransport`). Implement this trait to send the
/// SDK's requests through your own HTTP client.
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends one request and reads the whole response. Do not retry: the SDK does. (If the server
    /// has just closed a kept connection, a transport may send the request again at once.)
    ///
    /// Do not send the header `statsig-api-key` to another origin when you follow a redirect. Do
    /// not turn a `POST` into a `GET`.
    ///
    /// # Errors
    /// When there is no response. A response with an error status is not an error here.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;
}

/// Sends a request and enforces its time limit, so that a transport that ignores the limit cannot
/// stall the SDK. An answer that clearly comes from another server than the service is an error.
pub(crate) async fn send(
    transport: &dyn Transport,
    request: Request,
) -> Result<Response, TransportError> {
    let (limit, method) = (request.timeout, request.method);
    let sending = guarded_async("the transport", || {
        Box::pin(own_work(|| transport.send(request)))
    });
    match tokio::time::timeout(limit, sending).await {
        Ok(Some(answer)) => answer.and_then(|response| strangers::check(method, response)),
        Ok(None) => Err(TransportError::connection(
            "the transport panicked; a tokio runtime without `enable_io` causes this",
        )),
        Err(_) => Err(TransportError::TimedOut { limit }),
    }
}

/// The transport without the feature `http`, if the options contain none: every request fails.
#[cfg(not(feature = "http"))]
#[derive(Debug)]
pub(crate) struct NoTransport;

#[cfg(not(feature = "http"))]
impl Transport for NoTransport {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async {
            Err(TransportError::unusable(
                "found no transport; enable the `http` feature or set `StatsigOptions::transport`",
            ))
        })
    }
}
