//! How bytes travel: the [`Transport`] trait and its requests, responses and errors.

pub(crate) mod address;
pub(crate) mod backoff;
#[cfg(feature = "http")]
pub(crate) mod http;
pub(crate) mod identity;
pub(crate) mod origin;
pub(crate) mod own_work;
pub(crate) mod proxy;
pub(crate) mod retry;
mod strangers;

use std::fmt::{self, Debug};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use self::own_work::own_work;
use crate::guard::guarded_async;
use crate::mask::shown_problem;

/// How long a request may take, unless said otherwise.
const DEFAULT_LIMIT: Duration = Duration::from_secs(10);
/// The largest response, unless said otherwise.
const DEFAULT_MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// A future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends HTTP requests for the SDK.
///
/// The SDK brings one built on reqwest (feature `http`, on by default) and a scripted one in memory for tests
/// (`statsig::testing::ScriptedTransport`). Implement it to route the SDK's traffic through a client of your own.
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends one request and reads the whole response. Do not retry: the SDK does. (If the server has just closed a kept connection, a
    /// transport may send the request again at once.)
    ///
    /// Do not send the header `statsig-api-key` to another origin when you follow a redirect. Do not turn a `POST` into a `GET`.
    ///
    /// # Errors
    /// When there is no response. A response with an error status is not an error here.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;
}

/// The method of a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// One HTTP request.
///
/// Its `Debug` hides the SDK key, which travels in a header and in the path of specs requests.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The complete URL, query included.
    pub url: String,
    /// Header names (lower case) and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// The limit for the whole exchange, response body included.
    pub timeout: Duration,
    /// The largest response body to accept, in bytes, after decompression.
    pub max_response_bytes: usize,
}

impl Request {
    /// A request without headers or body, that may take 10 s and whose answer may have 64 MiB.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            timeout: DEFAULT_LIMIT,
            max_response_bytes: DEFAULT_MAX_RESPONSE_BYTES,
        }
    }
}

impl Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Headers<'a>(&'a [(&'static str, String)]);

        impl Debug for Headers<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let shown = self.0.iter().map(|(name, value)| {
                    let is_key = name.eq_ignore_ascii_case(identity::KEY_HEADER);
                    (name, if is_key { MASK } else { value.as_str() })
                });
                f.debug_map().entries(shown).finish()
            }
        }

        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &address::shown_without_file(&self.url))
            .field("headers", &Headers(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .finish()
    }
}

const MASK: &str = "*****";

/// One HTTP response, body included and decompressed. Its `Debug` says how large the body is.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names (lower case) and values; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

impl Response {
    fn header(&self, wanted: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(value)
    }
}

/// Sends a request and holds the transport to the request's limit, so that one that ignores it cannot stall the SDK. An answer that
/// plainly comes from something else than the service is an error.
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
        Ok(None) => Err(TransportError::Connection {
            problem: "the transport panicked; a tokio runtime without `enable_io` causes this"
                .to_owned(),
        }),
        Err(_) => Err(TransportError::TimedOut { limit }),
    }
}

/// Stands in when the crate is built without the `http` feature and the options name no transport.
#[cfg(not(feature = "http"))]
#[derive(Debug)]
pub(crate) struct NoTransport;

#[cfg(not(feature = "http"))]
impl Transport for NoTransport {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async {
            Err(TransportError::Unusable {
                problem: "found no transport; enable the `http` feature or set `StatsigOptions::transport`"
                    .to_owned(),
            })
        })
    }
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The limit of the request passed.
    #[error("expected a response within {} ms, found none", limit.as_millis())]
    TimedOut {
        /// The request's limit.
        limit: Duration,
    },
    /// The connection failed, or broke off before the response was complete.
    #[error("the connection failed: {}", shown_problem(problem))]
    Connection {
        /// What the HTTP library says, without the URL.
        problem: String,
    },
    /// A redirect that the SDK does not follow: to another origin, or of a `POST` that would become a `GET`.
    #[error(
        "expected an answer, found a redirect to {target} (status {status}); check the URL in the options, or log in to the network"
    )]
    Redirected {
        /// The status of the response.
        status: u16,
        /// The target, without parts that may be secret, or `nowhere`.
        target: String,
    },
    /// A page of HTML. The service never sends one, so the answer comes from another server.
    #[error(
        "expected an answer of the service, found a page of HTML (status {status}); check the URL in the options, or log in to the \
         network"
    )]
    Html {
        /// The status of the response.
        status: u16,
    },
    /// The response is larger than the limit.
    #[error("expected a response of at most {limit} bytes, found more")]
    TooLarge {
        /// The request's limit in bytes.
        limit: usize,
    },
    /// The body is compressed in a way that was not asked for, or is broken.
    #[error("the response cannot be decompressed: {}", shown_problem(problem))]
    Encoding {
        /// What was expected and found.
        problem: String,
    },
    /// The file with certificates to trust cannot be used; retrying does not help.
    #[error("expected certificates in PEM in {}, found {}; check `ca_cert_path`", path.display(), shown_problem(problem))]
    CertificateBundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The request cannot be sent at all; retrying does not help.
    #[error("the request cannot be sent: {}", shown_problem(problem))]
    Unusable {
        /// Why.
        problem: String,
    },
}

impl TransportError {
    /// Whether the same request would fail again in the same way.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::CertificateBundle { .. } | Self::Unusable { .. } => true,
            Self::TimedOut { .. }
            | Self::Connection { .. }
            | Self::Redirected { .. }
            | Self::Html { .. }
            | Self::Encoding { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_request_hides_the_key() {
        let request = Request {
            method: Method::Get,
            url: "https://user:pw@example.com/v2/download_config_specs/secret-abc.json?sinceTime=1"
                .to_owned(),
            headers: vec![
                ("statsig-api-key", "secret-abc".to_owned()),
                ("x-request-service", "shop".to_owned()),
            ],
            body: Bytes::from_static(b"secret-abc"),
            timeout: Duration::from_secs(1),
            max_response_bytes: 10,
        };
        let shown = format!("{request:?}");
        assert!(!shown.contains("abc") && !shown.contains("pw"), "{shown}");
        assert!(shown.contains("shop"), "{shown}");
        assert!(
            shown.contains("https://example.com/v2/download_config_specs/*****"),
            "{shown}"
        );
    }
}
