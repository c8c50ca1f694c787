//! Requests to `v1/user_enrichment`.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use url::Url;

use super::EnrichFailure;
use crate::cause::Cause;
use crate::transport::service::Service;
use crate::transport::{Endpoint, Method, address, retry};
use crate::user::StatsigUser;

/// The time for both attempts, unless the caller sets another.
const DEFAULT_LIMIT: Duration = Duration::from_millis(200);
/// The limit of an answer: a user is in few lists.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Asks which ID lists a user is in.
#[derive(Debug)]
pub(crate) struct Enrichment {
    service: Service,
    /// From the options, so it may receive the SDK key.
    url: String,
}

#[derive(Deserialize)]
struct Answer {
    id_lists: HashMap<String, BTreeSet<String>>,
}

impl Enrichment {
    /// Asks at `url`, or by default at the API that serves the specs.
    pub(crate) fn new(service: Service, url: Option<&str>, specs_url: &str) -> Self {
        Self {
            service,
            url: url.map_or_else(|| url_beside(specs_url), str::to_owned),
        }
    }

    /// The user with the memberships of all its IDs. Two attempts share the limit.
    pub(crate) async fn enrich(
        &self,
        user: &StatsigUser,
        limit: Option<Duration>,
    ) -> Result<StatsigUser, EnrichFailure> {
        let lookups = user.id_list_lookups();
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let started = Instant::now();
        let mut found = if lookups.is_empty() {
            HashMap::new()
        } else {
            match self.ask(&lookups, limit / 2).await {
                Err(failure) if failure.is_temporary() => {
                    let left = limit.saturating_sub(started.elapsed());
                    self.ask(&lookups, left).await?
                }
                answer => answer?,
            }
        };
        let memberships = lookups.into_iter().map(|lookup| {
            // An ID that the answer leaves out is in no list.
            let lists = found.remove(&lookup).unwrap_or_default();
            (lookup, lists)
        });
        Ok(user.to_builder().id_list_memberships(memberships).build())
    }

    async fn ask(
        &self,
        lookups: &BTreeSet<String>,
        limit: Duration,
    ) -> Result<HashMap<String, BTreeSet<String>>, EnrichFailure> {
        let request = (self.service)
            .request(Endpoint::UserEnrichment, Method::Post, &self.url)
            .header("content-type", "application/json")
            .header("content-encoding", "gzip")
            .body(body(lookups).map_err(unreadable)?)
            .timeout(limit)
            .max_response_bytes(MAX_ANSWER_BYTES);
        let response = self.service.send(request).await?;
        if !retry::is_success(response.status) {
            let status = response.status;
            return Err(EnrichFailure::Status { status });
        }
        let answer: Answer = serde_json::from_slice(&response.body).map_err(unreadable)?;
        Ok(answer.id_lists)
    }
}

fn unreadable(error: impl Into<Box<dyn Error + Send + Sync>>) -> EnrichFailure {
    EnrichFailure::Unreadable {
        source: Cause::new(error),
    }
}

fn body(lookups: &BTreeSet<String>) -> io::Result<Bytes> {
    let question = json!({ "id_list_lookups": lookups });
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    write!(gzip, "{question}")?;
    Ok(gzip.finish()?.into())
}

/// `v1/user_enrichment` at the API of this specs URL.
fn url_beside(specs_url: &str) -> String {
    let Ok(mut url) = Url::parse(specs_url) else {
        // The options reject such a URL, and so does the transport.
        return specs_url.to_owned();
    };
    let path = url.path().trim_end_matches('/').to_owned();
    let segments: Vec<_> = path.split('/').collect();
    let is_version = |segment: &&str| address::is_version(segment);
    let version = segments.iter().rposition(is_version);
    let kept = version.unwrap_or_else(|| segments.len().saturating_sub(1));
    let base = segments.get(..kept).unwrap_or_default().join("/");
    url.set_path(&format!("{base}/v1/user_enrichment"));
    url.set_query(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_goes_where_the_specs_come_from() {
        let cases = [
            (
                "https://api.statsigcdn.com/v2/download_config_specs",
                "https://api.statsigcdn.com/v1/user_enrichment",
            ),
            (
                "http://proxy:8000/v1/download_config_specs/",
                "http://proxy:8000/v1/user_enrichment",
            ),
            (
                "http://h/statsig/v2/download_config_specs?region=eu",
                "http://h/statsig/v1/user_enrichment",
            ),
            ("http://h/specs", "http://h/v1/user_enrichment"),
            ("http://h", "http://h/v1/user_enrichment"),
        ];
        for (specs_url, expected) in cases {
            assert_eq!(url_beside(specs_url), expected, "{specs_url}");
        }
    }

    #[test]
    fn only_what_another_attempt_can_change_is_worth_one() {
        for status in [408, 500, 502, 503, 302] {
            assert!(EnrichFailure::Status { status }.is_temporary(), "{status}");
        }
        for status in [400, 401, 403, 404, 413, 429, 499] {
            assert!(!EnrichFailure::Status { status }.is_temporary(), "{status}");
        }
    }
}
