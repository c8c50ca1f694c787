//! A service on a real socket with a configured behaviour.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// The treatment of a request.
#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    /// Answers with these bytes.
    Answer(Vec<u8>),
    /// Sends these bytes, and then resets the connection.
    Reset(Vec<u8>),
    /// Sends these bytes, and then nothing more.
    Stall(Vec<u8>),
    /// Answers with the bytes if the request authenticates to the proxy, and refuses it otherwise.
    DemandAuth {
        authorization: String,
        answer: Vec<u8>,
    },
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    tls: Option<Arc<ServerConfig>>,
    requests: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// A socket that has an address but does not listen: it refuses connections.
    deaf: Option<TcpSocket>,
}

impl Server {
    /// A server that refuses connections until it is [opened](Self::open).
    pub(crate) fn refusing(behaviour: Behaviour) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Self {
            address: socket.local_addr().unwrap(),
            state: Arc::new(Mutex::new(State {
                behaviour,
                tls: None,
                requests: Vec::new(),
            })),
            deaf: Some(socket),
        }
    }

    pub(crate) fn open(&mut self) {
        let listener = self.deaf.take().unwrap().listen(64).unwrap();
        tokio::spawn(listen(listener, Arc::clone(&self.state)));
    }

    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let mut server = Self::refusing(behaviour);
        server.open();
        server
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.state().behaviour = behaviour;
    }

    /// Uses TLS for connections from now on.
    pub(crate) fn use_tls(&self, config: ServerConfig) {
        self.state().tls = Some(Arc::new(config));
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let tls = lock(&state).tls.clone();
            match tls {
                // A failed handshake ends the connection.
                Some(config) => {
                    if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                        talk(stream, &state).await;
                    }
                }
                None => {
                    if let Some(stream) = talk(stream, &state).await {
                        reset(&stream);
                    }
                }
            }
        });
    }
}

/// Answers until the client closes the connection. Returns the stream if it must be reset.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, state: &Mutex<State>) -> Option<S> {
    let mut received = Vec::new();
    loop {
        let mut chunk = [0; 4_096];
        match stream.read(&mut chunk).await {
            Ok(length @ 1..) => received.extend_from_slice(&chunk[..length]),
            _ => return None,
        }
        let text = String::from_utf8_lossy(&received).into_owned();
        // Requests for specs have no body.
        if !text.ends_with("\r\n\r\n") {
            continue;
        }
        received.clear();
        let behaviour = {
            let mut state = lock(state);
            state.requests.push(text.clone());
            state.behaviour.clone()
        };
        match behaviour {
            Behaviour::Answer(bytes) => stream.write_all(&bytes).await.ok()?,
            Behaviour::Reset(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                // Lets the bytes out before the reset.
                tokio::task::yield_now().await;
                return Some(stream);
            }
            Behaviour::Stall(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                std::future::pending::<()>().await;
            }
            Behaviour::DemandAuth {
                authorization,
                answer,
            } => {
                let wanted = format!("proxy-authorization: {authorization}\r\n");
                let bytes = if text
                    .to_ascii_lowercase()
                    .contains(&wanted.to_ascii_lowercase())
                {
                    answer
                } else {
                    response(
                        "407 Proxy Authentication Required",
                        "proxy-authenticate: Basic\r\n",
                        b"",
                    )
                };
                stream.write_all(&bytes).await.ok()?;
            }
        }
    }
}

fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// A complete response.
pub(crate) fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

pub(crate) fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    response("200 OK", headers, body)
}

pub(crate) fn gzipped(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
