//! The traps of the protocol. Each has a test with its name and number. The traps of ID lists (8 to
//! 13) and of protobuf deltas (22) are in the tests of those subjects.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use statsig::sources::{FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use statsig::testing::{Answer, Endpoint};
use statsig::transport::BoxFuture;
use statsig::{SpecsSource, StatsigUser};
use statsig_tests::specs;

use super::stores::MemoryStore;
use super::{KEY, Lab, OWN_URL, pass, settle};

const NETWORK: &str = "Network:Recognized";

async fn started(specs: &Value) -> Lab {
    let lab = Lab::new(|options| options);
    lab.network.serve_specs(specs.to_string());
    lab.statsig.initialize().await.unwrap();
    lab
}

#[tokio::test(start_paused = true)]
async fn trap_01_protobuf_is_not_asked_for_unless_it_can_be_read() {
    let lab = started(&specs::at(1, true)).await;
    let [request] = &lab.network.requests(Endpoint::Specs)[..] else {
        panic!("expected one request");
    };
    let request = &request.request;
    assert!(!request.url.contains("supports_proto"), "{}", request.url);
    let headers = &request.headers;
    assert!(headers.iter().all(|(name, value)| {
        name != "statsig-supports-proto" && !value.contains("statsig-br")
    }));
}

#[tokio::test(start_paused = true)]
async fn trap_02_only_has_updates_false_means_no_change() {
    for nothing in [
        Answer::status(304),
        Answer::status(204),
        Answer::status(200),
    ] {
        let lab = started(&specs::at(1, true)).await;
        lab.network.next(Endpoint::Specs, nothing);
        let error = lab.statsig.refresh().await.unwrap_err().to_string();
        assert!(error.contains("expected"), "{error}");
        assert_eq!(lab.check(), (true, NETWORK.to_owned()));
        lab.network
            .next(Endpoint::Specs, Answer::json(r#"{"has_updates":false}"#));
        lab.statsig.refresh().await.unwrap();
        assert_eq!(lab.check(), (true, NETWORK.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn trap_03_a_successful_start_may_be_one_without_specs() {
    let lab = Lab::new(|options| options);
    lab.network.next(Endpoint::Specs, Answer::status(500));
    let details = lab.statsig.initialize_with_details().await.unwrap();
    assert!(details.init_success && !lab.statsig.is_initialized());
    assert!(!details.is_config_spec_ready && details.failure_details.is_some());
}

#[tokio::test(start_paused = true)]
async fn trap_04_specs_of_the_same_time_are_new() {
    let lab = started(&specs::with_checksum(7, true, "one")).await;
    let other = specs::with_checksum(7, false, "two");
    lab.network
        .next(Endpoint::Specs, Answer::json(other.to_string()));
    lab.statsig.refresh().await.unwrap();
    assert_eq!(lab.check(), (false, NETWORK.to_owned()));

    // Specs that are strictly older, or that have the same checksum, are not used.
    for (ignored, is_known) in [
        (specs::with_checksum(6, true, "three"), false),
        (specs::with_checksum(8, true, "two"), true),
    ] {
        lab.network
            .next(Endpoint::Specs, Answer::json(ignored.to_string()));
        assert_eq!(lab.statsig.refresh().await.is_ok(), is_known);
        assert_eq!((lab.check().0, lab.lcut()), (false, 7));
    }
}

#[tokio::test(start_paused = true)]
async fn trap_05_a_malformed_gate_fails_alone_and_a_malformed_payload_as_a_whole() {
    let mut some = specs::at(1, true);
    some["feature_gates"]["broken"] = json!({"type": 5});
    let lab = started(&some).await;
    assert_eq!(lab.check(), (true, NETWORK.to_owned()));
    let broken = lab
        .statsig
        .get_feature_gate(&StatsigUser::with_user_id("u"), "broken");
    assert_eq!(broken.details.reason.to_string(), "Network:Unrecognized");

    for field in ["feature_gates", "condition_map", "time"] {
        let mut without = specs::at(2, false);
        without.as_object_mut().unwrap().remove(field);
        lab.network
            .next(Endpoint::Specs, Answer::json(without.to_string()));
        lab.statsig.refresh().await.unwrap_err();
        assert_eq!((lab.check().0, lab.lcut()), (true, 1), "{field}");
    }
}

#[tokio::test(start_paused = true)]
async fn trap_06_no_update_moves_neither_source_nor_time() {
    let store = Arc::new(MemoryStore::holding(specs::at(5, true)));
    let lab = Lab::new(|options| options.data_store(store));
    lab.statsig.initialize().await.unwrap();
    let before = lab.statsig.specs_status();
    assert_eq!(before.source.to_string(), "Adapter(DataStore)");
    for unchanged in [
        Answer::json(r#"{"has_updates":false}"#),
        Answer::json(specs::at(4, false).to_string()),
    ] {
        lab.network.next(Endpoint::Specs, unchanged);
        pass(10.4).await;
        assert_eq!(lab.statsig.specs_status(), before);
    }
    assert_eq!(lab.requests(), [10, 20]);
}

#[tokio::test(start_paused = true)]
async fn trap_07_an_empty_salt_is_a_salt() {
    let half = |salt: Option<&str>| {
        let mut specs = specs::at(1, true);
        let rule = &mut specs["feature_gates"]["on"]["rules"][0];
        rule["passPercentage"] = 50.into();
        if let Some(salt) = salt {
            rule["salt"] = salt.into();
        }
        specs
    };
    let passing = async |specs: &Value| {
        let lab = started(specs).await;
        let users = (0..64).map(|n| StatsigUser::with_user_id(format!("user-{n}")));
        users
            .map(|user| lab.statsig.check_gate(&user, "on"))
            .collect::<Vec<_>>()
    };
    let empty = passing(&half(Some(""))).await;
    let absent = passing(&half(None)).await;
    assert_ne!(empty, absent);
    assert_eq!(
        absent,
        passing(&half(Some("everyone"))).await,
        "the rule's id"
    );
}

#[tokio::test(start_paused = true)]
async fn trap_14_a_polled_store_replaces_the_network_and_another_only_seeds_the_start() {
    let polled = Arc::new(MemoryStore {
        is_polled: true,
        ..MemoryStore::holding(specs::at(1, true))
    });
    let lab = Lab::new(|options| options.data_store(polled.clone()));
    lab.network.serve_specs(specs::at(9, false).to_string());
    lab.statsig.initialize().await.unwrap();
    pass(35.0).await;
    assert!(lab.requests().is_empty());
    assert_eq!(polled.reads(), 4);
    polled.put(specs::at(2, false));
    pass(10.0).await;
    assert_eq!((lab.check().0, lab.lcut()), (false, 2));

    let seeding = Arc::new(MemoryStore::holding(specs::at(1, true)));
    let lab = Lab::new(|options| options.data_store(seeding.clone()));
    lab.network.serve_specs(specs::at(9, false).to_string());
    lab.statsig.initialize().await.unwrap();
    assert!(lab.requests().is_empty());
    pass(35.0).await;
    assert_eq!(lab.requests(), [10, 20, 30]);
    assert_eq!(seeding.reads(), 1);
    assert_eq!(lab.check(), (false, NETWORK.to_owned()));
}

/// Specs from an adapter that reports the network as their source.
#[derive(Debug)]
struct Pretender {
    deltas_used: bool,
    source: SpecsSource,
}

impl SpecsAdapter for Pretender {
    fn source(&self) -> SpecsSource {
        self.source.clone()
    }

    fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let mut payload = SpecsPayload::new(specs::at(3, true).to_string());
        payload.deltas_used = self.deltas_used;
        Box::pin(async { Ok(payload) })
    }
}

#[tokio::test(start_paused = true)]
async fn trap_15_only_whole_specs_from_the_network_are_written_to_the_store() {
    for (source, deltas_used, is_written) in [
        (SpecsSource::Network, false, true),
        (SpecsSource::Network, true, false),
        (SpecsSource::Bootstrap, false, false),
        (SpecsSource::Adapter("GRPC".into()), false, false),
    ] {
        let store = Arc::new(MemoryStore::default());
        let pretender = Pretender {
            deltas_used,
            source: source.clone(),
        };
        let lab = Lab::new(|options| {
            options
                .data_store(store.clone())
                .specs_adapter(Arc::new(pretender))
        });
        lab.statsig.initialize().await.unwrap();
        settle().await;
        assert_eq!(lab.lcut(), 3);
        let found = store.specs().is_some();
        assert_eq!(found, is_written, "{source}, deltas: {deltas_used}");
    }
}

#[tokio::test(start_paused = true)]
async fn trap_16_the_store_is_keyed_by_sha256_in_base64_with_padding() {
    let store = Arc::new(MemoryStore::default());
    let lab = Lab::new(|options| options.data_store(store.clone()));
    lab.network.serve_specs(specs::at(1, true).to_string());
    lab.statsig.initialize().await.unwrap();
    settle().await;
    let [(key, ..)] = &store.writes()[..] else {
        panic!("expected one write");
    };
    assert_eq!(
        key,
        "statsig|/v2/download_config_specs|plain_text|htpYY4JzMUoeHrmFrFCLvgN04MI/la+ny5BoZfCoWEI="
    );
}

#[tokio::test(start_paused = true)]
async fn trap_17_in_the_background_every_fifth_failure_asks_the_fallback_and_the_start_always() {
    let lab = Lab::new(|options| options.specs_url(OWN_URL).fallback_to_statsig_api(true));
    lab.network.always(Endpoint::Specs, Answer::status(403));
    lab.statsig.initialize_with_details().await.unwrap();
    pass(105.0).await;
    let requests = lab.network.requests(Endpoint::Specs);
    let fallbacks: Vec<u64> = requests
        .iter()
        .filter(|request| !request.request.url.starts_with(OWN_URL))
        .map(|request| request.at.as_secs())
        .collect();
    assert_eq!(fallbacks, [0, 50, 100]);

    // A success in between does not restart the count.
    let lab = Lab::new(|options| options.specs_url(OWN_URL).fallback_to_statsig_api(true));
    lab.network.serve_specs(specs::at(1, true).to_string());
    lab.statsig.initialize().await.unwrap();
    for second in 1..=5 {
        let is_good = second == 3;
        // A failure without an immediate retry, and not a refusal.
        let answer = if is_good { 200 } else { 501 };
        lab.network.next(
            Endpoint::Specs,
            Answer::response(answer, r#"{"has_updates":false}"#),
        );
    }
    lab.network.next(Endpoint::Specs, Answer::status(403));
    pass(65.0).await;
    let is_fallback = |url: &&String| !url.starts_with(OWN_URL);
    assert_eq!(lab.urls().iter().filter(is_fallback).count(), 1);
    assert_eq!(lab.requests(), [0, 10, 20, 30, 40, 50, 60, 60]);
}

#[tokio::test(start_paused = true)]
async fn trap_18_after_a_timeout_the_next_attempt_is_an_interval_away() {
    let lab = Lab::new(|options| options.init_timeout(Duration::from_secs(2)));
    lab.network.next(Endpoint::Specs, Answer::hang());
    lab.network.serve_specs(specs::at(1, true).to_string());
    lab.statsig.initialize().await.unwrap_err();
    pass(9.9).await;
    assert_eq!((lab.requests(), lab.lcut()), (vec![0], 0));
    pass(0.2).await;
    assert_eq!((lab.requests(), lab.lcut()), (vec![0, 12], 1));
}

#[tokio::test(start_paused = true)]
async fn trap_19_the_default_environment_counts_also_when_specs_come_late() {
    let mut in_staging = specs::at(1, true);
    in_staging["default_environment"] = "staging".into();
    in_staging["condition_map"]["everyone"] = json!({
        "type": "environment_field", "field": "tier", "operator": "any", "targetValue": ["staging"], "idType": "userID",
    });
    let lab = Lab::new(|options| options.init_timeout(Duration::from_secs(1)));
    lab.network.next(Endpoint::Specs, Answer::hang());
    lab.network.serve_specs(in_staging.to_string());
    lab.statsig.initialize().await.unwrap_err();
    pass(15.0).await;
    assert_eq!(lab.check(), (true, NETWORK.to_owned()));
    let _ = lab
        .statsig
        .check_gate(&StatsigUser::with_user_id("u"), "on");
    lab.statsig.flush_events().await.unwrap();
    let events = lab.network.events();
    let environment = &events[0]["user"]["statsigEnvironment"];
    assert_eq!(*environment, json!({"tier": "staging"}));
}

#[tokio::test(start_paused = true)]
async fn trap_20_settings_stay_when_later_specs_do_not_mention_them() {
    let mut first = specs::at(1, true);
    first["sdk_configs"] = json!({"exposure_dedupe_ttl_ms": 600_000});
    let lab = started(&first).await;
    lab.network.serve_specs(specs::at(2, true).to_string());
    lab.statsig.refresh().await.unwrap();
    assert_eq!(lab.lcut(), 2);
    // Within the ten minutes in the first specs, and beyond the default of one minute.
    for _ in 0..5 {
        let _ = lab
            .statsig
            .check_gate(&StatsigUser::with_user_id("u"), "on");
        pass(100.0).await;
    }
    lab.statsig.flush_events().await.unwrap();
    assert_eq!(lab.network.events().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn trap_21_ids_that_look_like_numbers_are_texts() {
    let mut some = specs::at(1, true);
    let id = "08506699639233708000000000000000000001";
    some["condition_map"] = json!({ id: {"type": "public", "idType": "userID"}, "1": {"type": 5} });
    some["feature_gates"]["on"]["rules"][0]["conditions"] = json!([id]);
    let lab = started(&some).await;
    assert_eq!(lab.check(), (true, NETWORK.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn trap_23_no_error_shows_the_url_with_the_key() {
    for answer in [
        Answer::status(500),
        Answer::status(403),
        Answer::refuse_connection(),
        Answer::hang(),
        Answer::json("nonsense"),
    ] {
        let lab = Lab::new(|options| options);
        lab.network.always(Endpoint::Specs, answer);
        let error = lab.statsig.initialize().await.unwrap_err();
        let refresh = lab.statsig.refresh().await.unwrap_err();
        let details = lab.statsig.get_initialize_details();
        let request = &lab.network.requests(Endpoint::Specs)[0];
        assert!(request.request.url.contains(KEY));
        let shown = format!(
            "{error} {error:?} {refresh} {refresh:?} {details:?} {request:?} {:?}",
            lab.statsig
        );
        assert!(!shown.contains("0123456789"), "{shown}");
    }
}
