//! Events over HTTP: every encoding, refusals, waiting and the control endpoints.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::client::{get, post, send, start};
use hyper::Method;
use serde_json::json;
use statsig_local::LocalStatsig;

const PATH: &str = "/v1/log_event";

fn batch(names: &[&str]) -> String {
    let events: Vec<_> = names
        .iter()
        .map(|name| json!({"eventName": name, "value": 1, "time": 0, "user": {"userID": "u"}}))
        .collect();
    json!({"events": events, "statsigMetadata": {"sdkType": "test"}}).to_string()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn events_are_received_plain_and_compressed() {
    let printed = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&printed);
    let local = LocalStatsig::builder()
        .on_event(move |event| lines.lock().unwrap().push(event.to_string()))
        .start()
        .await
        .unwrap();
    let zstd = zstd::encode_all(batch(&["d"]).as_bytes(), 12).unwrap();
    for (encoding, body) in [
        ("identity", batch(&["a", "b"]).into_bytes()),
        ("gzip", gzip(&batch(&["c"]))),
        ("zstd", zstd),
    ] {
        let headers = [("content-encoding", encoding), ("statsig-event-count", "1")];
        let answer = send(&local, Method::POST, PATH, &headers, body)
            .await
            .unwrap();
        assert_eq!(answer.status, 202, "{encoding}");
        assert_eq!(answer.json(), json!({ "success": true }));
    }

    let events = local.wait_for_events(4).await;
    let names: Vec<_> = events.iter().map(|event| event.name()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(events[2].user_id().as_deref(), Some("u"));
    assert_eq!(events[2].batch().metadata["sdkType"], "test");
    assert_eq!(printed.lock().unwrap()[3], "00:00:00.000Z d value=1 user=u");

    let batches = local.batches();
    let counts: Vec<_> = batches.iter().map(|batch| batch.event_count).collect();
    assert_eq!(counts, [2, 1, 1]);
    assert_eq!(batches[1].headers.get("content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn malformed_bodies_are_refused_as_a_whole() {
    let local = start().await;
    for (encoding, body, status, message) in [
        (
            "identity",
            "{".into(),
            400,
            "the body is not a batch of events",
        ),
        (
            "identity",
            r#"{"events":[{"eventName":"a"},{}]}"#.into(),
            400,
            "events[1] lacks `eventName`",
        ),
        ("gzip", batch(&["a"]), 400, "the body is not valid gzip"),
        ("zstd", batch(&["a"]), 400, "the body is not valid zstd"),
        (
            "br",
            batch(&["a"]),
            415,
            "content-encoding `br` is not supported",
        ),
    ] {
        let headers = [("content-encoding", encoding)];
        let answer = send(&local, Method::POST, PATH, &headers, body.clone())
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{body}");
        let answer = answer.json();
        assert_eq!(answer["success"], false);
        assert!(
            answer["message"].as_str().unwrap().starts_with(message),
            "{answer}"
        );
    }
    assert!(local.events().is_empty());
    assert!(local.batches().is_empty());
}

#[tokio::test]
async fn waiting_ends_with_the_last_event_and_starts_over_after_clearing() {
    let local = start().await;
    let (events, answer) = tokio::join!(local.wait_for_events(2), async {
        post(&local, PATH, batch(&["a"])).await;
        post(&local, PATH, batch(&["b"])).await
    });
    assert_eq!(answer.status, 202);
    assert_eq!(events.len(), 2);

    local.clear_events();
    assert!(local.events().is_empty());
    let (events, _) = tokio::join!(local.wait_for_events(1), post(&local, PATH, batch(&["c"])));
    assert_eq!(events[0].name(), "c");
}

#[tokio::test]
async fn events_can_be_listed_and_cleared_over_http() {
    let local = start().await;
    post(&local, PATH, batch(&["a"])).await;
    let listed = get(&local, "/_local/events").await.json();
    assert_eq!(listed["forgotten"], 0);
    assert_eq!(listed["events"][0]["batch"], 1);
    assert_eq!(listed["events"][0]["event"]["eventName"], "a");

    let cleared = send(&local, Method::DELETE, "/_local/events", &[], "")
        .await
        .unwrap();
    assert_eq!(cleared.status, 204);
    assert_eq!(
        get(&local, "/_local/events").await.json()["events"],
        json!([])
    );
}
