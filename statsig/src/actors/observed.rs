//! A transport that takes note of what goes through it.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument;

use crate::mask::{Masked, shown};
use crate::observability::facts::{Endpoint, Fact, RequestEnded};
use crate::options::StatsigOptions;
use crate::shared::Shared;
use crate::sources::http::DELTAS_HEADER;
use crate::targets;
use crate::transport::{
    self, BoxFuture, Request, Response, Transport, TransportError, address, retry,
};

/// Sends through another transport, and tells how that went.
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
        let endpoint = endpoint_of(&request.url, &shared.options);
        let url = shown_url(&request.url, shared.identity.key.expose());
        let span = tracing::debug_span!(target: targets::NETWORK, "request", ?endpoint, url);
        let started_ms = shared.clock.now_ms();
        let started = Instant::now();
        let answer = transport::send(&*self.inner, request)
            .instrument(span.clone())
            .await;
        let duration = started.elapsed();
        let mut ended = RequestEnded {
            endpoint,
            url,
            started_ms,
            ended_ms: shared.clock.now_ms(),
            duration,
            status: None,
            error: None,
            is_final: false,
            region: None,
            content_type: None,
            content_encoding: None,
            deltas_used: false,
        };
        match &answer {
            Ok(response) => {
                let header = |wanted: &str| {
                    let headers = response.headers.iter();
                    headers
                        .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
                        .map(|(_, value)| shown(value))
                        .next()
                };
                ended.status = Some(response.status);
                ended.is_final = !retry::is_worth_retrying(response.status);
                ended.region = header("x-statsig-region");
                ended.content_type = header("content-type");
                ended.content_encoding = header("content-encoding");
                ended.deltas_used = header(DELTAS_HEADER).is_some();
            }
            Err(error) => {
                ended.error = Some(error.to_string());
                ended.is_final = matches!(error, TransportError::Unusable { .. });
            }
        }
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

fn endpoint_of(url: &str, options: &StatsigOptions) -> Endpoint {
    let path = without_query(url);
    if url == &*options.log_event_url || path.ends_with("/log_event") {
        Endpoint::Events
    } else if path.starts_with(without_query(&options.specs_url))
        || path.contains("/download_config_specs")
    {
        Endpoint::Specs
    } else if path.contains("/get_id_lists") {
        Endpoint::IdLists
    } else if path.contains("/download_id_list_file") {
        Endpoint::IdListFile
    } else {
        Endpoint::Other
    }
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// Without query and credentials, and with the key masked, whatever it looks like.
fn shown_url(url: &str, key: &str) -> String {
    Masked::new(key).shown(&address::shown(without_query(url)))
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

    #[test]
    fn endpoints_are_known_by_their_paths_and_by_the_options() {
        let options = StatsigOptions::builder()
            .specs_url("https://proxy/specs")
            .log_event_url("https://proxy/events?x=1")
            .build()
            .unwrap();
        let cases = [
            (
                "https://proxy/specs/secret-k.json?sinceTime=1",
                Endpoint::Specs,
            ),
            (
                "https://h/v1/download_config_specs/secret-k.json",
                Endpoint::Specs,
            ),
            ("https://proxy/events?x=1", Endpoint::Events),
            ("https://h/v1/get_id_lists/secret-k.json", Endpoint::IdLists),
            (
                "https://h/v1/download_id_list_file/abc?sig=x",
                Endpoint::IdListFile,
            ),
            ("https://h/else", Endpoint::Other),
        ];
        for (url, endpoint) in cases {
            assert_eq!(endpoint_of(url, &options), endpoint, "{url}");
        }
    }
}
