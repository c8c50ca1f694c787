//! Tests of the answers as a forward proxy.

use statsig_local::{Endpoint, LocalStatsig};

use crate::client::{get, get_with, post, specs, start};

const PATH: &str = "/v2/download_config_specs/secret-known.json";

async fn proxy() -> LocalStatsig {
    LocalStatsig::builder()
        .specs_json(specs(5, "a"))
        .id_list("employees", ["Marcos"])
        .sdk_keys(["secret-known"])
        .forward_proxy(true)
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn only_time_tells_whether_there_is_news() {
    let proxy = proxy().await;
    let answer = get(&proxy, PATH).await;
    assert_eq!(answer.header("x-since-time"), Some("5"));
    assert_eq!(answer.header("x-cache-hit"), None);
    assert!(answer.json()["feature_gates"]["a"].is_object());

    for query in ["sinceTime=5", "sinceTime=5&checksum=other", "sinceTime=6"] {
        let answer = get(&proxy, &format!("{PATH}?{query}")).await;
        assert_eq!(answer.bytes(), br#"{"has_updates":false}"#, "{query}");
        assert_eq!(answer.header("x-cache-hit"), Some("true"), "{query}");
    }
    let answer = get(&proxy, &format!("{PATH}?sinceTime=4")).await;
    assert!(answer.json()["has_updates"].as_bool().unwrap());
}

#[tokio::test]
async fn the_key_is_taken_from_the_header_else_from_the_path() {
    let proxy = proxy().await;
    let status = async |path: &str, headers: &[(&str, &str)]| {
        let answer = get_with(&proxy, path, headers).await;
        (answer.status.as_u16(), answer.bytes().to_vec())
    };
    let refused = (401, b"Unauthorized".to_vec());
    let other = "/v1/download_config_specs/secret-other.js";
    assert_eq!(status(other, &[]).await, refused);
    assert_eq!(
        status(other, &[("statsig-api-key", "secret-known")])
            .await
            .0,
        200
    );
    assert_eq!(
        status(PATH, &[("statsig-api-key", "secret-other")]).await,
        refused
    );
}

#[tokio::test]
async fn users_are_enriched_with_their_lists_by_a_proxy_only() {
    let proxy = proxy().await;
    let ask = r#"{"id_list_lookups":["2Tv4fIVX","pmWkWSBC"]}"#;
    let answer = post(&proxy, "/v1/user_enrichment", ask).await.json();
    assert_eq!(
        answer.to_string(),
        r#"{"id_lists":{"2Tv4fIVX":["employees"],"pmWkWSBC":[]}}"#
    );
    assert_eq!(post(&proxy, "/v1/user_enrichment", "{}").await.status, 400);
    proxy.wait_for_requests(Endpoint::UserEnrichment, 2).await;

    let statsig = start().await;
    assert_eq!(post(&statsig, "/v1/user_enrichment", ask).await.status, 404);
}
