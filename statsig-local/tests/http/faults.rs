//! Tests of faults from a client's view.

use std::time::Duration;

use crate::client::{get, post, send, start};
use hyper::Method;
use serde_json::json;
use statsig_local::{Endpoint, Fault, LocalStatsig};
use tokio::time::Instant;

const SPECS: &str = "/v2/download_config_specs/key.json";
const EVENT: &str = r#"{"events":[{"eventName":"a"}]}"#;

async fn inject(fault: Fault) -> LocalStatsig {
    let local = start().await;
    local.inject(Endpoint::Specs, fault.clone()).unwrap();
    local.inject(Endpoint::LogEvent, fault).unwrap();
    local
}

#[tokio::test]
async fn a_status_replaces_the_answer_as_often_as_asked() {
    let local = inject(Fault::status(503).times(2)).await;
    let statuses = [
        get(&local, SPECS).await.status.as_u16(),
        get(&local, "/v1/get_id_lists").await.status.as_u16(),
        get(&local, SPECS).await.status.as_u16(),
        get(&local, SPECS).await.status.as_u16(),
    ];
    assert_eq!(statuses, [503, 200, 503, 200]);

    assert_eq!(post(&local, "/v1/log_event", EVENT).await.status, 503);
    assert!(local.events().is_empty());
    assert_eq!(local.requests().len(), 5);
}

#[tokio::test]
async fn a_status_is_seen_even_if_the_request_is_large() {
    let local = inject(Fault::status(500)).await;
    let answer = post(&local, "/v1/log_event", vec![b' '; 4_000_000]).await;
    assert_eq!(answer.status, 500);
}

#[tokio::test]
async fn a_fault_without_a_number_lasts_until_cleared() {
    let local = inject(Fault::status(500)).await;
    for _ in 0..3 {
        assert_eq!(get(&local, SPECS).await.status, 500);
    }
    local.clear_faults();
    assert_eq!(get(&local, SPECS).await.status, 200);
}

#[tokio::test]
async fn a_dropped_connection_gives_no_answer_and_handles_nothing() {
    let local = inject(Fault::drop_connection()).await;
    let error = send(&local, Method::GET, SPECS, &[], "").await.unwrap_err();
    assert!(error.is_incomplete_message(), "{error}");
    send(&local, Method::POST, "/v1/log_event", &[], EVENT)
        .await
        .unwrap_err();
    assert!(local.events().is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_one_to_a_request_that_was_handled() {
    let local = inject(Fault::lose_answer()).await;
    let error = send(&local, Method::POST, "/v1/log_event", &[], EVENT)
        .await
        .unwrap_err();
    assert!(error.is_incomplete_message(), "{error}");
    assert_eq!(local.events().len(), 1);
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_in_the_body() {
    let local = inject(Fault::truncate()).await;
    for answer in [
        get(&local, SPECS).await,
        post(&local, "/v1/log_event", EVENT).await,
    ] {
        assert!(answer.status.is_success());
        let announced: usize = answer.header("content-length").unwrap().parse().unwrap();
        assert!(answer.broken.is_some());
        assert_eq!(answer.received.len(), announced / 2);
        assert!(!answer.received.is_empty());
    }
    assert_eq!(local.events().len(), 1);
}

#[tokio::test]
async fn a_corrupt_answer_is_whole_but_no_json() {
    let local = inject(Fault::corrupt().times(1)).await;
    let corrupt = get(&local, SPECS).await;
    assert_eq!(corrupt.status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(corrupt.bytes()).is_err());
    assert_eq!(
        corrupt.bytes().len(),
        get(&local, SPECS).await.bytes().len()
    );
}

#[tokio::test]
async fn a_stalled_answer_comes_by_half_and_no_further() {
    let local = inject(Fault::stall()).await;
    let mut stream = tokio::net::TcpStream::connect(local.address())
        .await
        .unwrap();
    let request = format!("GET {SPECS} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    let mut received = Vec::new();
    while !String::from_utf8_lossy(&received).contains("\r\n\r\n{") {
        let read = tokio::io::AsyncReadExt::read_buf(&mut stream, &mut received).await;
        assert_ne!(read.unwrap(), 0, "it stays open");
    }
    let rest = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut received);
    let ended = tokio::time::timeout(Duration::from_millis(50), rest).await;
    assert!(ended.is_err(), "neither the rest nor the end comes");
}

#[tokio::test]
async fn wrong_answers_have_a_good_status() {
    let page = get(&inject(Fault::html()).await, SPECS).await;
    assert_eq!(page.status, 200);
    assert!(page.bytes().starts_with(b"<!DOCTYPE html>"));

    let empty = get(&inject(Fault::empty()).await, SPECS).await;
    assert_eq!((empty.status.as_u16(), empty.bytes().len()), (200, 0));

    let local = inject(Fault::wrong_encoding()).await;
    let mislabelled = get(&local, SPECS).await;
    assert_eq!(mislabelled.header("content-encoding"), Some("gzip"));
    assert!(mislabelled.received.starts_with(b"{"));

    let bomb = get(&inject(Fault::bomb(8)).await, SPECS).await;
    assert_eq!(bomb.header("content-encoding"), Some("gzip"));
    assert!(bomb.received.len() < 100_000);
}

#[tokio::test]
async fn a_file_of_faults_is_played_in_order_and_again_when_it_changes() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let script = json!({"faults": [
        {"endpoint": "specs", "fault": "pass", "times": 1},
        {"endpoint": "specs", "fault": {"status": 503}, "times": 2},
    ]});
    std::fs::write(file.path(), script.to_string()).unwrap();
    let local = LocalStatsig::builder()
        .faults_file(file.path())
        .start()
        .await
        .unwrap();
    let statuses = async |count: usize| {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(get(&local, SPECS).await.status.as_u16());
        }
        statuses
    };
    assert_eq!(statuses(4).await, [200, 503, 503, 200]);

    let script = json!({"faults": [{"endpoint": "specs", "fault": {"status": 429}, "times": 1}]});
    std::fs::write(file.path(), script.to_string()).unwrap();
    assert!(local.reload_now().await.unwrap());
    assert_eq!(statuses(2).await, [429, 200]);

    std::fs::write(file.path(), "{").unwrap();
    local.reload_now().await.unwrap_err();
    assert_eq!(statuses(1).await, [200]);
}

#[tokio::test]
async fn a_delay_comes_before_the_answer() {
    let delay = Duration::from_millis(50);
    let local = inject(Fault::delay(delay)).await;
    let start = Instant::now();
    assert_eq!(get(&local, SPECS).await.status, 200);
    assert!(start.elapsed() >= delay);
}

#[tokio::test]
async fn faults_can_be_set_listed_and_cleared_over_http() {
    let local = start().await;
    let put = async |body: serde_json::Value| {
        let put = send(&local, Method::PUT, "/_local/faults", &[], body.to_string()).await;
        put.unwrap()
    };
    let faults = json!({"faults": [
        {"endpoint": "specs", "fault": {"status": 418}, "delay_ms": 1, "times": 2},
        {"endpoint": "specs", "fault": "corrupt", "delay_ms": 0, "times": null},
    ]});
    assert_eq!(put(faults.clone()).await.status, 204);
    assert_eq!(get(&local, "/_local/faults").await.json(), faults);
    assert_eq!(get(&local, SPECS).await.status, 418);
    assert_eq!(
        get(&local, "/_local/faults").await.json()["faults"][0]["times"],
        1
    );

    for (bad, message) in [
        (
            json!({"faults": [{"endpoint": "spec", "fault": "corrupt"}]}),
            "unknown variant `spec`",
        ),
        (
            json!({"faults": [{"endpoint": "specs", "fault": "corrupt", "x": 1}]}),
            "unknown field `x`",
        ),
        (
            json!({"faults": [{"endpoint": "specs", "fault": {"status": 7}}]}),
            "invalid fault: status 7",
        ),
    ] {
        let answer = put(bad).await;
        assert_eq!(answer.status, 400);
        let answer = answer.json();
        assert!(
            answer["message"].as_str().unwrap().starts_with(message),
            "{answer}"
        );
    }
    assert_eq!(get(&local, SPECS).await.status, 418);

    let cleared = send(&local, Method::DELETE, "/_local/faults", &[], "")
        .await
        .unwrap();
    assert_eq!(cleared.status, 204);
    assert_eq!(get(&local, SPECS).await.status, 200);
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_request_that_is_held_back() {
    for is_graceful in [true, false] {
        let local = inject(Fault::delay(Duration::from_secs(3600))).await;
        let address = local.address();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {SPECS} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
            .await
            .unwrap();
        local.wait_for_requests(Endpoint::Specs, 1).await;
        if is_graceful {
            local.shutdown().await;
        } else {
            drop(local);
        }
        let mut answer = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
        assert_eq!(read.unwrap_or(0), 0);
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }
}
