//! A server on loopback that answers each kind of request with any bytes, even if they are not
//! HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The kind of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Route {
    Specs,
    Manifest,
    /// A file of an ID list.
    File,
    Events,
    /// The target of redirects.
    Elsewhere,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Sends these bytes and keeps the connection open.
    Bytes(Arc<[u8]>),
    /// Sends these bytes and closes the connection.
    Close(Arc<[u8]>),
    /// Sends these bytes and resets the connection.
    Reset(Arc<[u8]>),
    /// Sends these bytes, and then nothing more.
    Stall(Arc<[u8]>),
    /// Sends the first bytes, and then repeats the second ones until the client closes the
    /// connection.
    Endless(Arc<[u8]>, Arc<[u8]>),
    /// Sends the bytes slowly, one by one.
    Drip(Arc<[u8]>),
    /// Sends this text, and then the head of the request as the body.
    Echo(&'static str),
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) route: Route,
    /// The request line and the headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    answers: BTreeMap<Route, Answer>,
    requests: Vec<Request>,
}

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        tokio::spawn(listen(listener, Arc::clone(&server.state)));
        server
    }

    pub(crate) fn set(&self, route: Route, answer: Answer) {
        lock(&self.state).answers.insert(route, answer);
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn count(&self, route: Route) -> usize {
        let state = lock(&self.state);
        let requests = state.requests.iter();
        requests.filter(|request| request.route == route).count()
    }

    /// Returns the received requests and forgets them.
    pub(crate) fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut lock(&self.state).requests)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        tokio::spawn(async move { talk(stream, &state).await });
    }
}

/// Answers until the client closes the connection, or an answer ends it.
async fn talk(mut stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut received = Vec::new();
    loop {
        let request = next_request(&mut stream, &mut received).await?;
        let head = request.head.clone();
        let answer = {
            let mut state = lock(state);
            let answer = state.answers.get(&request.route).cloned();
            state.requests.push(request);
            answer.unwrap_or_else(|| {
                Answer::Bytes(bytes(
                    b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
                ))
            })
        };
        match answer {
            Answer::Bytes(bytes) => stream.write_all(&bytes).await.ok()?,
            Answer::Close(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                return stream.shutdown().await.ok();
            }
            Answer::Reset(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                // Lets the bytes out before the reset.
                tokio::task::yield_now().await;
                return stream.set_zero_linger().ok();
            }
            Answer::Stall(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                std::future::pending::<()>().await;
            }
            Answer::Endless(first, then) => {
                stream.write_all(&first).await.ok()?;
                loop {
                    stream.write_all(&then).await.ok()?;
                }
            }
            Answer::Drip(bytes) => {
                for byte in bytes.iter() {
                    stream.write_all(&[*byte]).await.ok()?;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            Answer::Echo(before) => {
                let bytes = ok("", format!("{before}{head}").as_bytes());
                stream.write_all(&bytes).await.ok()?;
            }
        }
    }
}

async fn next_request(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]).into_owned();
            let length = head.to_lowercase().lines().find_map(|line| {
                let length = line.strip_prefix("content-length:")?;
                length.trim().parse::<usize>().ok()
            });
            let (from, to) = (end + 4, end + 4 + length.unwrap_or(0));
            if received.len() >= to {
                let body = received[from..to].to_vec();
                received.drain(..to);
                let route = route(head.lines().next().unwrap_or_default());
                return Some(Request { route, head, body });
            }
        }
        let mut chunk = [0; 16 * 1024];
        match stream.read(&mut chunk).await {
            Ok(length @ 1..) => received.extend_from_slice(&chunk[..length]),
            _ => return None,
        }
    }
}

fn route(line: &str) -> Route {
    let routes = [
        ("/download_config_specs", Route::Specs),
        ("/get_id_lists", Route::Manifest),
        ("/lists/", Route::File),
        ("/log_event", Route::Events),
    ];
    let known = routes.iter().find(|(path, _)| line.contains(path));
    known.map_or(Route::Elsewhere, |(_, route)| *route)
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

pub(crate) fn bytes(bytes: impl AsRef<[u8]>) -> Arc<[u8]> {
    bytes.as_ref().into()
}

/// An answer with exactly these bytes.
pub(crate) fn raw(bytes: impl AsRef<[u8]>) -> Answer {
    Answer::Bytes(self::bytes(bytes))
}

/// A body with the content type of JSON.
pub(crate) fn json(body: impl AsRef<[u8]>) -> Answer {
    raw(ok("content-type: application/json\r\n", body.as_ref()))
}

/// An answer with this status and these headers. Each header ends with a line break.
pub(crate) fn status(status: &str, headers: &str) -> Answer {
    raw(response(status, headers, b"no specs here"))
}

/// A body with this encoding in its header. The body may have another encoding.
pub(crate) fn encoded(encoding: &str, body: &[u8]) -> Answer {
    raw(ok(&format!("content-encoding: {encoding}\r\n"), body))
}

pub(crate) fn gzipped(plain: &[u8]) -> Vec<u8> {
    use std::io::Write;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
