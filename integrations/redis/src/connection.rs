//! One connection to Redis, for one operation at a time. It limits the size and the time of each
//! answer, and cannot be used after the first failure.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, RedisError};
use rustls_platform_verifier::BuilderVerifierExt;
use statsig::sources::DataStoreError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::ServerName;

/// The time limit of connecting: name lookup, socket, encryption and greeting.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// How long Redis may send nothing before an answer is complete.
const SILENCE_LIMIT: Duration = Duration::from_secs(2);
/// The time limit of a complete answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How many bytes an answer may have besides a value.
const SMALL_ANSWER_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Connection {
    inner: MultiplexedConnection,
    /// `None` if the client library made the connection.
    traffic: Option<Arc<Traffic>>,
    driver: Option<AbortHandle>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
    }
}

impl Connection {
    /// A new connection.
    pub(super) async fn open(client: &Client) -> Result<Self, DataStoreError> {
        // Timers and sockets panic without a runtime.
        tokio::runtime::Handle::try_current()
            .map_err(|_| DataStoreError::failed("expected a tokio runtime, found none"))?;
        let opened = timeout(CONNECT_LIMIT, connect(client)).await;
        opened.unwrap_or_else(|_| Err(late("a connection", CONNECT_LIMIT)))
    }

    /// Sends a command whose answer may contain a value of up to `value_bytes`. Drop the connection
    /// after a failure.
    pub(super) async fn ask<T: FromRedisValue>(
        &mut self,
        command: &Cmd,
        value_bytes: usize,
    ) -> Result<T, DataStoreError> {
        let traffic = self.traffic.clone();
        if let Some(traffic) = &traffic {
            traffic.allow(value_bytes.saturating_add(SMALL_ANSWER_BYTES));
        }
        let answer = in_time(command.query_async(&mut self.inner), traffic.as_deref());
        let answer = answer.await?.map_err(failed)?;
        if let Some(traffic) = &traffic {
            traffic.allow(0);
        }
        Ok(answer)
    }
}

async fn connect(client: &Client) -> Result<Connection, DataStoreError> {
    let info = client.get_connection_info();
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => greet(client, tcp(host, *port).await?).await,
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        } => {
            let server = ServerName::try_from(host.clone()).map_err(unconnected)?;
            let connector = TlsConnector::from(Arc::new(trusting_the_system()?));
            let stream = connector.connect(server, tcp(host, *port).await?).await;
            greet(client, stream.map_err(unconnected)?).await
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path).await;
            greet(client, stream.map_err(unconnected)?).await
        }
        // Only the client library knows the client's certificates.
        _ => by_the_library(client).await,
    }
}

async fn tcp(host: &str, port: u16) -> Result<TcpStream, DataStoreError> {
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(unconnected)?;
    stream.set_nodelay(true).map_err(unconnected)?;
    Ok(stream)
}

fn trusting_the_system() -> Result<ClientConfig, DataStoreError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(unconnected)?;
    let builder = builder.with_platform_verifier().map_err(unconnected)?;
    Ok(builder.with_no_client_auth())
}

/// Identifies the client, and chooses the database.
async fn greet(
    client: &Client,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<Connection, DataStoreError> {
    let traffic = Arc::new(Traffic::default());
    traffic.allow(SMALL_ANSWER_BYTES);
    let stream = Bounded {
        stream,
        traffic: Arc::clone(&traffic),
    };
    let settings = client.get_connection_info().redis_settings();
    let greeted = MultiplexedConnection::new_with_config(settings, stream, unlimited()).await;
    let (inner, driver) = greeted.map_err(failed)?;
    Ok(Connection {
        inner,
        traffic: Some(traffic),
        driver: Some(tokio::spawn(driver).abort_handle()),
    })
}

async fn by_the_library(client: &Client) -> Result<Connection, DataStoreError> {
    // The library uses the cryptography provider of the process, and panics without one.
    if CryptoProvider::get_default().is_none() {
        // This fails only when another thread has just installed a provider.
        let _ = ring::default_provider().install_default();
    }
    let config = unlimited();
    let connected = client.get_multiplexed_async_connection_with_config(&config);
    Ok(Connection {
        inner: connected.await.map_err(failed)?,
        traffic: None,
        driver: None,
    })
}

/// Turns off the limits of the client library: they would keep the connection open.
fn unlimited() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
}

/// Waits for an answer while bytes are read or written.
async fn in_time<T>(
    answer: impl Future<Output = T>,
    traffic: Option<&Traffic>,
) -> Result<T, DataStoreError> {
    let patient = async {
        let Some(traffic) = traffic else {
            return Ok(answer.await);
        };
        let mut answer = std::pin::pin!(answer);
        loop {
            let before = traffic.moved();
            match timeout(SILENCE_LIMIT, &mut answer).await {
                Ok(answer) => return Ok(answer),
                Err(_) if traffic.moved() != before => {}
                Err(_) => return Err(late("an answer", SILENCE_LIMIT)),
            }
        }
    };
    let answer = timeout(ANSWER_LIMIT, patient).await;
    answer.unwrap_or_else(|_| Err(late("a whole answer", ANSWER_LIMIT)))
}

pub(super) fn late(what: &str, limit: Duration) -> DataStoreError {
    DataStoreError::failed(format!(
        "expected {what} from Redis within {} s, found none",
        limit.as_secs()
    ))
}

fn unconnected(error: impl Error + Send + Sync + 'static) -> DataStoreError {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let mut problem = format!("Redis: {error}");
    problem.extend(causes.map(|cause| format!(": {cause}")));
    DataStoreError::failed(problem).with_source(error)
}

/// The text of the client library contains its causes.
fn failed(error: RedisError) -> DataStoreError {
    DataStoreError::failed(format!("Redis: {error}")).with_source(error)
}

/// Counts the bytes of a connection.
#[derive(Debug, Default)]
struct Traffic {
    /// How many more bytes may be read.
    allowed: AtomicUsize,
    /// How many bytes were read or written.
    moved: AtomicUsize,
}

impl Traffic {
    fn allow(&self, bytes: usize) {
        self.allowed.store(bytes, Ordering::Release);
    }

    fn moved(&self) -> usize {
        self.moved.load(Ordering::Relaxed)
    }

    /// Counts bytes that were read. Returns false if they exceed the limit.
    fn read(&self, bytes: usize) -> bool {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
        let spend = |allowed: usize| allowed.checked_sub(bytes);
        self.allowed
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, spend)
            .is_ok()
    }
}

/// A stream that fails when it reads more bytes than allowed.
struct Bounded<S> {
    stream: S,
    traffic: Arc<Traffic>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let bytes = buffer.filled().len().saturating_sub(before);
        if self.traffic.read(bytes) {
            return Poll::Ready(Ok(()));
        }
        let problem = "expected an answer of the length asked for, found more";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, problem)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.traffic.moved.fetch_add(written, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
