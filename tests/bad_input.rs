//! Bad specs, unknown names, hostile events, users without IDs. Each one causes a clear error or a
//! fallback, and good specs stay in use.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use statsig::sources::SpecsError;
use statsig::testing::{Answer, Endpoint, OfflineClient, ScriptedTransport, SimulatedClock, Specs};
use statsig::{Event, Statsig, StatsigError, StatsigOptions, StatsigUser, StatsigUserBuilder};
use statsig_tests::specs;

const MEBIBYTE: usize = 1024 * 1024;

/// Specs that are valid JSON of this size. Most of it is one long text.
fn padded(size: usize) -> String {
    let mut specs = specs::one_gate("on", true);
    specs["padding"] = Value::from("x".repeat(size));
    specs.to_string()
}

fn bad_payloads() -> Vec<(&'static str, String)> {
    let good = specs::one_gate("on", false).to_string();
    let mut wrong_time = specs::one_gate("on", false);
    wrong_time["time"] = json!("1790000000000");
    let mut no_conditions = specs::one_gate("on", false);
    no_conditions
        .as_object_mut()
        .expect("an object")
        .remove("condition_map");
    let mut huge = padded(50 * MEBIBYTE);
    huge.truncate(huge.len() - 2);
    vec![
        ("empty", String::new()),
        ("blank", " \n\t ".to_owned()),
        ("truncated", good[..good.len() / 2].to_owned()),
        ("not JSON", "<html>502 Bad Gateway</html>".to_owned()),
        ("not an object", "[1, 2, 3]".to_owned()),
        ("a number", "17".to_owned()),
        ("wrong type of `time`", wrong_time.to_string()),
        ("without conditions", no_conditions.to_string()),
        ("nested too deeply", "[".repeat(100_000)),
        ("50 MB, truncated", huge),
    ]
}

async fn start(network: &Arc<ScriptedTransport>) -> (Statsig, Result<(), StatsigError>) {
    let options = StatsigOptions::builder()
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .build()
        .expect("valid options");
    let statsig = Statsig::new("secret-bad-input", options);
    let outcome = statsig.initialize().await.map(drop);
    (statsig, outcome)
}

#[tokio::test(start_paused = true)]
async fn a_first_payload_that_is_bad_is_a_clear_error_and_the_next_good_one_heals() {
    for (what, payload) in bad_payloads() {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(specs::one_gate("on", true).to_string());
        network.next(Endpoint::Specs, Answer::response(200, payload));
        let (statsig, outcome) = start(&network).await;

        let error = outcome.expect_err(what).to_string();
        assert!(
            !error.is_empty() && !error.contains("secret-bad"),
            "{what}: {error}"
        );
        let gate = statsig.get_feature_gate(&StatsigUser::with_user_id("u"), "on");
        assert!(
            !gate.value && gate.details.reason == "NoValues",
            "{what}: {gate}"
        );

        tokio::time::sleep(Duration::from_secs(11)).await;
        assert!(
            statsig.check_gate(&StatsigUser::with_user_id("u"), "on"),
            "{what}"
        );
        statsig.shutdown().await.expect("a shutdown");
    }
}

#[tokio::test(start_paused = true)]
async fn bad_payloads_never_replace_good_specs() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::one_gate("on", true).to_string());
    let (statsig, outcome) = start(&network).await;
    outcome.expect("good specs");
    for (what, payload) in bad_payloads() {
        network.next(Endpoint::Specs, Answer::response(200, payload));
        let error = statsig.refresh().await.expect_err(what);
        assert!(error.to_string().contains("stay in use"), "{what}: {error}");
        let gate = statsig.get_feature_gate(&StatsigUser::with_user_id("u"), "on");
        assert!(
            gate.value && gate.details.reason == "Network:Recognized",
            "{what}: {gate}"
        );
    }
    statsig.shutdown().await.expect("a shutdown");
}

#[tokio::test(start_paused = true)]
async fn specs_at_the_limit_are_taken_and_one_byte_more_is_refused() {
    let specs = padded(MEBIBYTE);
    for (limit, fits) in [(specs.len(), true), (specs.len() - 1, false)] {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(specs.clone());
        let options = StatsigOptions::builder()
            .transport(network.clone())
            .max_specs_bytes(limit)
            .build()
            .expect("valid options");
        let statsig = Statsig::new("secret-limit", options);
        assert_eq!(statsig.initialize().await.is_ok(), fits, "{limit}");
        assert_eq!(statsig.check_gate(&StatsigUser::anonymous(), "on"), fits);
        statsig.shutdown().await.expect("a shutdown");
    }
}

#[test]
fn fifty_megabytes_of_valid_specs_are_taken() {
    let statsig = OfflineClient::new(padded(50 * MEBIBYTE), None).expect("valid specs");
    assert!(statsig.check_gate(&StatsigUser::with_user_id("u"), "on"));
}

#[test]
fn a_malformed_entity_disables_itself_and_not_its_neighbours() {
    let mut specs = specs::one_gate("on", true);
    let good = specs["feature_gates"]["on"].clone();
    let broken = |change: fn(&mut Value)| {
        let mut gate = good.clone();
        change(&mut gate);
        gate
    };
    specs["feature_gates"]["wrong_version"] = broken(|gate| gate["version"] = json!("3"));
    specs["feature_gates"]["no_salt"] = broken(|gate| {
        gate.as_object_mut().expect("an object").remove("salt");
    });
    specs["feature_gates"]["wrong_rules"] = broken(|gate| gate["rules"] = json!({"a": 1}));
    specs["feature_gates"]["wrong_rate"] =
        broken(|gate| gate["rules"][0]["samplingRate"] = json!(1.5));
    specs["feature_gates"]["not_a_gate"] = json!(7);
    specs["condition_map"]["broken"] = json!({"type": 5});
    specs["feature_gates"]["needs_broken"] =
        broken(|gate| gate["rules"][0]["conditions"] = json!(["broken"]));
    specs["param_stores"] = json!({"broken": 1, "store": {"parameters": {
        "broken": {"ref_type": "static"},
        "color": {"ref_type": "static", "param_type": "string", "value": "red"},
    }}});
    let statsig = OfflineClient::new(specs.to_string(), None).expect("specs with holes");
    let user = StatsigUser::with_user_id("u");

    assert!(statsig.check_gate(&user, "on"));
    for name in [
        "wrong_version",
        "no_salt",
        "wrong_rules",
        "wrong_rate",
        "not_a_gate",
    ] {
        let gate = statsig.get_feature_gate(&user, name);
        assert!(
            !gate.value && gate.details.reason == "Bootstrap:Unrecognized",
            "{gate}"
        );
    }
    let gate = statsig.get_feature_gate(&user, "needs_broken");
    assert!(
        !gate.value && gate.details.reason == "Bootstrap:Unsupported",
        "{gate}"
    );
    let store = statsig.get_parameter_store(&user, "store");
    assert_eq!(store.get_string("color", "blue"), "red");
    assert_eq!(store.get_string("broken", "fallback"), "fallback");
}

#[test]
fn big_integers_keep_their_digits() {
    let specs = Specs::new().config("numbers", |c| {
        c.default("beyond_doubles", 9_007_199_254_740_993_u64)
            .default("largest", u64::MAX)
            .default("smallest", i64::MIN)
            .default("float", 0.999_999_999_999_999_1)
    });
    let statsig = OfflineClient::new(specs, None).expect("valid specs");
    let config = statsig.get_dynamic_config(&StatsigUser::with_user_id("u"), "numbers");
    assert_eq!(config.get("beyond_doubles", 0_u64), 9_007_199_254_740_993);
    assert_eq!(config.get("largest", 0_u64), u64::MAX);
    assert_eq!(config.get_i64("smallest", 0), i64::MIN);
    assert_eq!(
        config.get_f64("float", 0.0).to_string(),
        "0.9999999999999991"
    );
}

#[test]
fn unknown_names_read_as_fallbacks() {
    let specs = specs::one_gate("on", true).to_string();
    let statsig = OfflineClient::new(&specs, None).expect("valid specs");
    let user = StatsigUser::with_user_id("u");
    for name in [
        "",
        "nobody",
        "On",
        "on ",
        "\u{1F600}",
        "statsig::gate_exposure",
        &"x".repeat(100_000),
    ] {
        assert!(!statsig.check_gate(&user, name));
        assert_eq!(statsig.get_dynamic_config(&user, name).get_i64("x", 3), 3);
        assert_eq!(statsig.get_experiment(&user, name).rule_id, "");
        assert_eq!(
            statsig.get_layer(&user, name).get_string("x", "fallback"),
            "fallback"
        );
        let store = statsig.get_parameter_store(&user, name);
        assert!(store.get_bool("x", true) && store.get_parameter_names().is_empty());
    }
}

#[test]
fn a_user_without_any_id_evaluates_like_any_other() {
    let specs = specs::one_gate("on", true).to_string();
    let statsig = OfflineClient::new(&specs, None).expect("valid specs");
    let parsed: StatsigUser = serde_json::from_value(json!({})).expect("a user");
    let odd: StatsigUser =
        serde_json::from_value(json!({"userID": {"a": [1]}, "customIDs": {"x": null}}))
            .expect("a user");
    for user in [
        StatsigUser::anonymous(),
        StatsigUserBuilder::default().build(),
        parsed,
        odd,
    ] {
        assert!(statsig.check_gate(&user, "on"));
        assert!(!statsig.check_gate(&user, "none"));
    }
}

#[tokio::test(start_paused = true)]
async fn hostile_event_metadata_arrives_as_it_is() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::one_gate("on", true).to_string());
    let (statsig, outcome) = start(&network).await;
    outcome.expect("good specs");
    let hostile = [
        "\"}]}",
        "\0\u{1}\u{7f}\u{2028}",
        "\u{202e}\u{1F600}\u{feff}",
        "' OR 1=1; --",
        "</script>",
    ];
    let user = StatsigUser::builder("u\"\\\n")
        .private("token", "s3cr3t")
        .build();
    for text in hostile {
        statsig.log_event(&user, Event::new(text).value(text).metadata(text, text));
    }
    statsig.log_event(
        &user,
        Event::new("")
            .value(f64::NAN)
            .metadata("n", json!({"a": [null, 1e300]})),
    );
    statsig.log_event(
        &user,
        Event::new("big").metadata("m", "y".repeat(MEBIBYTE / 2)),
    );
    statsig.flush_events().await.expect("a flush");

    let events = network.events();
    assert_eq!(events.len(), hostile.len() + 2);
    for (event, text) in events.iter().zip(hostile) {
        assert_eq!(event["eventName"], text);
        assert_eq!(event["value"], text);
        assert_eq!(event["metadata"][text], text);
        assert_eq!(event["user"]["userID"], "u\"\\\n");
    }
    let odd = &events[hostile.len()];
    assert_eq!(
        (&odd["value"], &odd["metadata"]["n"]["a"][1]),
        (&Value::Null, &json!(1e300))
    );
    assert!(!Value::from(events).to_string().contains("s3cr3t"));
    statsig.shutdown().await.expect("a shutdown");
}

#[test]
fn errors_say_what_was_expected_and_found() {
    let error = |payload: &str| {
        OfflineClient::new(payload, None)
            .map(drop)
            .expect_err("bad specs")
    };
    assert_eq!(error(""), SpecsError::Empty);
    let missing = error(r#"{"has_updates": true, "time": 1}"#).to_string();
    assert!(missing.contains("feature_gates"), "{missing}");
    let wrong = error(r#"{"has_updates": 3}"#).to_string();
    assert!(
        wrong.contains("boolean") && wrong.contains("line 1"),
        "{wrong}"
    );
}
