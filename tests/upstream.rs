//! An SDK behind a chain of two local Statsigs, over HTTP on loopback.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::time::Duration;

use statsig::transport::{HttpTransport, Method, Request, Transport};
use statsig::{Event, Statsig, StatsigUser};
use statsig_local::{Endpoint, Fault, LocalError, LocalStatsig, LocalStatsigBuilder, Upstream};
use statsig_tests::{local_options, specs};

const KEY: &str = "secret-upstream-0123456789";
const MANIFEST: &str = "/v1/get_id_lists";
const ENRICHMENT: &str = "/v1/user_enrichment";
/// The shortest interval that the options accept.
const INTERVAL: Duration = Duration::from_secs(1);
/// Long enough for a busy machine. No test waits for its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the condition holds.
async fn until(holds: impl AsyncFn() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("a condition that comes to hold");
}

/// The initial data.
async fn begin(address: &str) -> LocalStatsig {
    LocalStatsig::builder()
        .specs_json(specs::id_list_gate(1, "a list").to_string())
        .id_list("a list", ["a-user", "Marcos"])
        .bind(address)
        .start()
        .await
        .unwrap()
}

fn relay(other: &LocalStatsig) -> LocalStatsigBuilder {
    let upstream = Upstream::at(other.url(), KEY).sync_interval(INTERVAL);
    LocalStatsig::builder().upstream(upstream)
}

async fn in_front_of(other: &LocalStatsig) -> LocalStatsig {
    relay(other).start().await.unwrap()
}

async fn client(local: &LocalStatsig) -> Statsig {
    let options = local_options()
        .specs_url(local.specs_url())
        .id_lists_url(local.id_lists_url())
        .log_event_url(local.log_event_url())
        .enable_id_lists(true)
        .specs_sync_interval(INTERVAL)
        .id_lists_sync_interval(INTERVAL)
        .build()
        .unwrap();
    let statsig = Statsig::new(KEY, options);
    statsig.initialize().await.unwrap();
    statsig
}

/// The status of a request with this SDK key, one event and a question about an unknown user.
async fn status(local: &LocalStatsig, method: Method, path: &str, key: Option<&str>) -> u16 {
    let url = format!("{}{path}", local.url());
    let mut request = Request::new(statsig::transport::Endpoint::Other, method, url);
    request
        .headers
        .extend(key.map(|key| ("statsig-api-key", key)));
    if method == Method::Post {
        request.body = r#"{"events": [{"eventName": "bought"}], "id_list_lookups": []}"#.into();
    }
    let answer = HttpTransport::default().send(request).await.unwrap();
    answer.status
}

fn is_member(statsig: &Statsig, id: &str) -> bool {
    statsig.check_gate(&StatsigUser::with_user_id(id), "in_list")
}

fn names(local: &LocalStatsig) -> Vec<String> {
    let events = local.events();
    let names = events.iter().map(|event| event.name().to_owned());
    names
        .filter(|name| !name.starts_with("statsig::"))
        .collect()
}

#[tokio::test]
async fn specs_and_lists_come_through_two_and_events_go_back() {
    let origin = begin("127.0.0.1:0").await;
    let near = in_front_of(&origin).await;
    let far = in_front_of(&near).await;
    let statsig = client(&far).await;
    until(async || is_member(&statsig, "a-user") && is_member(&statsig, "Marcos")).await;

    // A change removes and adds members, and the SDK downloads nothing else.
    origin.set_id_list("a list", ["a-user", "123"]);
    until(async || is_member(&statsig, "123") && !is_member(&statsig, "Marcos")).await;
    assert!(is_member(&statsig, "a-user"));
    let is_part = |request: &statsig_local::ReceivedRequest| {
        request.endpoint() == Some(Endpoint::IdListFile)
            && request.headers().get("range") == Some("bytes=20-")
    };
    assert!(far.requests().iter().any(is_part));

    let mut changed = specs::id_list_gate(2, "another");
    changed["checksum"] = "5".into();
    origin.set_specs_json(changed.to_string()).unwrap();
    until(async || !is_member(&statsig, "a-user")).await;
    assert_eq!(statsig.specs_status().lcut, 2);

    statsig.log_event(&StatsigUser::with_user_id("u"), Event::new("bought"));
    statsig.shutdown().await.unwrap();
    for local in [&origin, &near, &far] {
        assert_eq!(names(local), ["bought"]);
        let batch = &local.batches()[0];
        assert_eq!(batch.headers.get("statsig-api-key"), Some(KEY));
        assert!(batch.headers.get("statsig-event-count").is_some());
    }
}

#[tokio::test]
async fn the_last_good_is_served_while_the_upstream_is_away_and_no_event_is_lost() {
    let origin = begin("127.0.0.1:0").await;
    let address = origin.address().to_string();
    let near = in_front_of(&origin).await;
    until(async || near.id_list_names() == ["a list"]).await;
    origin.shutdown().await;

    let statsig = client(&near).await;
    until(async || is_member(&statsig, "a-user")).await;
    statsig.log_event(&StatsigUser::with_user_id("u"), Event::new("bought"));
    let stats = statsig.flush_events().await.unwrap();
    assert!(stats.pending > 0 && stats.dropped.total() == 0, "{stats:?}");
    assert!(names(&near).is_empty());

    let origin = begin(&address).await;
    let changed = specs::id_list_gate(3, "another").to_string();
    origin.set_specs_json(changed).unwrap();
    until(async || statsig.specs_status().lcut == 3).await;
    statsig.shutdown().await.unwrap();
    assert_eq!(names(&origin), ["bought"]);
}

#[tokio::test]
async fn lists_stay_while_it_is_not_known_which_there_are() {
    let origin = begin("127.0.0.1:0").await;
    let near = in_front_of(&origin).await;
    let address = near.address().to_string();
    let statsig = client(&near).await;
    assert!(is_member(&statsig, "a-user"));

    // The server restarts while the upstream has only specs.
    near.shutdown().await;
    origin
        .inject(Endpoint::IdLists, Fault::status(500))
        .unwrap();
    let near = relay(&origin).bind(address).forward_proxy(true);
    let near = near.start().await.unwrap();
    near.wait_for_requests(Endpoint::IdLists, 2).await;
    assert!(is_member(&statsig, "a-user"));
    for path in [MANIFEST, ENRICHMENT] {
        assert_eq!(status(&near, Method::Post, path, Some(KEY)).await, 503);
    }

    origin.set_id_list("a list", ["a-user", "123"]);
    origin.clear_faults();
    until(async || is_member(&statsig, "123")).await;
}

#[tokio::test]
async fn the_answer_to_events_is_the_upstreams() {
    let origin = begin("127.0.0.1:0").await;
    let near = in_front_of(&origin).await;
    let statsig = client(&near).await;
    origin
        .inject(Endpoint::LogEvent, Fault::status(413).times(1))
        .unwrap();
    let user = StatsigUser::with_user_id("u");
    statsig.log_event(&user, Event::new("one"));
    statsig.log_event(&user, Event::new("two"));
    statsig.shutdown().await.unwrap();
    // The upstream refused the batch as too large, so the SDK sent halves.
    let mut names = names(&origin);
    names.sort();
    assert_eq!(names, ["one", "two"]);
    assert!(origin.batches().len() > 1);
}

#[tokio::test]
async fn only_the_upstreams_key_is_served_and_an_upstream_without_specs_is_an_error() {
    let origin = LocalStatsig::builder()
        .specs_json(specs::at(1, true).to_string())
        .sdk_keys([KEY])
        .start()
        .await
        .unwrap();
    origin.set_id_list("a list", ["a-user"]);
    let near = relay(&origin).forward_proxy(true).start().await.unwrap();
    for (method, path, for_any) in [
        (Method::Post, "/v1/log_event", 401),
        (Method::Post, MANIFEST, 401),
        (Method::Post, ENRICHMENT, 401),
        (Method::Get, "/v1/download_id_list_file/a%20list", 200),
    ] {
        let status = async |key| status(&near, method, path, key).await;
        assert_eq!(status(Some("secret-stranger")).await, 401, "{path}");
        assert_eq!(status(None).await, for_any, "{path}");
        assert!(status(Some(KEY)).await < 300, "{path}");
    }
    assert_eq!(names(&origin), ["bought"]);
    let in_path = |key| format!("{MANIFEST}/{key}.json");
    for (key, expected) in [(KEY, 200), ("secret-stranger", 401)] {
        let found = status(&near, Method::Get, &in_path(key), None).await;
        assert_eq!(found, expected, "{key}");
    }

    let options = local_options()
        .specs_url(near.specs_url())
        .disable_all_logging(true)
        .build()
        .unwrap();
    let stranger = Statsig::new("secret-stranger", options);
    let error = stranger.initialize().await.unwrap_err();
    assert!(error.to_string().contains("found 401"), "{error}");

    let upstream = Upstream::at(origin.url(), "secret-stranger");
    let refused = LocalStatsig::builder().upstream(upstream).start().await;
    let error = refused.unwrap_err();
    assert!(matches!(error, LocalError::Upstream { .. }), "{error}");
    assert!(error.to_string().contains("found 401"), "{error}");
}

#[tokio::test]
async fn events_in_a_circle_of_upstreams_are_refused_when_they_come_back() {
    let origin = begin("127.0.0.1:0").await;
    let address = origin.address().to_string();
    let other = in_front_of(&origin).await;
    origin.shutdown().await;
    let first = relay(&other).bind(&address).start().await.unwrap();

    let answer = status(&first, Method::Post, "/v1/log_event", Some(KEY)).await;
    assert_eq!(answer, 508);
    let posts = |local: &LocalStatsig| {
        let requests = local.requests();
        let posts = requests.iter().map(|request| request.endpoint());
        posts
            .filter(|endpoint| *endpoint == Some(Endpoint::LogEvent))
            .count()
    };
    assert_eq!((posts(&first), posts(&other)), (2, 1));
    assert!(first.events().is_empty() && other.events().is_empty());
}

#[tokio::test]
async fn events_of_a_client_sdk_go_on_with_their_key_if_the_key_is_accepted() {
    const PAGE: &str = "/v1/rgstr?k=client-key&ec=1";
    let origin = begin("127.0.0.1:0").await;
    let near = in_front_of(&origin).await;
    assert_eq!(status(&near, Method::Post, PAGE, None).await, 401);

    let keys = [KEY, "client-key"];
    let near = relay(&origin).sdk_keys(keys).start().await.unwrap();
    assert_eq!(status(&near, Method::Post, PAGE, None).await, 202);
    assert_eq!(
        (names(&near), names(&origin)),
        (vec!["bought".to_owned()], vec!["bought".to_owned()])
    );
    let requests = origin.requests();
    let mut queries = requests.iter().map(|request| request.query());
    assert!(queries.any(|query| query == "k=client-key&ec=1"));
}
