//! ID lists over HTTP: the manifest and files in ranges.

use std::fs;

use crate::client::{get, get_with, post, start};
use serde_json::json;
use statsig_local::LocalStatsig;

/// The path of a manifest's URL. The URL has the host of the client's request.
fn path_of(local: &LocalStatsig, entry: &serde_json::Value) -> String {
    let url = entry["url"].as_str().unwrap();
    url.strip_prefix(local.url()).unwrap().to_owned()
}

#[tokio::test]
async fn without_lists_the_manifest_is_empty() {
    let local = start().await;
    assert_eq!(
        get(&local, "/v1/get_id_lists/secret-key.json").await.json(),
        json!({})
    );
    assert_eq!(post(&local, "/v1/get_id_lists", "").await.json(), json!({}));
}

#[tokio::test]
async fn lists_are_downloaded_whole_and_from_where_a_client_stopped() {
    let local = LocalStatsig::builder()
        .id_list("our/staff", ["Marcos", "123"])
        .start()
        .await
        .unwrap();
    let manifest = post(&local, "/v1/get_id_lists", "").await.json();
    let entry = &manifest["our/staff"];
    assert_eq!(
        (&entry["name"], &entry["size"]),
        (&json!("our/staff"), &json!(20))
    );
    assert!(entry["creationTime"].is_u64() && entry["fileID"].is_string());

    let path = path_of(&local, entry);
    let whole = get(&local, &path).await;
    assert_eq!(
        (whole.status.as_u16(), whole.bytes()),
        (200, &b"+2Tv4fIVX\n+pmWkWSBC\n"[..])
    );
    let from_start = get_with(&local, &path, &[("range", "bytes=0-")]).await;
    assert_eq!(from_start.status, 206);
    assert_eq!(from_start.bytes(), whole.bytes());
    for rest in [
        get_with(&local, &path, &[("range", "bytes=10-")]).await,
        get(&local, &format!("{path}?range=10-")).await,
    ] {
        assert_eq!(
            (rest.status.as_u16(), rest.bytes()),
            (206, &b"+pmWkWSBC\n"[..])
        );
        assert_eq!(rest.header("content-range"), Some("bytes 10-19/20"));
    }
    let beyond = get_with(&local, &path, &[("range", "bytes=20-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some("bytes */20"));
    assert_eq!(
        get(&local, "/v1/download_id_list_file/other").await.status,
        404
    );

    local.set_id_list("our/staff", ["Marcos", "123", "a-user"]);
    let grown = post(&local, "/v1/get_id_lists", "").await.json();
    assert_eq!(grown["our/staff"]["fileID"], entry["fileID"]);
    let rest = get_with(&local, &path, &[("range", "bytes=20-")]).await;
    assert_eq!(rest.bytes(), b"+Z/hEKLio\n");
}

#[tokio::test]
async fn the_file_is_reloaded_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lists.json");
    fs::write(&file, r#"{"a": ["x"]}"#).unwrap();
    let local = LocalStatsig::builder()
        .id_lists_file(&file)
        .id_list("b", ["y"])
        .start()
        .await
        .unwrap();
    let names = async || {
        let manifest = post(&local, "/v1/get_id_lists", "").await.json();
        manifest
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["a", "b"]);

    fs::write(&file, r#"{"c": [7]}"#).unwrap();
    assert!(local.reload_now().await.unwrap());
    assert_eq!(names().await, ["b", "c"]);

    fs::write(&file, r#"{"d": 7}"#).unwrap();
    let error = local.reload_now().await.unwrap_err().to_string();
    assert!(
        error.contains("lists.json: ID list `d`: found `7`"),
        "{error}"
    );
    assert_eq!(names().await, ["b", "c"]);
}
