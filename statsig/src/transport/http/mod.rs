//! The HTTP transport: reqwest over rustls. It decompresses bodies itself, so that their size is
//! limited.

mod aside;
mod common;
mod dns;
mod encoding;
mod tls;

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT_ENCODING, LOCATION};
use reqwest::redirect::Policy;
use tokio::sync::OnceCell;
use url::Url;

use self::common::Common;
use self::encoding::Encoding;
use super::headers::KEY_HEADER;
use super::proxy::ProxyConfig;
use super::{BoxFuture, Headers, Method, Request, Response, Transport, TransportError, address};
use crate::cause::Cause;
use crate::mask::shown;

/// The time limit of a TCP and TLS connection. The request's own limit covers the rest.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The time after which an idle connection is closed. It is longer than the default sync interval,
/// so that polling reuses a connection.
const IDLE_CONNECTION_LIMIT: Duration = Duration::from_secs(90);
/// The number of idle connections for each host, equal to the default number of concurrent posts.
const MAX_IDLE_CONNECTIONS: usize = 5;
const MAX_REDIRECTS: usize = 5;
/// Bodies up to this size are decompressed on the current thread. This takes less time than a
/// change of threads, and many clients that start together then need no threads. A body has at most
/// a few megabytes.
const MAX_BYTES_HERE: usize = 4 * 1024;

/// Sends requests with reqwest over HTTP/1.1, and keeps connections alive. Clients use it unless
/// the options contain another [`Transport`]. Wrap it to observe or change requests.
///
/// It checks certificates with the operating system's trust store, with rustls and its *ring*
/// provider, and does not change the process-wide provider. It builds nothing before the first
/// request.
#[derive(Debug, Default)]
pub struct HttpTransport {
    settings: Settings,
    client: OnceCell<Client>,
}

/// The options for connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The proxy for all requests. `None` means the proxy of the environment variables, if there is
    /// one.
    pub(crate) proxy: Option<ProxyConfig>,
    /// A PEM file of certificates to trust besides the system's.
    pub(crate) ca_cert_path: Option<PathBuf>,
}

#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    /// The reason why `https` cannot be used, if so. Plain `http` still works.
    tls_problem: Option<Cause>,
    /// Whether an answer arrived, so that an idle connection may exist.
    has_connected: AtomicBool,
}

impl HttpTransport {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            client: OnceCell::new(),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let client = self
            .client
            .get_or_try_init(|| Client::build(&self.settings))
            .await?;
        if let Some(problem) = &client.tls_problem
            && request.url.starts_with("https:")
        {
            return Err(TransportError::Unusable {
                source: problem.clone(),
            });
        }
        let limit = request.timeout;
        let max_bytes = request.max_response_bytes;
        let offered = offered_encodings(&request).to_owned();
        let method = request.method;
        let response = client
            .follow(method, to_reqwest(&client.http, request)?)
            .await
            .map_err(|error| to_transport_error(error, limit))?;
        let status = response.status().as_u16();
        let headers = readable_headers(&response);
        let encoding = Encoding::of(response.headers(), &offered);
        let body = read_body(response, limit, max_bytes).await?;
        let body = if body.is_empty() {
            body
        } else {
            match encoding? {
                Encoding::Plain => body,
                encoding if body.len() <= MAX_BYTES_HERE => encoding.decode(body, max_bytes)?,
                encoding => run_off_thread(move || encoding.decode(body, max_bytes)).await??,
            }
        };
        Ok(Response::new(status, body).headers(headers))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

impl Client {
    async fn build(settings: &Settings) -> Result<Self, TransportError> {
        let common = Common::here();
        let verifier = match settings.ca_cert_path.clone() {
            None => common.verifier().await?,
            // Reads many files, so it runs outside the async workers.
            Some(bundle) => run_off_thread(move || tls::verifier(Some(&bundle)))
                .await??
                .map(Arc::new),
        };
        let (tls, tls_problem) = tls::config(verifier)?;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .dns_resolver(common.resolver.clone())
            // This module decompresses bodies, also when another crate in the build enables
            // decompression in reqwest.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(IDLE_CONNECTION_LIMIT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .redirect(Policy::none());
        // A proxy of the developer's environment must not see the tests' loopback traffic.
        #[cfg(test)]
        let builder = builder.no_proxy();
        let builder = match &settings.proxy {
            Some(proxy) => builder.proxy(to_reqwest_proxy(proxy)?),
            None => builder,
        };
        let http = builder.build().map_err(unusable)?;
        Ok(Self {
            http,
            tls_problem,
            has_connected: AtomicBool::new(false),
        })
    }

    /// Sends the request, and again to the target of a redirect, if the client may follow it.
    async fn follow(
        &self,
        method: Method,
        mut request: reqwest::Request,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let mut redirects = 0;
        loop {
            let from = request.url().clone();
            let again = request.try_clone();
            let response = self.send(request).await?;
            match (redirect_target(method, &from, &response), again) {
                (Some(next), Some(mut again)) if redirects < MAX_REDIRECTS => {
                    *again.url_mut() = next;
                    request = again;
                    redirects += 1;
                }
                _ => return Ok(response),
            }
        }
    }

    /// Sends the request, and at once a second time if the server had closed the idle connection.
    async fn send(&self, request: reqwest::Request) -> Result<reqwest::Response, reqwest::Error> {
        let may_meet_kept = self.has_connected.load(Ordering::Relaxed);
        let again = request.try_clone().filter(|_| may_meet_kept);
        let answer = match (self.http.execute(request).await, again) {
            (Err(error), Some(again)) if is_closed_unanswered(&error) => {
                self.http.execute(again).await
            }
            (answer, _) => answer,
        };
        if answer.is_ok() {
            self.has_connected.store(true, Ordering::Relaxed);
        }
        answer
    }
}

/// Whether the server closed the connection before it answered.
fn is_closed_unanswered(error: &reqwest::Error) -> bool {
    if error.is_timeout() || error.is_connect() {
        return false;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_incomplete_message() || error.is_canceled() || error.is_closed())
        {
            return true;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
            );
        }
        cause = error.source();
    }
    false
}

/// The target of a redirect that the client may follow: within one origin, because no other origin
/// may receive the SDK key, and with the same method, because a post that becomes a download
/// delivers nothing.
fn redirect_target(method: Method, from: &Url, response: &reqwest::Response) -> Option<Url> {
    let may_follow = match response.status().as_u16() {
        307 | 308 => true,
        301..=303 => method == Method::Get,
        _ => false,
    };
    let location = response.headers().get(LOCATION).filter(|_| may_follow)?;
    let next = from.join(location.to_str().ok()?).ok()?;
    (next.origin() == from.origin()).then_some(next)
}

fn to_reqwest_proxy(proxy: &ProxyConfig) -> Result<reqwest::Proxy, TransportError> {
    let all = reqwest::Proxy::all(proxy.url()).map_err(unusable)?;
    Ok(match proxy.user_and_password() {
        Some((user, password)) => all.basic_auth(user, password),
        None => all,
    })
}

/// The encodings that the sender decodes itself, besides those that this module decodes; may be
/// empty.
fn offered_encodings(request: &Request) -> &str {
    let offered = request.headers.get(ACCEPT_ENCODING.as_str());
    offered.unwrap_or_default()
}

fn to_reqwest(
    client: &reqwest::Client,
    request: Request,
) -> Result<reqwest::Request, TransportError> {
    check_url(&request.url)?;
    check_headers(&request.headers)?;
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    };
    let encodings = match offered_encodings(&request) {
        "" => encoding::ACCEPTED.to_owned(),
        offered => format!("{offered}, {}", encoding::ACCEPTED),
    };
    let mut builder = client
        .request(method, &request.url)
        .timeout(request.timeout)
        .header(ACCEPT_ENCODING, encodings);
    let is_set = |name: &str| name.eq_ignore_ascii_case(ACCEPT_ENCODING.as_str());
    for (name, value) in request.headers.iter().filter(|(name, _)| !is_set(name)) {
        builder = builder.header(name, value);
    }
    if !request.body.is_empty() {
        builder = builder.body(request.body);
    }
    builder.build().map_err(unusable)
}

/// The HTTP library's own message contains neither the URL nor a remedy.
fn check_url(url: &str) -> Result<(), TransportError> {
    let unusable = |problem: &dyn fmt::Display| {
        TransportError::unusable(format!(
            "expected a URL such as https://host/path, found {} ({problem}); check the URLs in the \
             options",
            shown(address::shown_without_file(url))
        ))
    };
    match Url::parse(url) {
        Ok(parsed) if parsed.has_host() => Ok(()),
        Ok(_) => Err(unusable(&"no host")),
        Err(problem) => Err(unusable(&problem)),
    }
}

/// Converts the headers. The SDK key and the service's name come from the caller.
fn check_headers(headers: &Headers) -> Result<(), TransportError> {
    let is_forbidden = |c: char| c.is_ascii_control() && c != '\t';
    let Some((name, value)) = (headers.iter()).find(|(_, value)| value.contains(is_forbidden))
    else {
        return Ok(());
    };
    let what = match name {
        KEY_HEADER => "the SDK key; check where it is read from, and trim it",
        "x-request-service" => "the option `service_name`",
        _ => "a header",
    };
    let found = value.chars().find(|c| is_forbidden(*c)).unwrap_or_default();
    Err(TransportError::unusable(format!(
        "expected one line of text, found the character {found:?} in {what}"
    )))
}

fn readable_headers(response: &reqwest::Response) -> Headers {
    let headers = response.headers().iter();
    headers
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?)))
        .collect()
}

async fn read_body(
    mut response: reqwest::Response,
    limit: Duration,
    max_bytes: usize,
) -> Result<Bytes, TransportError> {
    let too_large = TransportError::TooLarge { limit: max_bytes };
    let announced = response.content_length().unwrap_or(0);
    if announced > max_bytes as u64 {
        return Err(too_large);
    }
    let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| to_transport_error(error, limit))?
    {
        if body.len() + chunk.len() > max_bytes {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

async fn run_off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TransportError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(TransportError::connection)
}

fn unusable(error: reqwest::Error) -> TransportError {
    TransportError::unusable(error.without_url())
}

fn to_transport_error(error: reqwest::Error, limit: Duration) -> TransportError {
    if error.is_timeout() && !error.is_connect() {
        return TransportError::TimedOut { limit };
    }
    if error.is_builder() {
        unusable(error)
    } else {
        // The URL contains the SDK key.
        TransportError::connection(error.without_url())
    }
}

#[cfg(test)]
mod tests;
