//! Streams specs over gRPC, as a forward proxy does.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::Frame;
use prost::Message;
use tokio::sync::{mpsc, watch};

use crate::limits::{HEARTBEAT_INTERVAL, MAX_BODY_BYTES};
use crate::shared::Shared;
use crate::specs::{NO_UPDATES, ServedSpecs};

/// The path of the method `StreamConfigSpec`.
pub(crate) const PATH: &str = "/statsig_forward_proxy.StatsigForwardProxy/StreamConfigSpec";

/// The size of the prefix of each message: a compression flag and the length.
const PREFIX_BYTES: usize = 5;

#[derive(Clone, PartialEq, Message)]
struct ConfigSpecRequest {
    #[prost(string, tag = "1")]
    sdk_key: String,
    #[prost(uint64, optional, tag = "12")]
    since_time: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct ConfigSpecResponse {
    /// A string on the wire.
    #[prost(bytes = "bytes", tag = "1")]
    spec: Bytes,
    #[prost(uint64, tag = "2")]
    last_updated: u64,
}

/// The gRPC statuses that the server sends.
const INVALID_ARGUMENT: &str = "3";
const UNAUTHENTICATED: &str = "16";

/// Sends the specs, or that the client already has the newest ones. From then on, sends every
/// change. Between changes it sends heartbeats.
pub(crate) async fn stream_specs(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let Some(asked) = read(request.into_body()).await else {
        let expected = "expected one ConfigSpecRequest, uncompressed";
        return refused(INVALID_ARGUMENT, expected);
    };
    if !shared.serves(&asked.sdk_key) {
        return refused(UNAUTHENTICATED, "Unauthorized");
    }
    let (sender, frames) = mpsc::channel(1);
    tokio::spawn(send(sender, shared.specs.subscribe(), asked.since_time));
    let grpc = (header::CONTENT_TYPE, "application/grpc");
    ([grpc], Body::new(Frames(frames))).into_response()
}

async fn read(body: Body) -> Option<ConfigSpecRequest> {
    let body = axum::body::to_bytes(body, MAX_BODY_BYTES).await.ok()?;
    let (prefix, message) = body.split_at_checked(PREFIX_BYTES)?;
    let is_compressed = prefix.first() != Some(&0);
    if is_compressed {
        return None;
    }
    ConfigSpecRequest::decode(message).ok()
}

fn refused(status: &'static str, message: &'static str) -> Response {
    let headers = [
        ("content-type", "application/grpc"),
        ("grpc-status", status),
        ("grpc-message", message),
    ];
    headers.into_response()
}

async fn send(
    frames: mpsc::Sender<Bytes>,
    mut specs: watch::Receiver<Arc<ServedSpecs>>,
    since_time: Option<u64>,
) {
    let first = Arc::clone(&specs.borrow_and_update());
    let mut message = if first.is_newer_than(since_time) {
        specs_message(&first)
    } else {
        heartbeat()
    };
    drop(first);
    while frames.send(framed(&message)).await.is_ok() {
        message = tokio::select! {
            () = frames.closed() => return,
            changed = specs.changed() => match changed {
                Ok(()) => specs_message(&specs.borrow_and_update()),
                // The server has stopped.
                Err(_) => return,
            },
            () = tokio::time::sleep(HEARTBEAT_INTERVAL) => heartbeat(),
        };
    }
}

fn specs_message(specs: &ServedSpecs) -> ConfigSpecResponse {
    ConfigSpecResponse {
        spec: specs.text.clone(),
        last_updated: specs.summary.time,
    }
}

fn heartbeat() -> ConfigSpecResponse {
    ConfigSpecResponse {
        spec: Bytes::from_static(NO_UPDATES.as_bytes()),
        last_updated: 0,
    }
}

fn framed(message: &ConfigSpecResponse) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + length);
    frame.put_u8(0);
    // The limit of specs is far lower.
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    // The buffer grows, so encoding cannot fail.
    let _ = message.encode(&mut frame);
    frame.freeze()
}

/// A body that ends when all senders are dropped.
struct Frames(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.0.poll_recv(context);
        next.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
