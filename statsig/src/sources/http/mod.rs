//! Specs from the `download_config_specs` endpoint.

#[cfg(feature = "proto")]
pub(crate) mod binary;

use url::Url;

#[cfg(feature = "proto")]
use super::deltas::DeltaMode;
use super::{FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
#[cfg(feature = "proto")]
use crate::facts::FactSink;
use crate::results::SpecsSource;
use crate::text::SharedStr;
use crate::transport::service::Service;
use crate::transport::{BoxFuture, Endpoint, Method, Request, Response, address, retry};

/// The response header whose presence marks the specs as a difference.
pub(crate) const DELTAS_HEADER: &str = "x-deltas-used";

/// Downloads specs as JSON.
///
/// By default it requests JSON alone. It then sends neither `supports_proto` nor the `statsig-br`
/// encoding, because both announce a reader of the [binary form](Self::reading_binary).
#[derive(Debug)]
pub(crate) struct HttpSpecs {
    service: Service,
    base_url: String,
    source_api: Option<SharedStr>,
    #[cfg(feature = "proto")]
    binary: Option<binary::Binary>,
}

impl HttpSpecs {
    /// `base_url` goes up to and including `download_config_specs`.
    pub(crate) fn new(service: Service, base_url: &str) -> Self {
        Self {
            service,
            base_url: base_url.to_owned(),
            source_api: source_api(base_url).map(SharedStr::from),
            #[cfg(feature = "proto")]
            binary: None,
        }
    }

    /// Also reads the service's binary form. `deltas` decides when to request deltas; `facts`
    /// receives the results of the checksums.
    #[cfg(feature = "proto")]
    pub(crate) fn reading_binary(mut self, deltas: Option<DeltaMode>, facts: FactSink) -> Self {
        self.binary = Some(binary::Binary::new(deltas, facts));
        self
    }

    fn request(&self, request: &SpecsRequest) -> Request {
        let url = specs_url(&self.base_url, self.service.identity.key.expose(), request);
        (self.service)
            .request(Endpoint::Specs, Method::Get, url)
            .timeout(request.limit)
            .max_response_bytes(request.max_bytes)
    }

    fn payload(&self, response: Response) -> SpecsPayload {
        let deltas_used = response.headers.get(DELTAS_HEADER).is_some();
        SpecsPayload {
            source_api: self.source_api.clone(),
            deltas_used,
            ..SpecsPayload::new(response.body)
        }
    }
}

impl SpecsAdapter for HttpSpecs {
    fn source(&self) -> SpecsSource {
        SpecsSource::Network
    }

    fn fetch(&self, request: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        #[cfg(feature = "proto")]
        if let Some(binary) = &self.binary {
            return Box::pin(self.fetch_binary(binary, request.clone()));
        }
        let request = self.request(request);
        Box::pin(async move { Ok(self.payload(exchange(&self.service, request).await?)) })
    }

    fn uses_network(&self) -> bool {
        true
    }
}

/// The response to a request, if its status is a success.
pub(super) async fn exchange(service: &Service, request: Request) -> Result<Response, FetchError> {
    let response = service.send(request).await?;
    if retry::is_success(response.status) {
        Ok(response)
    } else {
        Err(FetchError::Status {
            status: response.status,
            retry_after: retry::retry_after(&response.headers, service.now_ms()),
        })
    }
}

/// `{base}/{key}.json?sinceTime=…&checksum=…`, for a base that may end in slashes or have a query
/// of its own.
fn specs_url(base: &str, key: &str, request: &SpecsRequest) -> String {
    let Ok(mut url) = Url::parse(base) else {
        // The options reject such a base, and so does the transport.
        return base.to_owned();
    };
    url.set_path(&format!("{}/{key}.json", url.path().trim_end_matches('/')));
    if request.since_time > 0 {
        let time = request.since_time.to_string();
        url.query_pairs_mut().append_pair("sinceTime", &time);
    }
    if let Some(checksum) = request.checksum.as_deref().filter(|text| !text.is_empty()) {
        url.query_pairs_mut().append_pair("checksum", checksum);
    }
    url.into()
}

/// `scheme://host[:port]`, and `/v<digits>` if the path begins with it.
fn source_api(base: &str) -> Option<String> {
    let url = address::parse_http(base)?;
    let origin = url.origin().ascii_serialization();
    let first = url.path_segments()?.next();
    Some(match first.filter(|segment| address::is_version(segment)) {
        Some(version) => format!("{origin}/{version}"),
        None => origin,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::clock::SystemClock;
    use crate::transport::identity::{Identity, SdkKey};
    use crate::transport::{Transport, TransportError};

    fn request(since_time: u64, checksum: Option<&str>) -> SpecsRequest {
        SpecsRequest {
            since_time,
            checksum: checksum.map(SharedStr::from),
            limit: Duration::from_secs(3),
            max_bytes: 100,
            is_background: true,
        }
    }

    #[test]
    fn urls_say_what_is_known() {
        let base = "https://api.statsigcdn.com/v2/download_config_specs";
        let cases = [
            (base, request(0, None), ".json"),
            (base, request(17, None), ".json?sinceTime=17"),
            (
                base,
                request(17, Some("85066")),
                ".json?sinceTime=17&checksum=85066",
            ),
            (base, request(0, Some("")), ".json"),
            (
                base,
                request(0, Some("a+b/c=")),
                ".json?checksum=a%2Bb%2Fc%3D",
            ),
        ];
        for (base, request, end) in cases {
            assert_eq!(
                specs_url(base, "secret-k", &request),
                format!("{base}/secret-k{end}")
            );
        }
    }

    #[derive(Debug)]
    struct Delta(&'static [(&'static str, &'static str)]);

    impl Transport for Delta {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
            let response = Response::new(200, "").headers(self.0.iter().copied().collect());
            Box::pin(async { Ok(response) })
        }
    }

    #[tokio::test]
    async fn a_header_of_any_value_marks_a_difference() {
        let cases: [(&'static [_], bool); 3] = [
            (&[("etag", "5")], false),
            (&[("x-deltas-used", "true")], true),
            (&[("x-deltas-used", "false")], true),
        ];
        for (headers, expected) in cases {
            let service = Service {
                transport: Arc::new(Delta(headers)),
                clock: Arc::new(SystemClock),
                identity: Identity {
                    key: SdkKey::new("secret-k"),
                    session_id: String::new(),
                    service_name: None,
                },
            };
            let http = HttpSpecs::new(service, "http://h/v2/x");
            let payload = http.fetch(&request(0, None)).await.unwrap();
            assert_eq!(payload.deltas_used, expected);
            assert_eq!(payload.source_api.as_deref(), Some("http://h/v2"));
        }
    }

    #[test]
    fn bases_are_normalised() {
        let known = request(5, None);
        assert_eq!(
            specs_url("http://h/specs//", "secret-k", &known),
            "http://h/specs/secret-k.json?sinceTime=5"
        );
        assert_eq!(
            specs_url("http://h/specs?x=1", "secret-k", &known),
            "http://h/specs/secret-k.json?x=1&sinceTime=5"
        );
    }

    #[test]
    fn the_source_api_is_host_and_version() {
        let cases = [
            (
                "https://api.statsigcdn.com/v2/download_config_specs",
                Some("https://api.statsigcdn.com/v2"),
            ),
            (
                "http://127.0.0.1:8080/download_config_specs",
                Some("http://127.0.0.1:8080"),
            ),
            ("http://u:p@h/v12/x?k=1", Some("http://h/v12")),
            ("http://h/version/x", Some("http://h")),
            ("http://h/v", Some("http://h")),
            ("http://h?x", Some("http://h")),
            (
                "HTTPS://Proxy.Internal:443/v1/x",
                Some("https://proxy.internal/v1"),
            ),
            ("http:///v2", None),
            ("nonsense", None),
        ];
        for (base, expected) in cases {
            assert_eq!(source_api(base).as_deref(), expected, "{base}");
        }
    }
}
