//! Requests for other host names and from other origins.

use hyper::Method;
use serde_json::json;
use statsig_local::LocalStatsig;

use crate::client::{get, post, send, start};

const SPECS: &str = "/v2/download_config_specs/key.json";
const EVENT: &str = r#"{"events":[{"eventName":"a"}]}"#;
const FAULTS: &str = r#"{"faults": [{"endpoint": "specs", "fault": {"status": 503}}]}"#;
/// Requests that read or change something.
const REQUESTS: [(&Method, &str, &str); 8] = [
    (&Method::GET, SPECS, ""),
    (&Method::GET, "/v1/get_id_lists", ""),
    (&Method::GET, "/_local/events", ""),
    (&Method::GET, "/_local/requests", ""),
    (&Method::GET, "/nothing", ""),
    (&Method::POST, "/v1/log_event", EVENT),
    (&Method::PUT, "/_local/faults", FAULTS),
    (&Method::DELETE, "/_local/events", ""),
];

/// Sends every request with these headers. The server must refuse it, and it must have no effect.
async fn is_kept_out(local: &LocalStatsig, headers: &[(&str, &str)]) {
    post(local, "/v1/log_event", EVENT).await;
    let (events, requests) = (local.events().len(), local.requests().len());
    for (method, path, body) in REQUESTS {
        let answer = send(local, method.clone(), path, headers, body).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 403, "{method} {path} {headers:?}");
        assert_eq!(answer.json().get("success"), Some(&json!(false)));
    }
    assert_eq!(local.events().len(), events);
    assert_eq!(local.requests().len(), requests);
    let faults = get(local, "/_local/faults").await;
    assert_eq!(faults.json(), json!({"faults": []}));
}

#[tokio::test]
async fn a_page_that_rebinds_its_name_reads_and_changes_nothing() {
    let local = start().await;
    for host in [
        "attacker.example",
        "attacker.example:8765",
        "127.0.0.1.nip.example",
    ] {
        is_kept_out(&local, &[("host", host)]).await;
    }
}

#[tokio::test]
async fn a_page_of_another_origin_reads_and_changes_nothing() {
    let local = start().await;
    for header in [
        ("origin", "http://attacker.example"),
        ("origin", "http://localhost:3000"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        is_kept_out(&local, &[header]).await;
    }
    let own = format!("http://{}", local.address());
    for header in [("origin", own.as_str()), ("sec-fetch-site", "same-origin")] {
        let answer = send(&local, Method::DELETE, "/_local/events", &[header], "").await;
        assert_eq!(answer.unwrap().status, 204, "{header:?}");
    }
}

#[tokio::test]
async fn loopback_names_are_answered() {
    let local = start().await;
    for host in [
        "localhost",
        "localhost:1",
        "app.localhost",
        "127.0.0.2",
        "[::1]:80",
    ] {
        let answer = send(&local, Method::GET, SPECS, &[("host", host)], "").await;
        assert_eq!(answer.unwrap().status, 200, "{host}");
    }
}
