//! Events of client SDKs in web pages.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::write::GzEncoder;
use hyper::Method;
use serde_json::json;
use statsig_local::{Endpoint, Fault, LocalStatsig};

use crate::client::{HttpResponse, send};

const ORIGIN: (&str, &str) = ("origin", "http://shop.localhost:3000");
/// A browser sends this, too: the page and this server are different sites.
const SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
const QUERY: &str =
    "/v1/rgstr?k=client-key&st=javascript-client&sv=3.33.5&t=1767225600000&sid=s&ec=1";

fn body(name: &str) -> String {
    json!({"events": [{"eventName": name, "time": 0, "user": {"userID": "a"}}],
        "statsigMetadata": {"sdkType": "javascript-client"}})
    .to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What `btoa(text).split("").reverse().join("")` gives in a browser.
fn reversed_base64(text: &str) -> Vec<u8> {
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    STANDARD.encode(bytes).bytes().rev().collect()
}

async fn local() -> LocalStatsig {
    let builder = LocalStatsig::builder().allowed_origin("http://shop.localhost:3000/");
    builder.start().await.unwrap()
}

async fn post(local: &LocalStatsig, path: &str, body: impl Into<bytes::Bytes>) -> HttpResponse {
    let answer = send(local, Method::POST, path, &[ORIGIN, SITE], body).await;
    answer.unwrap()
}

#[tokio::test]
async fn a_browser_may_send_the_headers_of_a_client_sdk_for_an_allowed_page() {
    let local = local().await;
    let asked = [
        ORIGIN,
        SITE,
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "statsig-event-count,statsig-sdk-type",
        ),
    ];
    let answer = send(&local, Method::OPTIONS, QUERY, &asked, "")
        .await
        .unwrap();
    assert_eq!(answer.status, 204);
    for (header, value) in [
        ("access-control-allow-origin", ORIGIN.1),
        ("access-control-allow-methods", "POST"),
        (
            "access-control-allow-headers",
            "statsig-event-count,statsig-sdk-type",
        ),
        ("vary", "origin"),
    ] {
        assert_eq!(answer.header(header), Some(value), "{header}");
    }
    assert!(local.events().is_empty());
}

#[tokio::test]
async fn events_of_an_allowed_page_are_received_however_they_are_packed() {
    let local = local().await;
    let reversed = reversed_base64(&body("caf\u{e9}"));
    for (name, packing, body) in [
        ("plain", "", body("plain").into_bytes()),
        ("gzip", "&gz=1", gzip(body("gzip").as_bytes())),
        ("caf\u{e9}", "&se=1", reversed.clone()),
        ("caf\u{e9}", "&se=1&gz=1", gzip(&reversed)),
    ] {
        let answer = post(&local, &format!("{QUERY}{packing}"), body).await;
        assert_eq!(answer.status, 202, "{name}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN.1));
        assert_eq!(local.events().pop().unwrap().name(), name);
    }
    let requests = local.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.endpoint() == Some(Endpoint::LogEvent))
    );
    assert_eq!(local.batches()[0].metadata["sdkType"], "javascript-client");
}

#[tokio::test]
async fn a_page_sees_the_status_of_a_failure() {
    let local = local().await;
    local
        .inject(Endpoint::LogEvent, Fault::status(503).times(1))
        .unwrap();
    for (packing, status) in [("", 503), ("&gz=1", 400), ("&se=1", 400)] {
        let answer = post(&local, &format!("{QUERY}{packing}"), body("a")).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN.1));
    }
}

#[tokio::test]
async fn an_allowed_page_reads_and_changes_nothing_else() {
    let local = local().await;
    for (method, path) in [
        (Method::GET, "/v2/download_config_specs/key.json"),
        (Method::GET, "/v1/get_id_lists"),
        (Method::GET, "/_local/events"),
        (Method::OPTIONS, "/_local/events"),
        (Method::DELETE, "/_local/events"),
        (Method::PUT, "/_local/faults"),
    ] {
        let answer = send(&local, method.clone(), path, &[ORIGIN], "")
            .await
            .unwrap();
        assert_eq!(answer.status, 403, "{method} {path}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert!(local.requests().is_empty());
}

#[tokio::test]
async fn a_page_of_another_origin_logs_nothing_and_the_answer_says_what_allows_it() {
    let local = local().await;
    for origin in [
        "http://shop.localhost:3001",
        "https://shop.localhost:3000",
        "null",
    ] {
        let headers = [("origin", origin)];
        let answer = send(&local, Method::POST, QUERY, &headers, body("a"))
            .await
            .unwrap();
        assert_eq!(answer.status, 403);
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert!(
            answer.json()["message"]
                .as_str()
                .unwrap()
                .contains("--allow-origin")
        );
    }
    assert!(local.events().is_empty());
}
