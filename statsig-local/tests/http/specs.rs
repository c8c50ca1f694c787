//! Specs over HTTP: the answers to clients, and changes of the file.

use std::fs;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::client::{get, get_with, specs, start};
use serde_json::json;
use statsig_local::limits::MAX_REQUEST_HEAD_BYTES;
use statsig_local::{Endpoint, LocalError, LocalStatsig, Notice};

const PATH: &str = "/v2/download_config_specs/secret-abcdefghij.json";

#[tokio::test]
async fn the_text_is_served_verbatim_under_any_key() {
    let local = start().await;
    let text = specs(5, "a");
    local.set_specs_json(&text).unwrap();
    for path in [PATH, "/v1/download_config_specs/another.json"] {
        let answer = get(&local, path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("content-encoding"), None);
        assert_eq!(answer.bytes(), text.as_bytes());
    }
    assert_eq!(
        get(&local, "/v2/download_config_specs/another")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn gzip_is_used_where_it_is_accepted() {
    let local = start().await;
    let answer = get_with(&local, PATH, &[("accept-encoding", "statsig-br, gzip, br")]).await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(answer.bytes())
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text.as_bytes(), get(&local, PATH).await.bytes());
}

#[tokio::test]
async fn a_client_that_has_the_specs_is_told_so() {
    let local = start().await;
    local.set_specs_json(specs(5, "a")).unwrap();
    let no_updates = json!({ "has_updates": false });
    for (query, is_news) in [
        ("", true),
        ("?sinceTime=4", true),
        ("?sinceTime=5&supports_proto=true", false),
        ("?sinceTime=5&checksum=other", true),
    ] {
        let answer = get(&local, &format!("{PATH}{query}")).await;
        assert_eq!(answer.json() != no_updates, is_news, "{query}");
    }
    assert_eq!(
        get(&local, &format!("{PATH}?sinceTime=x")).await.status,
        400
    );
}

#[tokio::test]
async fn an_edit_is_picked_up_even_if_it_keeps_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("specs.json");
    fs::write(&file, specs(5, "first")).unwrap();
    let local = LocalStatsig::builder()
        .specs_file(&file)
        .start()
        .await
        .unwrap();
    let as_client = format!("{PATH}?sinceTime=5");
    assert_eq!(get(&local, &as_client).await.json()["has_updates"], false);
    assert!(!local.reload_now().await.unwrap());

    fs::write(&file, specs(5, "second")).unwrap();
    assert!(local.reload_now().await.unwrap());
    let edited = get(&local, &as_client).await.json();
    assert_eq!(edited["time"], 5);
    assert!(edited["feature_gates"]["second"].is_object());

    let checksum = edited["checksum"].as_str().unwrap();
    let again = get(&local, &format!("{as_client}&checksum={checksum}")).await;
    assert_eq!(again.json(), json!({ "has_updates": false }));

    fs::write(&file, specs(6, "third")).unwrap();
    assert!(local.reload_now().await.unwrap());
    let moved = get(&local, &format!("{as_client}&checksum={checksum}")).await;
    assert_eq!(moved.bytes(), specs(6, "third").as_bytes());
}

#[tokio::test]
async fn a_bad_file_is_told_and_the_last_good_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("specs.json");
    fs::write(&file, specs(5, "good")).unwrap();
    let local = LocalStatsig::builder()
        .specs_file(&file)
        .start()
        .await
        .unwrap();

    for (text, expected) in [
        ("{\n \"time\": ]", "specs.json:2:10: expected value"),
        (
            "{\"time\": 5}",
            "specs.json: the top-level object lacks `has_updates`, `feature_gates`",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let error = local.reload_now().await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(get(&local, PATH).await.bytes(), specs(5, "good").as_bytes());
    }
    fs::remove_file(&file).unwrap();
    let error = local.reload_now().await.unwrap_err();
    assert!(matches!(error, LocalError::Read { .. }), "{error}");
    assert!(local.set_specs_json("[]").is_err());
    assert_eq!(get(&local, PATH).await.bytes(), specs(5, "good").as_bytes());
}

#[tokio::test]
async fn files_are_watched_and_each_problem_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("specs.json");
    fs::write(&file, specs(5, "good")).unwrap();
    let (notices, mut noticed) = tokio::sync::mpsc::unbounded_channel();
    let local = LocalStatsig::builder()
        .specs_file(&file)
        .on_notice(move |notice| drop(notices.send(notice.to_string())))
        .start()
        .await
        .unwrap();
    let mut next = async || {
        let notice = tokio::time::timeout(Duration::from_secs(30), noticed.recv());
        notice.await.expect("a notice in time").unwrap()
    };

    // Replaces the file by renaming, so that the server never sees a half-written file.
    let replace = |text: &str| {
        let new = folder.path().join("new.json");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &file).unwrap();
    };
    replace("oops");
    assert!(
        next()
            .await
            .contains("specs.json:1:1: expected value; still serving what was good")
    );
    replace(&specs(6, "better"));
    let notice = next().await;
    assert!(
        notice.ends_with("specs.json: 1 gates, 0 configs, 0 layers, time 6"),
        "{notice}"
    );
    assert_eq!(
        get(&local, PATH).await.bytes(),
        specs(6, "better").as_bytes()
    );
}

#[tokio::test]
async fn starting_fails_with_what_is_wrong() {
    let start = |text: &str| LocalStatsig::builder().specs_json(text).start();
    let error = start("{}").await.unwrap_err();
    assert!(matches!(error, LocalError::MissingFields { missing, .. } if missing.len() == 6));

    let missing = LocalStatsig::builder()
        .specs_file("missing.json")
        .start()
        .await;
    let error = missing.unwrap_err().report();
    assert!(error.starts_with("cannot read `missing.json`: "), "{error}");

    let local = crate::client::start().await;
    let address = local.address().to_string();
    let error = LocalStatsig::builder()
        .bind(&address)
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains(&address), "{error}");
}

#[tokio::test]
async fn requests_are_kept_with_the_key_masked_where_it_is_shown() {
    let unknown = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&unknown);
    let local = LocalStatsig::builder()
        .on_notice(move |notice| {
            let Notice::NotServed(request) = notice else {
                panic!("{notice}");
            };
            let seen = &mut *seen.lock().unwrap();
            seen.push((request.number(), notice.to_string()));
        })
        .start()
        .await
        .unwrap();
    get_with(
        &local,
        &format!("{PATH}?sinceTime=3"),
        &[("statsig-api-key", "secret-abcdefghij")],
    )
    .await;
    assert_eq!(get(&local, "/v3/other/secret-abcdefghij").await.status, 404);
    local.wait_for_requests(Endpoint::Specs, 1).await;

    let requests = local.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].endpoint(), Some(Endpoint::Specs));
    assert_eq!(
        (requests[0].path(), requests[0].query()),
        (PATH, "sinceTime=3")
    );
    assert_eq!(
        requests[0].headers().get("Statsig-Api-Key"),
        Some("secret-abcdefghij")
    );
    assert_eq!(requests[1].endpoint(), None);
    assert_eq!(
        requests[0].to_string(),
        "GET /v2/download_config_specs/secret-abcde*****.json?sinceTime=3"
    );
    assert_eq!(
        *unknown.lock().unwrap(),
        [(
            2,
            "GET /v3/other/secret-abcde***** is not served here".to_owned()
        )]
    );
    let listed = String::from_utf8(get(&local, "/_local/requests").await.bytes().to_vec()).unwrap();
    assert!(listed.contains("secret-abcde*****"));
    assert!(!format!("{requests:?}{listed}").contains("abcdef"));
}

#[tokio::test]
async fn oversized_headers_are_refused() {
    let local = start().await;
    let ask = async |size: usize| {
        let large = "x".repeat(size);
        get_with(&local, PATH, &[("x-large", &large)]).await.status
    };
    assert_eq!(ask(MAX_REQUEST_HEAD_BYTES - 1_000).await, 200);
    assert_eq!(ask(2 * MAX_REQUEST_HEAD_BYTES).await, 431);
}
