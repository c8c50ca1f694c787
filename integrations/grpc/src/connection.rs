//! The connection to a forward proxy. Only this file uses tonic.

use std::fmt::{self, Debug};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use statsig::Cause;
use statsig::transport::{BoxFuture, Masked};
use tonic::client::Grpc;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::messages::{ConfigSpecRequest, ConfigSpecResponse, STREAM_CONFIG_SPEC};
use crate::proxy::{EXPECTED_ADDRESS, GrpcForwardProxy, Tls};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The time limit of opening a stream: connection, encryption, and the proxy's answer.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// How long an open stream may be silent. A proxy sends a heartbeat every 30 s.
pub(crate) const SILENCE_LIMIT: Duration = Duration::from_secs(75);
/// How often TCP and HTTP/2 check that the proxy is alive.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long the proxy may take to answer this check.
const KEEP_ALIVE_LIMIT: Duration = Duration::from_secs(20);
/// How much larger a message may be than the specs in it.
const MESSAGE_OVERHEAD_BYTES: usize = 1_024;
/// The longest pause that a proxy can request.
const MAX_ASKED_PAUSE: Duration = Duration::from_secs(300);

/// Why a stream could not be opened, or broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamProblem {
    #[error("the forward proxy cannot be connected to: {problem}")]
    Unconnected { problem: String },
    #[error("expected {what} in the file {path}, found none ({problem})")]
    File {
        what: &'static str,
        path: String,
        problem: String,
    },
    #[error("the forward proxy answers {code}: {message}")]
    Status {
        code: String,
        message: String,
        /// The proxy requests that the client opens no stream for this time.
        pause: Duration,
    },
    #[error("the forward proxy accepted no stream within {} s", OPEN_LIMIT.as_secs())]
    NotOpened,
    #[error("expected a message of the forward proxy within {} s, found none", SILENCE_LIMIT.as_secs())]
    Silent,
    #[error("the forward proxy ended the stream")]
    Ended,
}

/// Opens streams.
pub(crate) trait Opener: Debug + Send + Sync + 'static {
    /// Opens a stream for a client that uses specs of this time. No message may exceed `max_bytes`.
    fn open(
        &self,
        since_time: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Box<dyn Messages>, StreamProblem>>;
}

/// An open stream.
pub(crate) trait Messages: Send {
    /// Waits for the next message: specs as JSON, or the answer that there are no newer specs.
    fn next(&mut self) -> BoxFuture<'_, Result<Bytes, StreamProblem>>;
}

/// Opens streams from a forward proxy, each on a connection of its own.
pub(crate) struct ProxyConnections {
    pub(crate) proxy: GrpcForwardProxy,
    pub(crate) sdk_key: Arc<str>,
}

impl Debug for ProxyConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyConnections")
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

impl ProxyConnections {
    async fn open_stream(
        &self,
        since_time: u64,
        max_bytes: usize,
    ) -> Result<Box<dyn Messages>, StreamProblem> {
        let proxy = self.proxy.clone();
        let endpoint = tokio::task::spawn_blocking(move || endpoint(&proxy))
            .await
            .map_err(|_| StreamProblem::Ended)??;
        let channel = endpoint.connect().await.map_err(unconnected)?;
        let mut grpc = Grpc::new(channel)
            .max_decoding_message_size(max_bytes.saturating_add(MESSAGE_OVERHEAD_BYTES));
        grpc.ready().await.map_err(unconnected)?;
        let request = ConfigSpecRequest::new(&self.sdk_key, since_time);
        let codec = ProstCodec::<ConfigSpecRequest, ConfigSpecResponse>::default();
        let path = PathAndQuery::from_static(STREAM_CONFIG_SPEC);
        let response = grpc
            .server_streaming(Request::new(request), path, codec)
            .await
            .map_err(|status| status_problem(&status, &self.sdk_key))?;
        Ok(Box::new(ProxyStream {
            messages: response.into_inner(),
            sdk_key: self.sdk_key.clone(),
        }))
    }
}

impl Opener for ProxyConnections {
    fn open(
        &self,
        since_time: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Box<dyn Messages>, StreamProblem>> {
        Box::pin(async move {
            tokio::time::timeout(OPEN_LIMIT, self.open_stream(since_time, max_bytes))
                .await
                .unwrap_or(Err(StreamProblem::NotOpened))
        })
    }
}

struct ProxyStream {
    messages: Streaming<ConfigSpecResponse>,
    sdk_key: Arc<str>,
}

impl Messages for ProxyStream {
    fn next(&mut self) -> BoxFuture<'_, Result<Bytes, StreamProblem>> {
        Box::pin(async {
            match self.messages.message().await {
                Ok(Some(response)) => Ok(response.spec),
                Ok(None) => Err(StreamProblem::Ended),
                Err(status) => Err(status_problem(&status, &self.sdk_key)),
            }
        })
    }
}

/// The endpoint of the proxy. Blocks while it reads the certificates.
fn endpoint(proxy: &GrpcForwardProxy) -> Result<Endpoint, StreamProblem> {
    let url = (proxy.usable_url()).ok_or_else(|| StreamProblem::Unconnected {
        problem: format!("expected {EXPECTED_ADDRESS}"),
    })?;
    let is_encrypted = url.starts_with("https:");
    let endpoint = Endpoint::from_shared(url)
        .map_err(unconnected)?
        .connect_timeout(CONNECT_LIMIT)
        .tcp_keepalive(Some(KEEP_ALIVE_INTERVAL))
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_LIMIT)
        .keep_alive_while_idle(true);
    if !is_encrypted {
        return Ok(endpoint);
    }
    let tls = proxy.tls.clone().unwrap_or_default();
    endpoint.tls_config(tls_config(&tls)?).map_err(unconnected)
}

fn tls_config(tls: &Tls) -> Result<ClientTlsConfig, StreamProblem> {
    let mut config = match &tls.ca_certificate {
        Some(path) => {
            let authority = read_pem("a CA certificate", "CERTIFICATE", path)?;
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority))
        }
        None => ClientTlsConfig::new().with_native_roots(),
    };
    if let Some(name) = &tls.domain_name {
        config = config.domain_name(name);
    }
    if let Some(client) = &tls.client_certificate {
        let certificate = read_pem("a certificate", "CERTIFICATE", &client.certificate)?;
        let key = read_pem("a private key", "PRIVATE KEY", &client.key)?;
        config = config.identity(Identity::from_pem(certificate, key));
    }
    Ok(config)
}

/// Reads a PEM file and checks that it has a section of this kind.
fn read_pem(what: &'static str, section: &str, path: &Path) -> Result<Vec<u8>, StreamProblem> {
    let problem = |problem: String| StreamProblem::File {
        what,
        path: path.display().to_string(),
        problem,
    };
    let text = fs::read(path).map_err(|error| problem(error.to_string()))?;
    let end_of_header = format!("{section}-----");
    let has_section = text
        .windows(end_of_header.len())
        .any(|window| window == end_of_header.as_bytes());
    if has_section {
        Ok(text)
    } else {
        Err(problem(format!("no PEM section {section}")))
    }
}

/// tonic's errors say nothing without their causes.
fn unconnected(error: tonic::transport::Error) -> StreamProblem {
    StreamProblem::Unconnected {
        problem: Cause::new(error).to_string(),
    }
}

/// The message comes from the proxy, and may contain the key.
fn status_problem(status: &Status, sdk_key: &str) -> StreamProblem {
    StreamProblem::Status {
        code: format!("{:?}", status.code()),
        message: Masked::new(sdk_key).shown(status.message()),
        pause: asked_pause(status).unwrap_or_default(),
    }
}

/// The pause that the proxy requests in gRPC's form, or in HTTP's form, for example through a load
/// balancer.
fn asked_pause(status: &Status) -> Option<Duration> {
    let number = |name: &str| -> Option<u64> {
        let value = status.metadata().get(name)?;
        value.to_str().ok()?.trim().parse().ok()
    };
    let pause = number("grpc-retry-pushback-ms").map(Duration::from_millis);
    let pause = pause.or_else(|| number("retry-after").map(Duration::from_secs));
    Some(pause?.min(MAX_ASKED_PAUSE))
}

impl StreamProblem {
    /// The pause that the proxy requests.
    pub(crate) fn asked_pause(&self) -> Duration {
        match self {
            Self::Status { pause, .. } => *pause,
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_missing_or_no_certificate_is_named() {
        let proxy = GrpcForwardProxy::new("http://h").tls("/nowhere/ca.pem");
        let problem = endpoint(&proxy).unwrap_err().to_string();
        assert!(
            problem
                .starts_with("expected a CA certificate in the file /nowhere/ca.pem, found none"),
            "{problem}"
        );
        let own_source = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let proxy = GrpcForwardProxy::new("http://h").tls(own_source);
        let problem = endpoint(&proxy).unwrap_err().to_string();
        assert!(problem.contains("no PEM section CERTIFICATE"), "{problem}");
        let without_authority = GrpcForwardProxy::new("http://h").client_certificate("a", "b");
        assert!(endpoint(&without_authority).is_err());
    }

    #[test]
    fn a_status_does_not_repeat_the_key() {
        let key = "secret-0123456789";
        let status = Status::permission_denied("unknown key secret-0123456789");
        let problem = status_problem(&status, key).to_string();
        assert_eq!(
            problem,
            "the forward proxy answers PermissionDenied: unknown key *****"
        );
    }

    #[test]
    fn a_pause_is_asked_for_in_the_metadata_and_has_a_limit() {
        let cases = [
            (Some(("grpc-retry-pushback-ms", "2500")), 2_500),
            (Some(("retry-after", "120")), 120_000),
            (Some(("retry-after", "86400")), 300_000),
            (Some(("grpc-retry-pushback-ms", "-1")), 0),
            (Some(("retry-after", "soon")), 0),
            (None, 0),
        ];
        for (header, expected) in cases {
            let mut status = Status::resource_exhausted("too many streams");
            if let Some((name, value)) = header {
                status.metadata_mut().insert(name, value.parse().unwrap());
            }
            let problem = status_problem(&status, "secret-0123456789");
            let expected = Duration::from_millis(expected);
            assert_eq!(problem.asked_pause(), expected, "{header:?}");
        }
    }
}
