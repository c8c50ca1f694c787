//! ID lists from the `get_id_lists` endpoint and the files that it names.

use bytes::Bytes;
use url::{Position, Url};

use super::{IdListFileRequest, IdListsAdapter, IdListsRequest};
use crate::sources::FetchError;
use crate::sources::http::exchange;
use crate::transport::origin::{KeyOrigins, origin_of};
use crate::transport::service::Service;
use crate::transport::{BoxFuture, Endpoint, Method, Request, Response};

/// The base URL of Statsig's manifests. The SDK key follows.
pub(crate) const STATSIG_MANIFEST_URL: &str = "https://api.statsigcdn.com/v1/get_id_lists";
/// Statsig's host that reads the range from the query, because caches between use the URL as the
/// key.
const STATSIG_CDN: &str = "https://api.statsigcdn.com";

/// Downloads ID lists.
#[derive(Debug)]
pub(crate) struct HttpIdLists {
    service: Service,
    /// The URL in the options, or Statsig's.
    manifest_url: Option<String>,
    /// Replaces the scheme and host of the files.
    file_api: Option<String>,
    falls_back: bool,
    /// The origins that receive the SDK key. A manifest may name any host for its files.
    key_origins: KeyOrigins,
}

impl HttpIdLists {
    /// Requests the manifest from `manifest_url`, if it is set; with `falls_back`, from Statsig if
    /// that fails. Requests the files from the host `file_api`, if it is set. `trusted` are the
    /// URLs in the options, whose origins receive the SDK key.
    pub(crate) fn new(
        service: Service,
        manifest_url: Option<String>,
        falls_back: bool,
        file_api: Option<String>,
        trusted: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut key_origins = KeyOrigins::statsigs();
        for url in manifest_url.iter().cloned().chain(trusted) {
            key_origins.add(&url);
        }
        let is_other = |url: &String| !url.contains(STATSIG_MANIFEST_URL);
        Self {
            service,
            falls_back: falls_back && manifest_url.as_ref().is_some_and(is_other),
            manifest_url,
            file_api,
            key_origins,
        }
    }

    fn manifest_request(&self, url: String, request: &IdListsRequest) -> Request {
        let is_statsigs = url.starts_with(STATSIG_MANIFEST_URL);
        let method = if is_statsigs {
            Method::Get
        } else {
            Method::Post
        };
        (self.service)
            .request(Endpoint::IdLists, method, url)
            .timeout(request.limit)
            .max_response_bytes(request.max_bytes)
    }

    fn file_request(&self, request: &IdListFileRequest) -> Request {
        let mut url = file_url(&request.url, self.file_api.as_deref());
        let origin = origin_of(&url);
        let is_statsigs = origin.is_some() && origin == origin_of(STATSIG_CDN);
        let is_apis = |api: &str| origin.is_some() && origin == origin_of(api);
        let may_have_key =
            self.file_api.as_deref().is_some_and(is_apis) || self.key_origins.admit(&url);
        let (identity, now_ms) = (&self.service.identity, self.service.now_ms());
        let mut headers = if may_have_key {
            identity.headers(now_ms)
        } else {
            identity.headers_without_key(now_ms)
        };
        if !is_statsigs {
            headers.add("range", format!("bytes={}-", request.start));
            headers.add("statsig-id-list-file-size", request.size.to_string());
        } else if request.start > 0 {
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{separator}range={}-", request.start));
        }
        Request::new(Endpoint::IdListFile, Method::Get, url)
            .headers(headers)
            .timeout(request.limit)
            .max_response_bytes(request.max_bytes)
    }
}

impl IdListsAdapter for HttpIdLists {
    fn manifest(&self, request: &IdListsRequest) -> BoxFuture<'_, Result<Bytes, FetchError>> {
        let request = request.clone();
        Box::pin(async move {
            let key = self.service.identity.key.expose();
            let statsigs = || format!("{STATSIG_MANIFEST_URL}/{key}.json");
            let get =
                async |url| exchange(&self.service, self.manifest_request(url, &request)).await;
            let url = self.manifest_url.clone().unwrap_or_else(statsigs);
            match get(url).await {
                Err(error) if self.falls_back && error.is_temporary() => {
                    tracing::debug!(target: crate::targets::SYNC, %error, "no manifest of ID lists, asking Statsig's API");
                    get(statsigs()).await
                }
                answer => answer,
            }
            .map(|response| response.body)
        })
    }

    fn file(&self, request: &IdListFileRequest) -> BoxFuture<'_, Result<Bytes, FetchError>> {
        let (sent, start, size) = (self.file_request(request), request.start, request.size);
        Box::pin(async move { part_of(exchange(&self.service, sent).await?, start, size) })
    }

    fn uses_network(&self) -> bool {
        true
    }
}

/// The URL of the manifest, or its path and query at another API.
fn file_url(url: &str, api: Option<&str>) -> String {
    let Some(api) = api else {
        return url.to_owned();
    };
    let api = api.trim_end_matches('/');
    // A manifest may contain only a path.
    let base = Url::parse(STATSIG_CDN).ok();
    match Url::options().base_url(base.as_ref()).parse(url) {
        // Without a host, what follows the scheme is no path, and could change the host of the API.
        Ok(url) if url.has_host() => format!("{api}{}", &url[Position::BeforePath..]),
        Ok(_) | Err(_) => format!("{api}/"),
    }
}

/// The bytes of a file from `start`, taken from a response. The file has at least `size` bytes.
///
/// If a response states its position, it must begin at `start`. A response without a position that
/// is as long as the whole file comes from a server without ranges. Appending it would count bytes
/// twice.
fn part_of(response: Response, start: u64, size: u64) -> Result<Bytes, FetchError> {
    let content_range = response.headers.get("content-range");
    match content_range.and_then(range_start) {
        Some(found) if found != start => Err(FetchError::other(format!(
            "expected a part from byte {start}, found one from byte {found}"
        ))),
        None if start > 0 && response.status == 200 && response.body.len() as u64 >= size => {
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            Ok(response.body.slice(start.min(response.body.len())..))
        }
        _ => Ok(response.body),
    }
}

/// The start of `bytes 10-19/20`. A number that is too large never matches a request.
fn range_start(content_range: &str) -> Option<u64> {
    let range = content_range.trim().strip_prefix("bytes")?.trim_start();
    let start = range.split_once('-')?.0.trim();
    let is_number = !start.is_empty() && start.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| start.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_urls_keep_path_and_query_byte_for_byte() {
        let url = "https://api.statsigcdn.com/v1/download_id_list_file/3%2Fa?sv=1&sig=a%2Bb";
        let cases = [
            (None, url.to_owned()),
            (
                Some("http://proxy:8000"),
                "http://proxy:8000/v1/download_id_list_file/3%2Fa?sv=1&sig=a%2Bb".to_owned(),
            ),
            (
                Some("http://proxy/lists/"),
                "http://proxy/lists/v1/download_id_list_file/3%2Fa?sv=1&sig=a%2Bb".to_owned(),
            ),
        ];
        for (api, expected) in cases {
            assert_eq!(file_url(url, api), expected);
        }
        let at_proxy = |url| file_url(url, Some("http://proxy"));
        assert_eq!(at_proxy("https://h"), "http://proxy/");
        assert_eq!(at_proxy("/v1/file?sig=a"), "http://proxy/v1/file?sig=a");
    }

    #[test]
    fn a_manifest_cannot_lead_the_request_to_another_host_than_the_apis() {
        for url in [
            "x:@evil.com/f",
            "x:.evil.com/f",
            "data:@evil.com",
            "https://evil.com:99999/f",
            "https://evil.123/f",
            "https://user@evil.com/f",
            "//evil.com/f",
            "",
        ] {
            let sent = file_url(url, Some("http://proxy"));
            assert_eq!(
                origin_of(&sent),
                origin_of("http://proxy"),
                "{url} -> {sent}"
            );
        }
    }

    fn part(start: u64, response: Response) -> Result<Bytes, FetchError> {
        part_of(response, start, 20)
    }

    fn response(status: u16, range: Option<&str>, body: &'static str) -> Response {
        let headers = range.map(|range| ("content-range", range));
        Response::new(status, body).headers(headers.into_iter().collect())
    }

    #[test]
    fn a_part_that_begins_elsewhere_is_refused() {
        let cases = [
            (206, Some("bytes 10-19/20"), Some("+pmWkWSBC\n")),
            (206, Some("bytes 0-9/20"), None),
            (200, Some("bytes 12-19/20"), None),
            (206, Some("bytes 99999999999999999999999-5/-1"), None),
            (206, Some("nonsense"), Some("+pmWkWSBC\n")),
            (206, None, Some("+pmWkWSBC\n")),
        ];
        for (status, range, expected) in cases {
            let part = part(10, response(status, range, "+pmWkWSBC\n"));
            assert_eq!(
                part.ok().as_deref(),
                expected.map(str::as_bytes),
                "{range:?}"
            );
        }
    }

    #[test]
    fn a_server_without_ranges_is_not_applied_twice() {
        let whole = || response(200, None, "+2Tv4fIVX\n+pmWkWSBC\n");
        assert_eq!(&*part(10, whole()).unwrap(), b"+pmWkWSBC\n");
        assert_eq!(part(0, whole()).unwrap().len(), 20);
        // A response shorter than the file is a part, with any status.
        let short = response(200, None, "+pmWkWSBC\n");
        assert_eq!(&*part(10, short).unwrap(), b"+pmWkWSBC\n");
    }
}
