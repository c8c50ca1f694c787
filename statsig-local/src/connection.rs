//! Accepting connections, and closing one without an answer.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::limits::{MAX_REQUEST_HEAD_BYTES, SHUTDOWN_DEADLINE};

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The connection that a request came on; an extension of every request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection(Arc<Notify>);

impl Connection {
    /// Closes the socket; the request is never answered. The caller is dropped while it awaits this.
    pub(crate) async fn close<T>(self) -> T {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// Serves up to `limit` connections at a time; further ones wait to be accepted.
///
/// Accepts until `stop` turns true or its sender is gone, then lets open requests finish within the deadline.
/// Dropping the future closes everything at once.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    mut stop: watch::Receiver<bool>,
    limit: usize,
) {
    let mut connections = JoinSet::new();
    let for_connections = stop.clone();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < limit => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_one(stream, app.clone(), for_connections.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    // What is still open after the deadline is closed with the set.
    let _ = tokio::time::timeout(SHUTDOWN_DEADLINE, all_done).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which stops as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn serve_one(stream: TcpStream, app: Router, mut stop: watch::Receiver<bool>) {
    let handle = Connection::default();
    let service = TowerToHyperService::new(app.layer(Extension(handle.clone())));
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().max_buf_size(MAX_REQUEST_HEAD_BYTES);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    let mut is_stopping = false;
    loop {
        tokio::select! {
            biased;
            () = handle.0.notified() => return,
            () = stopped(&mut stop), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            // An error here is the client's going away or an injected fault.
            _ = connection.as_mut() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn ask(stream: &mut TcpStream) {
        let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
    }

    async fn is_answered(stream: &mut TcpStream) -> bool {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        answer == *b"HTTP/1.1 200"
    }

    #[tokio::test]
    async fn a_connection_beyond_the_limit_waits_for_another_to_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handled = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&handled);
        let handler = async move || {
            count.fetch_add(1, Ordering::SeqCst);
        };
        let app = Router::new().route("/", get(handler));
        let (_stop, stopped) = watch::channel(false);
        let server = tokio::spawn(serve(listener, app, stopped, 1));

        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        ask(&mut second).await;
        ask(&mut first).await;
        assert!(is_answered(&mut first).await);
        assert_eq!(handled.load(Ordering::SeqCst), 1);

        drop(first);
        assert!(is_answered(&mut second).await);
        server.abort();
    }
}
