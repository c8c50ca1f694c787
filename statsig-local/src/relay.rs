//! The connection to an upstream: downloads while it exists, and forwards events.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use statsig::Statsig;
use statsig::transport::{Endpoint, HttpTransport, Method, Request, Transport};
use tokio::sync::watch;

use crate::hops::{self, Hop};
use crate::limits::{MAX_UPSTREAM_ANSWER_BYTES, UPSTREAM_LIMIT};

/// The headers that describe a batch of events.
const EVENT_HEADERS: [&str; 10] = [
    "content-encoding",
    "content-type",
    "statsig-api-key",
    "statsig-client-time",
    "statsig-event-count",
    "statsig-retry-count",
    "statsig-sdk-type",
    "statsig-sdk-version",
    "statsig-server-session-id",
    "x-request-service",
];

/// The connection to an upstream.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Downloads while it exists.
    _client: Statsig,
    has_lists: watch::Receiver<bool>,
    transport: HttpTransport,
    log_event_url: String,
    hop: Hop,
}

impl Relay {
    pub(crate) fn new(
        client: Statsig,
        has_lists: watch::Receiver<bool>,
        log_event_url: String,
    ) -> Self {
        Self {
            _client: client,
            has_lists,
            transport: HttpTransport::default(),
            log_event_url,
            hop: Hop::new(),
        }
    }

    /// Whether the upstream has sent the manifest of ID lists.
    pub(crate) fn has_lists(&self) -> bool {
        *self.has_lists.borrow()
    }

    /// Forwards events and returns the upstream's answer. Returns 502 if there is no answer, and
    /// 508 if the events have passed through this server before.
    pub(crate) async fn forward(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        body: Bytes,
    ) -> Response {
        let Some(hops) = self.hop.following(headers) else {
            return StatusCode::LOOP_DETECTED.into_response();
        };
        let headers = EVENT_HEADERS.into_iter().filter_map(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((name, value))
        });
        // A client SDK describes its events there.
        let url = match query {
            Some(query) => format!("{}?{query}", self.log_event_url),
            None => self.log_event_url.clone(),
        };
        let request = Request::new(Endpoint::Events, Method::Post, &url)
            .headers(headers.collect())
            .header(hops::HEADER, hops)
            .body(body)
            .timeout(UPSTREAM_LIMIT)
            .max_response_bytes(MAX_UPSTREAM_ANSWER_BYTES);
        match self.transport.send(request).await {
            Ok(answer) => {
                let status = StatusCode::from_u16(answer.status);
                let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
                let mut response = (status, answer.body).into_response();
                for (name, value) in answer.headers.iter() {
                    // The other headers describe the connection that ends here.
                    let name = match name {
                        "content-type" => header::CONTENT_TYPE,
                        "retry-after" => header::RETRY_AFTER,
                        _ => continue,
                    };
                    if let Ok(value) = value.parse() {
                        response.headers_mut().insert(name, value);
                    }
                }
                response
            }
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}
