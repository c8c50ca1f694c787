//! Web pages of other origins: which may log events, and the CORS headers that browsers need.

use std::collections::BTreeSet;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The paths of events: that of server SDKs, and that of client SDKs.
pub(crate) const EVENT_PATHS: [&str; 2] = ["/v1/log_event", "/v1/rgstr"];

/// How long a browser may remember an answer to a preflight request, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

/// The origins of pages that may log events. They may do nothing else.
#[derive(Debug, Default)]
pub(crate) struct Pages(BTreeSet<String>);

impl Pages {
    pub(crate) fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self(origins.into_iter().map(as_sent).collect())
    }

    pub(crate) fn include(&self, origin: &str) -> bool {
        self.0.contains(origin)
    }
}

/// An origin as browsers send it: no path, in lower case.
fn as_sent(origin: String) -> String {
    let parsed = origin.parse::<Uri>().ok();
    let parts = parsed
        .as_ref()
        .map(|uri| (uri.scheme_str(), uri.authority()));
    match parts {
        Some((Some(scheme), Some(authority))) => {
            format!("{scheme}://{authority}").to_ascii_lowercase()
        }
        _ => origin,
    }
}

/// Answers a request of an allowed page. A browser shows an answer to a page only if its headers
/// name the page's origin.
pub(crate) async fn answer(origin: HeaderValue, request: Request, next: Next) -> Response {
    let mut answer = if request.method() == Method::OPTIONS {
        preflight(request.headers())
    } else {
        next.run(request).await
    };
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    answer
}

/// Answers a preflight request: browsers send one, because client SDKs set custom headers.
fn preflight(asked: &HeaderMap) -> Response {
    let post = HeaderValue::from_static("POST");
    let age = HeaderValue::from_static(PREFLIGHT_SECONDS);
    let mut allowed = HeaderMap::new();
    allowed.insert(header::ACCESS_CONTROL_ALLOW_METHODS, post);
    allowed.insert(header::ACCESS_CONTROL_MAX_AGE, age);
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    (StatusCode::NO_CONTENT, allowed).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_may_be_given_as_an_address() {
        let pages = Pages::new(["http://LocalHost:3000/".to_owned(), "null".to_owned()]);
        assert!(pages.include("http://localhost:3000"));
        assert!(pages.include("null"));
        for other in [
            "http://localhost",
            "https://localhost:3000",
            "http://localhost:3001",
            "",
        ] {
            assert!(!pages.include(other), "{other}");
        }
    }
}
