//! A transport that reports its requests.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument;

use crate::facts::{Fact, RequestEnded};
use crate::mask::{Masked, shown};
use crate::shared::Shared;
use crate::sources::http::DELTAS_HEADER;
use crate::targets;
use crate::transport::{
    self, BoxFuture, Request, Response, Transport, TransportError, address, retry,
};

/// Sends through another transport, and reports each request.
#[derive(Debug)]
pub(super) struct ObservedTransport {
    inner: Arc<dyn Transport>,
    shared: Arc<Shared>,
}

impl ObservedTransport {
    pub(super) fn new(inner: Arc<dyn Transport>, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }

    async fn send_and_tell(&self, request: Request) -> Result<Response, TransportError> {
        let shared = &self.shared;
        let endpoint = request.endpoint;
        let url = shown_url(&request.url, shared.identity.key.expose());
        let span = tracing::debug_span!(target: targets::NETWORK, "request", ?endpoint, url);
        let started_ms = shared.clock.now_ms();
        let started = Instant::now();
        let answer = transport::send(&*self.inner, request)
            .instrument(span.clone())
            .await;
        let duration = started.elapsed();
        let response = answer.as_ref().ok();
        let header = |name| response.and_then(|it| it.headers.get(name)).map(shown);
        let ended = RequestEnded {
            endpoint,
            url,
            started_ms,
            ended_ms: shared.clock.now_ms(),
            duration,
            status: response.map(|response| response.status),
            error: answer.as_ref().err().map(ToString::to_string),
            is_final: match &answer {
                Ok(response) => !retry::is_worth_retrying(response.status),
                Err(error) => matches!(error, TransportError::Unusable { .. }),
            },
            region: header("x-statsig-region"),
            content_type: header("content-type"),
            content_encoding: header("content-encoding"),
            deltas_used: header(DELTAS_HEADER).is_some(),
        };
        span.in_scope(|| {
            tracing::debug!(
                target: targets::NETWORK,
                status = ended.status,
                error = ended.error,
                ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
                "a request ended"
            );
        });
        shared.note(Fact::RequestEnded(ended));
        answer
    }
}

impl Transport for ObservedTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.send_and_tell(request))
    }
}

/// Without query and credentials, and with the key masked wherever it stands.
fn shown_url(url: &str, key: &str) -> String {
    Masked::new(key).shown(&address::shown_without_query(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_anything_secret() {
        let key = "secret-0123456789";
        assert_eq!(
            shown_url(
                "https://user:pw@h:80/v2/download_config_specs/secret-0123456789.json?k=secret-0123456789",
                key
            ),
            "https://h:80/v2/download_config_specs/*****"
        );
        assert_eq!(shown_url("nonsense", key), "nonsense");
    }
}
