//! Typical mistakes of new implementations of the event protocol. Each has its own test, in
//! simulated time with a network in memory.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod lab;

use std::time::Duration;

use serde_json::{Value, json};
use statsig::testing::{Answer, Endpoint, SimulatedClock};
use statsig::{FeatureGateEvaluationOptions, LayerEvaluationOptions, StatsigUser};
use tokio::time::sleep;

use crate::lab::{BATCH, ann, lab, lab_with, secs, specs, with_settings};

#[tokio::test(start_paused = true)]
async fn trap_01_metadata_is_text_but_rates_are_numbers_and_counts_are_json_within_text() {
    let lab = lab_with(with_settings(json!({"sampling_mode": "shadow"})), |it| it).await;
    let suppressed = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    let _ = lab.statsig.check_gate(&ann(), "sampled");
    let _ = lab
        .statsig
        .check_gate(&StatsigUser::with_user_id("bob"), "sampled");
    let _ = lab
        .statsig
        .check_gate_with_options(&ann(), "on", suppressed);
    let events = lab.delivered().await;
    let metadata = events[0]["metadata"].as_object().unwrap();
    assert!(metadata.values().all(Value::is_string), "{metadata:?}");
    assert_eq!(metadata["gateValue"], "true");
    assert_eq!(metadata["configVersion"], "7");
    assert_eq!(
        events[1]["statsigMetadata"],
        json!({"samplingRate": 1_000_000_007_u64, "samplingMode": "shadow", "shadowLogged": "dropped"})
    );
    assert_eq!(events[2]["metadata"]["checks"], r#"{"on":1}"#);
}

#[tokio::test(start_paused = true)]
async fn trap_02_seven_keys_always_but_a_users_absent_fields_are_left_out() {
    const KEYS: [&str; 7] = [
        "eventName",
        "metadata",
        "secondaryExposures",
        "statsigMetadata",
        "time",
        "user",
        "value",
    ];
    let lab = lab().await;
    let _ = lab.statsig.check_gate(&ann(), "on");
    lab.log(1);
    lab.statsig.identify(&ann());
    let events = lab.delivered().await;
    for event in &events {
        let mut keys: Vec<_> = event.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, KEYS);
        assert_eq!(event["user"], json!({"userID": "ann"}));
    }
    assert_eq!(events[0]["statsigMetadata"], json!({}));
    assert_eq!(events[0]["value"], Value::Null);
    for other in &events[1..] {
        assert_eq!(other["statsigMetadata"], Value::Null);
        assert_eq!(other["secondaryExposures"], Value::Null);
        assert_eq!(other["metadata"], Value::Null);
    }
}

#[tokio::test(start_paused = true)]
async fn trap_03_experiments_use_config_exposure_without_rule_passed() {
    let lab = lab().await;
    let _ = lab.statsig.get_experiment(&ann(), "exp");
    let _ = lab.statsig.get_dynamic_config(&ann(), "config");
    let events = lab.delivered().await;
    for (event, name) in events.iter().zip(["exp", "config"]) {
        assert_eq!(event["eventName"], "statsig::config_exposure");
        assert_eq!(event["metadata"]["config"], name);
    }
    assert_eq!(events[0]["metadata"]["rulePassed"], Value::Null);
    assert_eq!(events[1]["metadata"]["rulePassed"], "false");
}

#[tokio::test(start_paused = true)]
async fn trap_04_a_layer_exposure_depends_on_the_parameter() {
    let lab = lab().await;
    let layer = lab.statsig.get_layer(&ann(), "layer");
    assert_eq!(layer.get_string("title", "fallback"), "bold");
    lab.statsig
        .manually_log_layer_parameter_exposure(&ann(), "layer", "size");
    let events = lab.delivered().await;
    let (explicit, other) = (&events[0]["metadata"], &events[1]["metadata"]);
    assert_eq!(events[0]["eventName"], "statsig::layer_exposure");
    assert_eq!(explicit["isExplicitParameter"], "true");
    assert_eq!(explicit["allocatedExperiment"], "exp");
    assert_eq!(other["isExplicitParameter"], "false");
    assert_eq!(other["allocatedExperiment"], "");
    let nested = json!([{"gate": "on", "gateValue": "true", "ruleID": "everyone"}]);
    assert_eq!(events[0]["secondaryExposures"], nested);
}

#[tokio::test(start_paused = true)]
async fn trap_05_layers_log_when_read_as_what_they_are_and_stores_as_what_they_refer_to() {
    let lab = lab().await;
    let layer = lab.statsig.get_layer(&ann(), "layer");
    assert_eq!(layer.get_i64("title", 5), 5);
    assert_eq!(layer.get_string("missing", "none"), "none");
    assert!(lab.delivered().await.is_empty());

    let store = lab.statsig.get_parameter_store(&ann(), "store");
    assert_eq!(store.get_string("fixed", ""), "text");
    assert_eq!(store.get_string("by_gate", ""), "yes");
    let events = lab.delivered().await;
    assert_eq!(events[0]["eventName"], "statsig::gate_exposure");
    assert_eq!(events[0]["metadata"]["gate"], "on");
    assert_eq!(events[1]["metadata"]["checks"], r#"{"store":1}"#);
    assert_eq!(events.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn trap_06_dedupe_is_a_window_for_all_and_knows_ids_and_values_only() {
    let lab = lab().await;
    let user = |plan: &str| StatsigUser::builder("ann").custom("plan", plan).build();
    let _ = lab.statsig.check_gate(&user("premium"), "on");
    // Another attribute, but the same IDs and value: a repeat.
    let _ = lab.statsig.check_gate(&user("free"), "on");
    assert_eq!(lab.delivered().await.len(), 1);
    // Another value: not a repeat.
    let _ = lab.statsig.check_gate(&user("premium"), "premium");
    let _ = lab.statsig.check_gate(&user("free"), "premium");
    assert_eq!(lab.delivered().await.len(), 2);
    // All keys share one window: this key is new at 50 s, and again soon after 60 s.
    sleep(secs(50)).await;
    let _ = lab.statsig.check_gate(&ann(), "outer");
    assert_eq!(lab.delivered().await.len(), 1);
    sleep(secs(12)).await;
    let _ = lab.statsig.check_gate(&ann(), "outer");
    assert_eq!(lab.delivered().await.len(), 1);
    assert_eq!(lab.statsig.event_stats().deduplicated, 1);
}

#[tokio::test(start_paused = true)]
async fn trap_07_first_sight_and_forwarding_bypass_sampling_and_never_dedupe() {
    let lab = lab_with(with_settings(json!({"sampling_mode": "on"})), |it| it).await;
    for gate in ["sampled", "forwarded"] {
        for id in ["a", "b", "c", "a"] {
            let _ = lab.statsig.check_gate(&StatsigUser::with_user_id(id), gate);
        }
    }
    let events = lab.delivered().await;
    let of = |gate: &str| {
        let sent = events
            .iter()
            .filter(|event| event["metadata"]["gate"] == gate);
        sent.count()
    };
    assert_eq!((of("sampled"), of("forwarded")), (1, 3));
    let stats = lab.statsig.event_stats();
    assert_eq!((stats.sampled_out, stats.deduplicated), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn trap_08_a_lonely_event_waits_a_minute_and_a_full_batch_not_at_all() {
    let lab = lab().await;
    lab.log(BATCH);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(lab.network.events().len(), BATCH);
    assert_eq!(lab.network.batches()[0].metadata["flushType"], "limit");
    lab.log(1);
    sleep(secs(55)).await;
    assert_eq!(lab.network.events().len(), BATCH);
    sleep(secs(10)).await;
    assert_eq!(lab.network.events().len(), BATCH + 1);
    // While the service fails, a full batch waits until the pause ends.
    lab.network.next(Endpoint::Events, Answer::status(500));
    lab.log(BATCH);
    sleep(Duration::from_millis(10)).await;
    lab.log(BATCH);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(lab.network.events().len(), BATCH + 1);
    sleep(secs(5)).await;
    assert_eq!(lab.network.events().len(), 3 * BATCH + 1);
}

#[tokio::test(start_paused = true)]
async fn trap_09_some_statuses_lose_a_batch_at_once_and_others_after_five_more_attempts() {
    for (status, attempts) in [
        (403, 1),
        (405, 1),
        (501, 1),
        (304, 6),
        (401, 6),
        (404, 6),
        (408, 6),
        (429, 6),
        (500, 6),
        (502, 6),
        (503, 6),
    ] {
        let lab = lab().await;
        lab.network.always(Endpoint::Events, Answer::status(status));
        lab.log(BATCH);
        sleep(secs(300)).await;
        assert_eq!(lab.network.batches().len(), attempts, "{status}");
        assert_eq!(
            lab.statsig.event_stats().dropped.total(),
            BATCH as u64,
            "{status}"
        );
    }
    for dead in [Answer::hang(), Answer::refuse_connection()] {
        let lab = lab().await;
        lab.network.always(Endpoint::Events, dead);
        lab.log(BATCH);
        sleep(secs(300)).await;
        assert_eq!(lab.network.batches().len(), 6);
        let dropped = lab.statsig.event_stats().dropped;
        assert_eq!(dropped.delivery_failed, BATCH as u64);
    }
    // One of many events may cause 413 and 400. The client posts each event alone before it drops
    // it.
    for status in [413, 400] {
        let lab = lab().await;
        lab.network.always(Endpoint::Events, Answer::status(status));
        lab.log(BATCH);
        sleep(secs(300)).await;
        assert_eq!(lab.network.batches().len(), 2 * BATCH - 1, "{status}");
        let dropped = lab.statsig.event_stats().dropped;
        assert_eq!(dropped.refused, BATCH as u64, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn trap_10_an_empty_success_is_a_success() {
    let lab = lab().await;
    lab.network.next(Endpoint::Events, Answer::status(202));
    lab.log(BATCH);
    sleep(secs(300)).await;
    assert_eq!(lab.network.batches().len(), 1);
    assert_eq!(lab.statsig.event_stats().delivered, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn trap_11_disable_all_logging_silences_suppressed_checks_too() {
    let lab = lab_with(specs(), |options| options.disable_all_logging(true)).await;
    let gate = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    let quiet = LayerEvaluationOptions::new().disable_exposure_logging(true);
    let _ = lab.statsig.check_gate_with_options(&ann(), "on", gate);
    let layer = lab.statsig.get_layer_with_options(&ann(), "layer", quiet);
    let _ = layer.get_string("title", "");
    let _ = lab.statsig.get_parameter_store(&ann(), "store");
    let _ = lab.statsig.check_gate(&ann(), "on");
    lab.log(1);
    lab.statsig.identify(&ann());
    assert!(lab.delivered().await.is_empty());
    assert_eq!(lab.statsig.event_stats().enqueued, 0);
}

#[tokio::test(start_paused = true)]
async fn trap_12_unknown_names_are_logged_but_for_layers() {
    let lab = lab().await;
    let _ = lab.statsig.check_gate(&ann(), "no_gate");
    let _ = lab.statsig.get_dynamic_config(&ann(), "no_config");
    let _ = lab.statsig.get_experiment(&ann(), "no_experiment");
    let layer = lab.statsig.get_layer(&ann(), "no_layer");
    let _ = layer.get_string("title", "");
    let events = lab.delivered().await;
    assert_eq!(events.len(), 3);
    for event in &events {
        let metadata = &event["metadata"];
        assert_eq!(metadata["ruleID"], "");
        assert_eq!(metadata["reason"], "Network:Unrecognized");
        assert_eq!(metadata["configVersion"], Value::Null);
        assert_eq!(event["secondaryExposures"], json!([]));
    }
}

#[tokio::test(start_paused = true)]
async fn trap_13_asking_for_an_experiments_group_exposes_that_experiment_first() {
    let lab = lab().await;
    assert!(lab.statsig.check_gate(&ann(), "grouped"));
    let events = lab.delivered().await;
    let names: Vec<_> = events.iter().map(|event| &event["eventName"]).collect();
    assert_eq!(
        names,
        ["statsig::config_exposure", "statsig::gate_exposure"]
    );
    assert_eq!(events[0]["metadata"]["config"], "exp");
    assert_eq!(events[1]["secondaryExposures"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn trap_14_suppressed_checks_are_counted_at_the_flush_for_no_user_and_layers_twice() {
    let lab = lab().await;
    let quiet = LayerEvaluationOptions::new().disable_exposure_logging(true);
    let layer = lab.statsig.get_layer_with_options(&ann(), "layer", quiet);
    let _ = layer.get_string("title", "");
    sleep(secs(10)).await;
    let events = lab.delivered().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["eventName"], "statsig::non_exposed_checks");
    assert_eq!(events[0]["metadata"]["checks"], r#"{"layer":2}"#);
    assert_eq!(events[0]["user"], json!({}));
    assert_eq!(events[0]["time"], SimulatedClock::START_MS + 10_000);
    assert!(lab.delivered().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn trap_15_the_headers_count_the_bodys_events_and_the_batchs_failures() {
    let lab = lab().await;
    lab.network.next(Endpoint::Events, Answer::status(500));
    lab.network.next(Endpoint::Events, Answer::status(413));
    lab.log(BATCH);
    sleep(secs(10)).await;
    let requests = lab.network.requests(Endpoint::Events);
    let batches = lab.network.batches();
    let header = |at: usize, wanted: &str| {
        let found = requests[at].request.headers.get(wanted);
        found.map(|value| value.parse::<usize>().unwrap())
    };
    for (at, (events, retries)) in [(10, 0), (10, 1), (5, 1), (5, 1)].into_iter().enumerate() {
        assert_eq!(batches[at].events.len(), events, "{at}");
        assert_eq!(header(at, "statsig-event-count"), Some(events), "{at}");
        assert_eq!(header(at, "statsig-retry-count"), Some(retries), "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn trap_16_settings_come_with_the_specs_merge_and_never_disappear() {
    let ttl = with_settings(json!({"exposure_dedupe_ttl_ms": 5_000}));
    let lab = lab_with(ttl, |it| it).await;
    let mut later = with_settings(json!({"sampling_mode": "none"}));
    later["time"] = 1_790_000_000_001_u64.into();
    lab.network.serve_specs(later.to_string());
    sleep(secs(30)).await;
    for _ in 0..3 {
        let _ = lab.statsig.check_gate(&ann(), "on");
        sleep(secs(7)).await;
    }
    assert_eq!(lab.delivered().await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn trap_17_a_shutdown_waits_for_batches_that_have_left_the_queue() {
    let lab = lab().await;
    let slow = Answer::response(202, "").after(secs(2));
    lab.network.always(Endpoint::Events, slow);
    lab.log(BATCH);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(lab.network.batches().len(), 1);
    lab.log(1);
    let report = lab.statsig.shutdown().await.expect("in time");
    assert_eq!(report.stats.delivered, BATCH as u64 + 1);
    assert_eq!(lab.network.events().len(), BATCH + 1);
}

#[tokio::test(start_paused = true)]
async fn trap_18_an_event_has_the_time_order_and_values_of_its_call() {
    let lab = lab().await;
    sleep(secs(20)).await;
    lab.log(1);
    sleep(secs(1)).await;
    let _ = lab.statsig.check_gate(&ann(), "on");
    let off = statsig_tests::specs::with_gate("on", false).time(1_790_000_000_001);
    lab.network.serve_specs(off);
    sleep(secs(25)).await;
    let events = lab.delivered().await;
    assert_eq!(events[0]["time"], SimulatedClock::START_MS + 20_000);
    assert_eq!(events[1]["time"], SimulatedClock::START_MS + 21_000);
    assert_eq!(events[1]["metadata"]["gateValue"], "true");
}

#[tokio::test(start_paused = true)]
async fn nested_gates_are_exposures_of_their_own_for_clients_in_the_rollout() {
    let flags = ["sec_expo_as_primary:abc123"];
    // The flag is in bucket 307.
    for (number, takes_part) in [
        (json!(308), true),
        (json!("308"), true),
        (json!(307), false),
    ] {
        let specs = with_settings(json!({"sec_expo_number": number}));
        let lab = lab_with(specs, |options| options.experimental_flags(flags)).await;
        let _ = lab.statsig.check_gate(&ann(), "outer");
        let _ = lab.statsig.check_gate(&ann(), "outer");
        let events = lab.delivered().await;
        let nested = json!([{"gate": "on", "gateValue": "true", "ruleID": "everyone"}]);
        if !takes_part {
            assert_eq!(events.len(), 1);
            assert_eq!(events[0]["secondaryExposures"], nested);
            continue;
        }
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["metadata"]["gate"], "outer");
        assert_eq!(events[0]["secondaryExposures"], json!([]));
        assert_eq!(events[1]["eventName"], "statsig::gate_exposure");
        assert_eq!(
            events[1]["metadata"],
            json!({"gate": "on", "gateValue": "true", "ruleID": "everyone"})
        );
        assert_eq!(events[1]["secondaryExposures"], json!([]));
        assert_eq!(events[1]["time"], events[0]["time"]);
        assert_eq!(lab.statsig.event_stats().deduplicated, 2);
    }
}
