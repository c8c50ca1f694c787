//! Accepts connections, closes idle ones, and closes a connection without an answer.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use http_body_util::BodyExt;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use crate::activity::Activity;
use crate::limits::{IDLE_LIMIT, MAX_REQUEST_HEAD_BYTES, SHUTDOWN_DEADLINE};

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The interval at which a waiting connection looks for another one to close.
const ROOM_PAUSE: Duration = Duration::from_millis(100);

/// The connection of a request; an extension of every request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection(Arc<Notify>);

impl Connection {
    /// Closes the socket without an answer to the request. The caller is dropped while it awaits
    /// this.
    pub(crate) async fn close<T>(self) -> T {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// Serves up to `limit` connections at a time. For a further one, the connection with the lowest
/// [rank](Activity::rank) is closed. If none can be closed, the new one waits.
///
/// Accepts until `stop` becomes true or its sender is dropped. Then open requests have until the
/// deadline to finish. Dropping the future closes all connections at once.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    mut stop: watch::Receiver<bool>,
    limit: usize,
) {
    let mut connections = JoinSet::new();
    let mut open: HashMap<Id, Arc<Activity>> = HashMap::new();
    let mut waiting: Option<TcpStream> = None;
    let for_connections = stop.clone();
    loop {
        let has_room = waiting.is_some() && (open.len() < limit || make_room(&mut open));
        if let Some(stream) = waiting.take_if(|_| has_room) {
            let activity = Activity::new();
            let served = serve_one(
                stream,
                app.clone(),
                Arc::clone(&activity),
                for_connections.clone(),
            );
            open.insert(connections.spawn(served).id(), activity);
        }
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(ended) = connections.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                open.remove(&id);
            }
            accepted = listener.accept(), if waiting.is_none() => match accepted {
                Ok((stream, _)) => waiting = Some(stream),
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            () = tokio::time::sleep(ROOM_PAUSE), if waiting.is_some() => {}
        }
    }
    drop((listener, waiting));
    let all_done = async { while connections.join_next().await.is_some() {} };
    // Dropping the set closes the connections that are open after the deadline.
    let _ = tokio::time::timeout(SHUTDOWN_DEADLINE, all_done).await;
}

/// Closes the connection with the lowest rank, if there is one.
fn make_room(open: &mut HashMap<Id, Arc<Activity>>) -> bool {
    let ranked = open
        .iter()
        .filter_map(|(id, activity)| Some((activity.rank()?, *id)));
    let Some((_, id)) = ranked.min_by_key(|(rank, _)| *rank) else {
        return false;
    };
    if let Some(activity) = open.remove(&id) {
        activity.shed.notify_one();
    }
    true
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is dropped. This stops the server, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn serve_one<I>(io: I, app: Router, activity: Arc<Activity>, mut stop: watch::Receiver<bool>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handle = Connection::default();
    let router = TowerToHyperService::new(app.layer(Extension(handle.clone())));
    let service = service_fn(|request| {
        let busy = activity.begin();
        let answer = router.call(request);
        async move {
            // The request ends when the body of its answer is dropped, and `busy` with it.
            let answer = answer.await;
            answer.map(|response| {
                response.map(|body| {
                    body.map_frame(move |frame| {
                        let _busy = &busy;
                        frame
                    })
                })
            })
        }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().max_buf_size(MAX_REQUEST_HEAD_BYTES);
    let mut connection = pin!(server.serve_connection(TokioIo::new(io), service));
    let mut is_ending = false;
    loop {
        // While a request is in progress, this is the time of the next check: the request may have
        // ended by then.
        let next_look = activity
            .idle_until()
            .unwrap_or_else(|| Instant::now() + IDLE_LIMIT);
        tokio::select! {
            biased;
            () = handle.0.notified() => return,
            () = stopped(&mut stop), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = activity.shed.notified() => {
                // A request may have begun since the check.
                if activity.rank().is_some() {
                    return;
                }
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            // An error means that the client closed the connection, or that a fault was injected.
            _ = connection.as_mut() => return,
            () = tokio::time::sleep_until(next_look) => {
                if activity.idle_until().is_some_and(|end| end <= Instant::now()) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;
    use crate::limits::{FIRST_REQUEST_LIMIT, LONG_REQUEST};

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    const SLOW_REQUEST: &[u8] = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
    /// Long enough for a busy machine; nothing waits for it to pass.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// Answers `/` at once. For `/slow` it first notifies `begun`, then waits for `go_on`.
    #[derive(Clone, Default)]
    struct Slow {
        begun: Arc<Notify>,
        go_on: Arc<Notify>,
    }

    impl Slow {
        fn app(&self) -> Router {
            let slow = self.clone();
            let wait = async move || {
                slow.begun.notify_one();
                slow.go_on.notified().await;
            };
            Router::new()
                .route("/", get(async || ()))
                .route("/slow", get(wait))
        }
    }

    async fn start(app: Router, limit: usize) -> (SocketAddr, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(listener, app, stopped, limit));
        (address, stop)
    }

    async fn is_answered(stream: &mut (impl AsyncRead + Unpin)) -> bool {
        let read = async {
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).await.unwrap_or(0) == 0 {
                    return false;
                }
                answer.extend(byte);
            }
            answer.starts_with(b"HTTP/1.1 200")
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("an answer, or the end of the connection")
    }

    async fn asks(stream: &mut TcpStream) -> bool {
        stream.write_all(REQUEST).await.is_ok() && is_answered(stream).await
    }

    #[tokio::test]
    async fn a_connection_beyond_the_limit_takes_the_place_of_the_one_that_is_idle_longest() {
        let (address, _stop) = start(Slow::default().app(), 3).await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut first = TcpStream::connect(address).await.unwrap();
        assert!(asks(&mut first).await);
        let mut second = TcpStream::connect(address).await.unwrap();
        assert!(asks(&mut second).await);

        let mut third = TcpStream::connect(address).await.unwrap();
        assert!(asks(&mut third).await);
        assert!(!is_answered(&mut silent).await, "closed");
        assert!(asks(&mut first).await, "not the longest idle");

        let mut fourth = TcpStream::connect(address).await.unwrap();
        assert!(asks(&mut fourth).await);
        assert!(!is_answered(&mut second).await, "closed");
        assert!(asks(&mut first).await && asks(&mut third).await);
    }

    #[tokio::test]
    async fn a_connection_beyond_the_limit_waits_for_requests_that_are_being_answered() {
        let slow = Slow::default();
        let (address, _stop) = start(slow.app(), 1).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(SLOW_REQUEST).await.unwrap();
        slow.begun.notified().await;

        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        slow.go_on.notify_one();
        assert!(is_answered(&mut first).await);
        assert!(is_answered(&mut second).await);
        assert!(!is_answered(&mut first).await, "closed");
    }

    /// A connection without a socket, for a clock that is paused.
    fn connect(app: Router) -> (DuplexStream, Arc<Activity>, watch::Sender<bool>) {
        let (client, io) = tokio::io::duplex(1024);
        let activity = Activity::new();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve_one(io, app, Arc::clone(&activity), stopped));
        (client, activity, stop)
    }

    /// How long it takes until the server closes.
    async fn closes_after(mut stream: DuplexStream) -> Duration {
        let begin = Instant::now();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
        begin.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_whole_first_request_is_closed() {
        for sent in [&b""[..], b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n"] {
            let (mut client, _activity, _stop) = connect(Slow::default().app());
            client.write_all(sent).await.unwrap();
            let after = closes_after(client).await;
            assert_eq!(after.as_secs(), FIRST_REQUEST_LIMIT.as_secs());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_no_more_is_closed() {
        let (mut client, _activity, _stop) = connect(Slow::default().app());
        for _ in 0..2 {
            client.write_all(REQUEST).await.unwrap();
            assert!(is_answered(&mut client).await);
            tokio::time::sleep(IDLE_LIMIT / 2).await;
        }
        client.write_all(REQUEST).await.unwrap();
        assert!(is_answered(&mut client).await);
        client.write_all(b"GET / HT").await.unwrap();
        assert_eq!(closes_after(client).await.as_secs(), IDLE_LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_may_last_but_is_spared_only_for_a_time() {
        let slow = Slow::default();
        let (mut client, activity, _stop) = connect(slow.app());
        client.write_all(SLOW_REQUEST).await.unwrap();
        slow.begun.notified().await;
        assert!(activity.rank().is_none());
        tokio::time::sleep(LONG_REQUEST).await;
        assert!(
            activity.rank() > Activity::new().rank(),
            "idle ones go first"
        );

        tokio::time::sleep(3 * IDLE_LIMIT).await;
        slow.go_on.notify_one();
        assert!(is_answered(&mut client).await);
    }
}
