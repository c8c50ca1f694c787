//! What each getter serves, and what it exposes.

use serde_json::{Map, Value, json};
use statsig::overrides::RequestOverrides;
use statsig::testing::OfflineClient;
use statsig::{FeatureGateEvaluationOptions, PinnedStatsig, StatsigParams};

use crate::support::{FORCED, Promo, USUAL, client, exposures, specs, user, usual};

#[test]
fn forced_gates_are_read_by_every_getter_and_not_exposed() {
    let client = client();
    let overrides = RequestOverrides::new()
        .gate("open", false)
        .gate("closed", true)
        .gate("not_in_the_specs", true);
    let tester = client.pin().with_overrides(overrides);
    let quiet = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    for (name, forced) in [
        ("open", false),
        ("closed", true),
        ("not_in_the_specs", true),
    ] {
        assert_eq!(tester.check_gate(&user(), name), forced, "{name}");
        let gate = tester.get_feature_gate(&user(), name);
        assert_eq!((gate.value, &*gate.rule_id), (forced, "override"), "{name}");
        assert_eq!(gate.details.reason, FORCED);
        let gate = tester.get_feature_gate_with_options(&user(), name, quiet);
        assert_eq!(gate.value, forced, "{name}");
        gate.log_exposure();
        tester.manually_log_gate_exposure(&user(), name);
    }
    assert_eq!(client.take_events(), [] as [Value; 0]);
}

#[test]
fn reads_without_an_override_are_exposed_as_usual() {
    let client = client();
    let tester = client
        .pin()
        .with_overrides(RequestOverrides::new().gate("closed", true));
    let read = |statsig: &PinnedStatsig| {
        assert!(statsig.check_gate(&user(), "open"));
        let config = statsig.get_dynamic_config(&user(), "a_config");
        let experiment = statsig.get_experiment(&user(), "promo_test");
        let layer = statsig.get_layer(&user(), "promo");
        let store = statsig.get_parameter_store(&user(), "a_store");
        (
            config.get_string("title", ""),
            experiment.get_string("title", ""),
            layer.get_string("title", ""),
            store.get_string("cta", ""),
        )
    };
    let read_by_tester = read(&tester);
    let of_tester = client.take_events();
    // The last one counts reads of the store.
    assert_eq!(of_tester.len(), 6, "{of_tester:?}");

    let other = OfflineClient::new(specs(), None).expect("valid specs");
    assert_eq!(read(&other.pin()), read_by_tester);
    let without_time = |events: Vec<Value>| {
        let plain = events.into_iter().map(|mut event| {
            for field in ["time", "receivedAt"] {
                event["metadata"][field].take();
                event[field].take();
            }
            event
        });
        plain.collect::<Vec<_>>()
    };
    assert_eq!(without_time(of_tester), without_time(other.take_events()));
}

#[test]
fn a_layer_with_a_forced_parameter_exposes_only_the_other_parameters() {
    let client = client();
    let overrides = RequestOverrides::new().layer("promo", "title", "Hi");
    let tester = client.pin().with_overrides(overrides);
    let layer = tester.get_layer(&user(), "promo");
    assert_eq!(layer.details.reason, FORCED);
    assert_eq!(layer.get_string("title", ""), "Hi");
    layer.log_exposure("title");
    tester.manually_log_layer_parameter_exposure(&user(), "promo", "title");
    assert_eq!(exposures(&client), []);

    assert_eq!(layer.get_i64("discount", 0), 10);
    let events = client.take_events();
    let metadata = &events[0]["metadata"];
    assert_eq!(metadata["parameterName"], "discount");
    assert_eq!(metadata["reason"], USUAL);
    assert_eq!(metadata["ruleID"], "treatment");
    assert_eq!(metadata["allocatedExperiment"], "promo_test");
    assert_eq!(events.len(), 1);
}

#[test]
fn a_config_or_experiment_with_a_forced_parameter_is_not_exposed() {
    let client = client();
    let overrides = RequestOverrides::new()
        .dynamic_config("a_config", "title", "Hi")
        .experiment("promo_test", "title", "Hey")
        .experiment("promo_test", "new", json!({"any": ["json"]}));
    let tester = client.pin().with_overrides(overrides);
    let config = tester.get_dynamic_config(&user(), "a_config");
    assert_eq!(config.get_string("title", ""), "Hi");
    assert_eq!(config.get_string("cta", ""), "Buy");
    let experiment = tester.get_experiment(&user(), "promo_test");
    assert_eq!(
        experiment.value(),
        Some(&Map::from_iter([
            ("title".to_owned(), json!("Hey")),
            ("discount".to_owned(), json!(10)),
            ("cta".to_owned(), json!("Buy")),
            ("new".to_owned(), json!({"any": ["json"]})),
        ]))
    );
    assert_eq!(experiment.details.reason, FORCED);
    assert_eq!(
        (&*experiment.rule_id, &experiment.group_name),
        ("override", &None)
    );
    assert!(!experiment.is_user_in_experiment);
    tester.manually_log_dynamic_config_exposure(&user(), "a_config");
    tester.manually_log_experiment_exposure(&user(), "promo_test");
    assert_eq!(client.take_events(), [] as [Value; 0]);

    // A config of this name is not the experiment.
    let config = tester.get_dynamic_config(&user(), "promo_test");
    assert_eq!(config.get_string("title", ""), "Hello");
}

#[test]
fn a_forced_parameter_of_a_store_is_a_constant_and_its_other_targets_follow_their_overrides() {
    let client = client();
    let overrides = RequestOverrides::new()
        .parameter_store(
            "a_store",
            "color",
            json!({"ref_type": "static", "value": 1}),
        )
        .parameter_store("a_store", "new", 3)
        .gate("open", false)
        .layer("promo", "title", "Hi");
    let tester = client.pin().with_overrides(overrides);
    let store = tester.get_parameter_store(&user(), "a_store");
    assert_eq!(store.details.reason, FORCED);
    let color = store.get_object("color", Map::new());
    assert_eq!(color["ref_type"], "static");
    assert_eq!(store.get_i64("new", 0), 3);
    assert_eq!(store.get_i64("size", 0), 1);
    assert_eq!(store.get_string("title", ""), "Hi");
    assert_eq!(exposures(&client), []);
    assert_eq!(store.get_string("cta", ""), "Buy");
    assert_eq!(exposures(&client), usual(&["promo.cta"]));
}

#[derive(Debug, StatsigParams)]
#[statsig(experiment = "promo_test")]
struct Test {
    #[statsig(default = "none")]
    title: String,
    #[statsig(default = "none")]
    cta: String,
}

#[derive(Debug, StatsigParams)]
#[statsig(param_store = "a_store")]
struct Store {
    #[statsig(default = 0)]
    size: i64,
    #[statsig(default = "none")]
    color: String,
    #[statsig(default = "none")]
    cta: String,
}

#[test]
fn typed_structs_read_forced_parameters_and_expose_the_others() {
    let client = client();
    let overrides = RequestOverrides::new()
        .layer("promo", "title", "Hi")
        .experiment("promo_test", "title", "Hey")
        .parameter_store("a_store", "color", "green")
        .gate("open", false);
    let tester = client.pin().with_overrides(overrides);
    let promo = tester.get_typed::<Promo>(user());
    assert_eq!((&*promo.title, promo.discount), ("Hi", 10));
    assert_eq!(exposures(&client), usual(&["promo.discount"]));

    let test = tester.get_typed::<Test>(user());
    assert_eq!((&*test.title, &*test.cta), ("Hey", "Buy"));
    assert_eq!(exposures(&client), []);

    let store = tester.get_typed::<Store>(user());
    assert_eq!(
        (store.size, &*store.color, &*store.cta),
        (1, "green", "Buy")
    );
    assert_eq!(exposures(&client), usual(&["promo.cta"]));
}

#[test]
fn gates_and_experiments_behind_the_read_name_are_not_forced() {
    let client = client();
    let overrides =
        RequestOverrides::new()
            .gate("open", false)
            .experiment("promo_test", "title", "Hey");
    let tester = client.pin().with_overrides(overrides);
    assert!(tester.check_gate(&user(), "outer"));
    let layer = tester.get_layer(&user(), "promo");
    assert_eq!(layer.get_string("title", ""), "Hello");
    assert_eq!(exposures(&client), usual(&["outer", "promo.title"]));
}

#[test]
fn overrides_of_the_request_win_over_local_ones() {
    let client = client();
    client.override_gate("closed", true, None);
    let local = Map::from_iter([
        ("title".to_owned(), json!("local")),
        ("cta".to_owned(), json!("local")),
    ]);
    client.override_layer("promo", local, None);
    let overrides = RequestOverrides::new()
        .gate("closed", false)
        .layer("promo", "title", "Hi");
    let tester = client.pin().with_overrides(overrides);
    assert!(!tester.check_gate(&user(), "closed"));
    let layer = tester.get_layer(&user(), "promo");
    assert_eq!(layer.get_string("title", ""), "Hi");
    assert_eq!(layer.get_string("cta", ""), "local");
    assert_eq!(
        exposures(&client),
        [(
            "promo.cta".to_owned(),
            "LocalOverride:Recognized".to_owned()
        )]
    );
    assert!(client.check_gate(&user(), "closed"));
}
