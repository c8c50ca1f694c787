//! A small HTTP client that records what a client receives, including broken answers.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use statsig::testing::Specs;
use statsig_local::LocalStatsig;
use tokio::net::TcpStream;

#[derive(Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The received part of the body.
    pub(crate) received: Vec<u8>,
    /// The error that ended the body, if there was one.
    pub(crate) broken: Option<hyper::Error>,
}

impl HttpResponse {
    pub(crate) fn bytes(&self) -> &[u8] {
        assert!(self.broken.is_none(), "{self:?}");
        &self.received
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.bytes()).expect("a JSON body")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Sends a request on a new connection. An error means that there was no answer.
pub(crate) async fn send(
    local: &LocalStatsig,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<HttpResponse, hyper::Error> {
    let stream = TcpStream::connect(local.address()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path);
    if headers.iter().all(|(name, _)| *name != "host") {
        request = request.header("host", local.address().to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    let response = sender.send_request(request).await?;
    let (parts, mut body) = response.into_parts();
    let (mut received, mut broken) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => received.extend_from_slice(frame.data_ref().expect("no trailers")),
            Err(error) => broken = Some(error),
        }
    }
    drop(sender);
    let _ = connection.await;
    Ok(HttpResponse {
        status: parts.status,
        headers: parts.headers,
        received,
        broken,
    })
}

pub(crate) async fn get(local: &LocalStatsig, path: &str) -> HttpResponse {
    get_with(local, path, &[]).await
}

pub(crate) async fn get_with(
    local: &LocalStatsig,
    path: &str,
    headers: &[(&str, &str)],
) -> HttpResponse {
    send(local, Method::GET, path, headers, "").await.unwrap()
}

pub(crate) async fn post(local: &LocalStatsig, path: &str, body: impl Into<Bytes>) -> HttpResponse {
    send(local, Method::POST, path, &[], body).await.unwrap()
}

pub(crate) async fn start() -> LocalStatsig {
    LocalStatsig::builder().start().await.unwrap()
}

/// Specs with one gate.
pub(crate) fn specs(time: u64, gate: &str) -> String {
    Specs::new()
        .time(time)
        .gate(gate, |g| g)
        .to_json()
        .expect("valid specs")
}
