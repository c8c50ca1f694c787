//! A pinned handle continues to read from the specs that were current when it was pinned.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::{Map, json};
use statsig::testing::{OfflineClient, Specs};
use statsig::{
    DynamicConfigEvaluationOptions, Event, ExperimentEvaluationOptions,
    FeatureGateEvaluationOptions, LayerEvaluationOptions, ParameterStoreEvaluationOptions, Statsig,
    StatsigParams, StatsigUser,
};

#[derive(Debug, StatsigParams)]
#[statsig(layer = "a_layer")]
struct Params {
    #[statsig(default = 0)]
    generation: u64,
}

#[derive(Debug, StatsigParams)]
#[statsig(param_store = "a_store")]
struct StoreParams {
    #[statsig(default = 0)]
    generation: u64,
}

/// Specs in which every value is their generation. The gate passes in odd generations.
fn specs(generation: u32) -> Specs {
    Specs::new()
        .time(u64::from(generation))
        .gate("a_gate", |g| match generation % 2 {
            1 => g.version(generation).passes_by_default(),
            _ => g.version(generation),
        })
        .config("a_config", |c| {
            c.version(generation).default("generation", generation)
        })
        .experiment("an_experiment", |e| {
            e.version(generation)
                .default("generation", generation)
                .not_started()
        })
        .layer("a_layer", |l| {
            l.version(generation).default("generation", generation)
        })
        .store("a_store", |s| {
            s.from_config("generation", "a_config", "generation")
        })
}

/// The results of every read.
fn answers(statsig: &Statsig) -> ([bool; 4], [i64; 12]) {
    let user = &StatsigUser::with_user_id("a-user");
    let gate = statsig.get_feature_gate(user, "a_gate");
    let quiet_gate = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    let config = DynamicConfigEvaluationOptions::new().disable_exposure_logging(true);
    let store = ParameterStoreEvaluationOptions::new().disable_exposure_logging(true);
    let (experiment, layer) = (
        ExperimentEvaluationOptions::default(),
        LayerEvaluationOptions::default(),
    );
    let booleans = [
        statsig.check_gate(user, "a_gate"),
        statsig.check_gate_with_options(user, "a_gate", quiet_gate),
        gate.value,
        statsig
            .get_feature_gate_with_options(user, "a_gate", quiet_gate)
            .value,
    ];
    let generations = [
        gate.details.lcut.unwrap_or_default() as i64,
        statsig
            .get_dynamic_config(user, "a_config")
            .get_i64("generation", 0),
        statsig
            .get_dynamic_config_with_options(user, "a_config", config)
            .get_i64("generation", 0),
        statsig
            .get_experiment(user, "an_experiment")
            .get_i64("generation", 0),
        statsig
            .get_experiment_with_options(user, "an_experiment", experiment)
            .get_i64("generation", 0),
        statsig.get_layer(user, "a_layer").get_i64("generation", 0),
        statsig
            .get_layer_with_options(user, "a_layer", layer)
            .get_i64("generation", 0),
        statsig
            .get_parameter_store(user, "a_store")
            .get_i64("generation", 0),
        statsig
            .get_parameter_store_with_options(user, "a_store", store)
            .get_i64("generation", 0),
        statsig.get_typed::<Params>(user).generation as i64,
        statsig.get_typed::<StoreParams>(user).generation as i64,
        statsig
            .try_get_typed::<Params>(user)
            .expect("a layer")
            .generation as i64,
    ];
    (booleans, generations)
}

#[test]
fn a_handle_keeps_its_generation_while_the_client_goes_on() {
    let statsig = OfflineClient::new(specs(1), None).expect("valid specs");
    let first = statsig.pin();
    statsig.set_specs(specs(2)).expect("valid specs");
    let second = statsig.pin();
    statsig.set_specs(specs(3)).expect("valid specs");

    let answers_of = |generation: i64| ([generation % 2 == 1; 4], [generation; 12]);
    for _ in 0..3 {
        assert_eq!(answers(&first), answers_of(1));
        assert_eq!(answers(&second), answers_of(2));
        assert_eq!(answers(&second.clone()), answers_of(2));
        assert_eq!(answers(&statsig), answers_of(3));
        assert_eq!(answers(first.client()), answers_of(3));
        assert_eq!(answers(&first.pin()), answers_of(1));
    }
}

#[test]
fn exposures_of_a_handle_are_the_clients() {
    let statsig = OfflineClient::new(specs(1), None).expect("valid specs");
    let user = StatsigUser::with_user_id("a-user");
    let pinned = statsig.pin();
    statsig.set_specs(specs(2)).expect("valid specs");
    assert!(pinned.check_gate(&user, "a_gate"));
    let events = statsig.take_events();
    assert_eq!(events.len(), 1, "{events:?}");
    let metadata = &events[0]["metadata"];
    assert_eq!(metadata["gateValue"], "true");
    assert_eq!(metadata["lcut"], "1");
    assert_eq!(metadata["configVersion"], "1");
}

#[test]
fn overrides_hold_for_handles_too() {
    let statsig = OfflineClient::new(specs(1), None).expect("valid specs");
    let user = StatsigUser::with_user_id("a-user");
    let pinned = statsig.pin();
    let forced = Map::from_iter([("generation".to_owned(), json!(9))]);
    statsig.override_dynamic_config("a_config", forced, None);
    let config = pinned.get_dynamic_config(&user, "a_config");
    assert_eq!(config.get_i64("generation", 0), 9);
}

#[test]
fn a_handle_of_a_client_without_specs_never_gets_any() {
    let statsig = OfflineClient::without_specs(None);
    let pinned = statsig.pin();
    statsig.set_specs(specs(1)).expect("valid specs");
    let user = StatsigUser::with_user_id("a-user");
    assert_eq!(
        pinned.get_feature_gate(&user, "a_gate").details.reason,
        "NoValues"
    );
    assert!(statsig.check_gate(&user, "a_gate"));
}

#[test]
fn a_handle_logs_events() {
    let statsig = OfflineClient::new(specs(1), None).expect("valid specs");
    let user = StatsigUser::with_user_id("a-user");
    statsig.pin().log_event(&user, Event::new("greeted"));
    let events = statsig.take_events();
    assert_eq!(events[0]["eventName"], "greeted");
}
