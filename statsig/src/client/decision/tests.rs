use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::StatsigParams;
use crate::client::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    LayerEvaluationOptions, TypedEvaluationOptions,
};
use crate::options::StatsigOptions;
use crate::storage::{InMemoryPersistentStorage, PersistentStorage, UserPersistedValues};
use crate::testing::{OfflineClient, SimulatedClock, Specs};
use crate::user::StatsigUser;

/// Specs in which all users pass this rule.
fn specs(time: u64, rule: &str) -> Specs {
    Specs::new()
        .time(time)
        .gate("gate", |g| g.rule(rule).everyone().group_name(rule))
        .config("config", |c| c.rule(rule).everyone().value("color", rule))
        .layer("layer", |l| l.default("color", "layer's"))
        .experiment("experiment", |e| {
            e.layer("layer").group(rule, |g| g.value("color", rule))
        })
}

fn user() -> StatsigUser {
    StatsigUser::with_user_id("u")
}

/// Name, rule and whether it is manual, of all exposures since the last call.
fn exposures(client: &OfflineClient) -> Vec<(String, String, bool)> {
    let events = client.take_events().into_iter();
    let exposures = events.filter(|event| {
        let name = event["eventName"].as_str();
        name.is_some_and(|name| name.ends_with("_exposure"))
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    exposures
        .map(|event| {
            let metadata = &event["metadata"];
            let name = metadata.get("gate").or_else(|| metadata.get("config"));
            (
                name.map(text).unwrap_or_default(),
                text(&metadata["ruleID"]),
                metadata["isManualExposure"] == "true",
            )
        })
        .collect()
}

fn exposed(name: &str, rule: &str, is_manual: bool) -> (String, String, bool) {
    (name.to_owned(), rule.to_owned(), is_manual)
}

#[test]
fn what_was_served_is_exposed_later_whatever_the_specs_say_by_then() {
    let client = OfflineClient::new(specs(1, "first"), None).unwrap();
    let user = user();
    let gate = client.get_feature_gate_with_options(
        &user,
        "gate",
        FeatureGateEvaluationOptions::new().disable_exposure_logging(true),
    );
    let config = client.get_dynamic_config_with_options(
        &user,
        "config",
        DynamicConfigEvaluationOptions::new().disable_exposure_logging(true),
    );
    let options = ExperimentEvaluationOptions::new().disable_exposure_logging(true);
    let experiment = client.get_experiment_with_options(&user, "experiment", options);
    let options = LayerEvaluationOptions::new().disable_exposure_logging(true);
    let layer = client.get_layer_with_options(&user, "layer", options);
    client.set_specs(specs(2, "second")).unwrap();
    assert_eq!(exposures(&client), []);

    gate.log_exposure();
    config.log_exposure();
    experiment.log_exposure();
    layer.log_exposure("color");
    layer.log_exposure("no such parameter");
    let all = ["gate", "config", "experiment", "layer"];
    let expected = all.map(|name| exposed(name, "first", true));
    assert_eq!(exposures(&client), expected);
}

#[test]
fn what_fetching_exposed_is_not_exposed_again() {
    let client = OfflineClient::new(specs(1, "first"), None).unwrap();
    client.get_feature_gate(&user(), "gate").log_exposure();
    client.get_dynamic_config(&user(), "config").log_exposure();
    client.get_experiment(&user(), "experiment").log_exposure();
    let all = ["gate", "config", "experiment"];
    let expected = all.map(|name| exposed(name, "first", false));
    assert_eq!(exposures(&client), expected);
}

/// A client with newer specs, and the values that it stored for the user under the first specs.
fn with_stored() -> (OfflineClient, Arc<UserPersistedValues>) {
    let storage = Arc::new(InMemoryPersistentStorage::new());
    let clock = Arc::new(SimulatedClock::new());
    let options = StatsigOptions::builder()
        .clock(clock.clone())
        .persistent_storage(storage.clone());
    let client = OfflineClient::new(specs(1, "first"), options.build().unwrap()).unwrap();
    let user = user();
    let options = ExperimentEvaluationOptions::new().user_persisted_values(Arc::default());
    let _ = client.get_experiment_with_options(&user, "experiment", options);
    let options = LayerEvaluationOptions::new().user_persisted_values(Arc::default());
    let _ = client.get_layer_with_options(&user, "layer", options);
    let stored = storage.get_values_for_user(&user, "userID");
    assert_eq!(stored.len(), 2);
    client.set_specs(specs(2, "second")).unwrap();
    exposures(&client);
    // The earlier exposures suppress nothing.
    clock.jump(Duration::from_secs(61));
    (client, stored)
}

#[test]
fn a_stored_assignment_is_exposed_later_as_it_was_served() {
    let (client, stored) = with_stored();
    let options = ExperimentEvaluationOptions::new()
        .disable_exposure_logging(true)
        .user_persisted_values(Arc::clone(&stored));
    let experiment = client.get_experiment_with_options(&user(), "experiment", options);
    let options = LayerEvaluationOptions::new()
        .disable_exposure_logging(true)
        .user_persisted_values(stored);
    let layer = client.get_layer_with_options(&user(), "layer", options);
    assert_eq!(experiment.get_string("color", ""), "first");
    assert_eq!(layer.get_string("color", ""), "first");
    assert_eq!(exposures(&client), []);
    experiment.log_exposure();
    layer.log_exposure("color");
    let expected = ["experiment", "layer"].map(|name| exposed(name, "first", true));
    assert_eq!(exposures(&client), expected);
}

#[derive(Debug, StatsigParams)]
#[statsig(experiment = "experiment")]
struct OfExperiment {
    #[statsig(default = "")]
    color: String,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "layer")]
struct OfLayer {
    #[statsig(default = "")]
    color: String,
}

#[test]
fn a_typed_struct_serves_and_exposes_what_is_stored_for_the_user() {
    let (client, stored) = with_stored();
    let options = TypedEvaluationOptions::new().user_persisted_values(stored);
    let of_experiment = client.get_typed_with_options::<OfExperiment>(user(), &options);
    let of_layer = client.get_typed_with_options::<OfLayer>(user(), &options);
    assert_eq!(exposures(&client), []);
    assert_eq!(
        (&*of_experiment.color, &*of_layer.color),
        ("first", "first")
    );
    let expected = ["experiment", "layer"].map(|name| exposed(name, "first", false));
    assert_eq!(exposures(&client), expected);

    let live = client.get_typed::<OfExperiment>(user());
    assert_eq!(live.color, "second");
}

#[test]
fn a_typed_struct_changes_what_is_stored_only_when_it_is_given_what_is_stored() {
    let (client, _) = with_stored();
    let storage = client
        .shared_state()
        .options
        .persistent_storage
        .clone()
        .unwrap();
    let stored = || storage.get_values_for_user(&user(), "userID");
    let _ = client.get_typed::<OfExperiment>(user());
    assert!(stored().contains_key("experiment"));

    storage.delete("u:userID", "experiment");
    let options = TypedEvaluationOptions::new().user_persisted_values(stored());
    let fresh = client.get_typed_with_options::<OfExperiment>(user(), &options);
    assert_eq!(fresh.color, "second");
    assert!(stored().contains_key("experiment"));
}
