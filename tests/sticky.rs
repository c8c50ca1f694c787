//! Sticky assignment: users keep their first group while the experiment runs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;

use serde_json::{Value, json};
use statsig::storage::{
    InMemoryPersistentStorage, PersistentStorage, StickyValues, UserPersistedValues,
};
use statsig::testing::OfflineClient;
use statsig::{
    Experiment, ExperimentEvaluationOptions, Layer, LayerEvaluationOptions, StatsigOptions,
    StatsigParams, StatsigUser,
};
use statsig_tests::clock::FixedClock;

const NOW_MS: u64 = 1_800_000_000_000;
const KEY: &str = "a-user:userID";

/// Specs in which an experiment puts all users into one group. The layer delegates to this
/// experiment or to another one.
struct Specs {
    time: u64,
    group: &'static str,
    is_active: bool,
    delegate: &'static str,
}

/// The first specs.
const FIRST: Specs = Specs {
    time: 1,
    group: "blue",
    is_active: true,
    delegate: "an_experiment",
};
/// Later specs put all users into another group.
const LATER: Specs = Specs {
    time: 2,
    group: "red",
    is_active: true,
    delegate: "other_experiment",
};

fn rule(id: &str, condition: &str, value: &Value) -> Value {
    json!({
        "name": id, "id": id, "passPercentage": 100, "returnValue": value, "conditions": [condition], "idType": "userID",
    })
}

fn field_is(field: &str, value: &str) -> Value {
    json!({"type": "user_field", "operator": "any", "field": field, "targetValue": [value], "idType": "userID"})
}

impl Specs {
    fn json(&self) -> String {
        let spec = |entity: &str, default: Value, rules: Vec<Value>| {
            json!({
                "type": "dynamic_config", "entity": entity, "salt": entity, "enabled": true, "idType": "userID",
                "version": self.time, "defaultValue": default, "rules": rules,
            })
        };
        let mut group = rule(self.group, "through_a_gate", &json!({"color": self.group}));
        group["groupName"] = json!(self.group);
        group["isExperimentGroup"] = json!(true);
        let rules = vec![
            rule("targetingGate", "abroad", &json!({})),
            rule(
                "an:userID:id_override",
                "a_tester",
                &json!({"color": "forced"}),
            ),
            group.clone(),
        ];
        let mut experiment = spec("experiment", json!({}), rules);
        experiment["isActive"] = json!(self.is_active);
        experiment["explicitParameters"] = json!(["color"]);
        let mut other = experiment.clone();
        other["isActive"] = json!(true);
        other["rules"] = json!([group]);
        let mut delegation = rule("delegation", "everyone", &json!({}));
        delegation["configDelegate"] = json!(self.delegate);
        let mut gate = spec(
            "feature_gate",
            json!(false),
            vec![rule("all", "everyone", &json!(true))],
        );
        gate["type"] = json!("feature_gate");
        let mut of_group = gate.clone();
        of_group["rules"] = json!([rule("in_group", "in_blue_group", &json!(true))]);
        let layer = spec(
            "layer",
            json!({"color": "none", "size": 1}),
            vec![delegation],
        );
        json!({
            "has_updates": true, "time": self.time, "experiment_to_layer": {},
            "feature_gates": {"a_gate": gate, "of_group": of_group},
            "dynamic_configs": {"an_experiment": experiment, "other_experiment": other},
            "layer_configs": {"a_layer": layer},
            "condition_map": {
                "everyone": {"type": "public", "idType": "userID"},
                "through_a_gate": {"type": "pass_gate", "targetValue": "a_gate", "idType": "userID"},
                "abroad": field_is("country", "XX"),
                "a_tester": field_is("email", "tester@example.com"),
                "in_blue_group": {
                    "type": "experiment_group", "field": "an_experiment", "operator": "any", "targetValue": ["blue"],
                    "idType": "userID",
                },
            },
            "param_stores": {"a_store": {"parameters": {
                "color": {"ref_type": "experiment", "param_type": "string", "experiment_name": "an_experiment", "param_name": "color"},
            }}},
        })
        .to_string()
    }
}

/// A client with storage that started with [`FIRST`].
struct Setup {
    statsig: OfflineClient,
    storage: Arc<InMemoryPersistentStorage>,
}

impl Setup {
    fn new() -> Self {
        let storage = Arc::new(InMemoryPersistentStorage::new());
        let options = StatsigOptions::builder()
            .persistent_storage(storage.clone())
            .clock(Arc::new(FixedClock(NOW_MS)))
            .build()
            .expect("valid options");
        let statsig = OfflineClient::new(&FIRST.json(), options).expect("valid specs");
        Self { statsig, storage }
    }

    /// The same after a first call, which stored the assignment of [`FIRST`]. Then other specs
    /// arrive.
    fn after_first_call(then: &Specs) -> Self {
        let setup = Self::new();
        assert_eq!(
            setup.experiment(&user()).group_name.as_deref(),
            Some("blue")
        );
        assert_eq!(setup.layer(&user()).group_name.as_deref(), Some("blue"));
        setup.statsig.set_specs(&then.json()).expect("valid specs");
        let _ = setup.statsig.take_events();
        setup
    }

    fn stored(&self) -> Arc<UserPersistedValues> {
        self.storage.load(KEY)
    }

    fn names(&self) -> Vec<String> {
        self.stored().keys().cloned().collect()
    }

    fn options(&self, user: &StatsigUser) -> ExperimentEvaluationOptions {
        ExperimentEvaluationOptions::new()
            .user_persisted_values(self.storage.get_values_for_user(user, "userID"))
    }

    fn experiment(&self, user: &StatsigUser) -> Experiment {
        let options = self.options(user);
        (self.statsig).get_experiment_with_options(user, "an_experiment", options)
    }

    fn layer_options(&self, user: &StatsigUser) -> LayerEvaluationOptions {
        LayerEvaluationOptions::new()
            .user_persisted_values(self.storage.get_values_for_user(user, "userID"))
    }

    fn layer(&self, user: &StatsigUser) -> Layer {
        let options = self.layer_options(user);
        self.statsig
            .get_layer_with_options(user, "a_layer", options)
    }
}

fn user() -> StatsigUser {
    StatsigUser::with_user_id("a-user")
}

fn user_abroad() -> StatsigUser {
    StatsigUser::builder("a-user").country("XX").build()
}

fn tester() -> StatsigUser {
    StatsigUser::builder("a-user")
        .email("tester@example.com")
        .build()
}

#[test]
fn the_first_call_saves_and_later_ones_serve_what_was_saved() {
    let setup = Setup::new();
    let first = setup.experiment(&user());
    assert_eq!(first.details.reason, "Bootstrap:Recognized");
    let expected: StickyValues = serde_json::from_value(json!({
        "value": true, "json_value": {"color": "blue"}, "rule_id": "blue", "group_name": "blue",
        "secondary_exposures": [{"gate": "a_gate", "gateValue": "true", "ruleID": "all"}],
        "undelegated_secondary_exposures": [{"gate": "a_gate", "gateValue": "true", "ruleID": "all"}],
        "config_delegate": null, "explicit_parameters": ["color"], "time": 1, "config_version": 1,
    }))
    .expect("sticky values");
    assert_eq!(setup.stored()["an_experiment"], expected);

    setup.statsig.set_specs(&LATER.json()).expect("valid specs");
    let later = setup.experiment(&user());
    assert_eq!(later.get_string("color", ""), "blue");
    assert_eq!(
        (later.name.as_str(), later.id_type.as_str()),
        ("an_experiment", "userID")
    );
    assert_eq!(later.rule_id, "blue");
    assert_eq!(later.group_name.as_deref(), Some("blue"));
    assert!(later.is_experiment_active && later.is_user_in_experiment);
    assert_eq!(later.details.reason, "Persisted");
    assert_eq!(later.details.lcut, Some(1));
    assert_eq!(later.details.version, Some(1));
    assert_eq!(later.details.received_at, Some(NOW_MS));
    assert_eq!(
        setup.stored()["an_experiment"],
        expected,
        "what was saved stays"
    );

    let other = setup.experiment(&StatsigUser::with_user_id("other-user"));
    assert_eq!(
        other.get_string("color", ""),
        "red",
        "others get what is live"
    );
}

#[test]
fn the_exposure_is_that_of_the_stored_assignment() {
    let setup = Setup::after_first_call(&LATER);
    let _ = setup.experiment(&user());
    let _ = setup.experiment(&user());
    let events = setup.statsig.take_events();
    // The rule and the user are those of the first call, which has just been exposed: no new
    // exposure.
    assert!(events.is_empty(), "{events:?}");

    let fresh = setup.statsig.fresh();
    let options = setup.options(&user());
    let _ = fresh.get_experiment_with_options(&user(), "an_experiment", options);
    let events = fresh.take_events();
    assert_eq!(events.len(), 1, "{events:?}");
    let metadata = &events[0]["metadata"];
    assert_eq!(events[0]["eventName"], "statsig::config_exposure");
    assert_eq!(metadata["config"], "an_experiment");
    assert_eq!(metadata["ruleID"], "blue");
    assert_eq!(metadata["reason"], "Persisted");
    assert_eq!(metadata["lcut"], "1");
    assert_eq!(metadata["configVersion"], "2", "the version that is live");
    assert_eq!(
        events[0]["secondaryExposures"],
        json!([{"gate": "a_gate", "gateValue": "true", "ruleID": "all"}])
    );
}

#[test]
fn without_exposure_logging_a_sticky_value_is_only_counted() {
    let setup = Setup::after_first_call(&LATER);
    let options = setup.options(&user()).disable_exposure_logging(true);
    let fresh = setup.statsig.fresh();
    let experiment = fresh.get_experiment_with_options(&user(), "an_experiment", options);
    assert_eq!(experiment.details.reason, "Persisted");
    let events = fresh.take_events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["eventName"], "statsig::non_exposed_checks");
    assert_eq!(events[0]["metadata"]["checks"], r#"{"an_experiment":1}"#);
}

#[test]
fn a_call_without_values_deletes() {
    let setup = Setup::after_first_call(&LATER);
    assert_eq!(setup.names(), ["a_layer", "an_experiment"]);
    let experiment = setup.statsig.get_experiment(&user(), "an_experiment");
    assert_eq!(experiment.get_string("color", ""), "red");
    assert_eq!(setup.names(), ["a_layer"]);
    let layer = setup.statsig.get_layer(&user(), "a_layer");
    assert_eq!(layer.get_string("color", ""), "red");
    assert!(setup.names().is_empty());
}

#[test]
fn what_an_ended_experiment_gave_is_deleted() {
    let ended = Specs {
        is_active: false,
        ..LATER
    };
    let setup = Setup::after_first_call(&ended);
    let experiment = setup.experiment(&user());
    assert_eq!(experiment.get_string("color", ""), "red");
    assert_eq!(experiment.details.reason, "Bootstrap:Recognized");
    assert_eq!(setup.names(), ["a_layer"]);
    // The layer now delegates to another experiment. Only the state of the stored one matters.
    assert_eq!(setup.layer(&user()).get_string("color", ""), "red");
    assert!(setup.names().is_empty());
}

#[test]
fn users_outside_of_every_group_are_not_saved() {
    let setup = Setup::new();
    let experiment = setup.experiment(&user_abroad());
    assert_eq!(experiment.rule_id, "targetingGate");
    assert!(setup.names().is_empty());
}

#[test]
fn users_without_an_id_of_the_type_have_no_storage() {
    let setup = Setup::new();
    for user in [
        StatsigUser::anonymous(),
        StatsigUser::with_user_id(""),
        StatsigUser::with_custom_ids([("companyID", "c")]),
    ] {
        assert_eq!(setup.experiment(&user).get_string("color", ""), "blue");
        assert!(setup.storage.load(":userID").is_empty());
    }
}

#[test]
fn enforcement_lets_live_rules_win_and_leaves_the_storage_alone() {
    // User, enforce targeting, enforce overrides, expected value.
    let cases = [
        (user(), true, true, "blue"),
        (user_abroad(), false, false, "blue"),
        (user_abroad(), false, true, "blue"),
        (user_abroad(), true, false, "nothing"),
        (tester(), false, false, "blue"),
        (tester(), true, false, "blue"),
        (tester(), false, true, "forced"),
        (tester(), true, true, "forced"),
    ];
    for (user, targeting, overrides, color) in cases {
        let context = format!("{user:?}, {targeting}, {overrides}");
        let setup = Setup::after_first_call(&Specs {
            delegate: "an_experiment",
            ..LATER
        });
        let before = setup.stored();
        let options = setup
            .options(&user)
            .enforce_targeting(targeting)
            .enforce_overrides(overrides);
        let experiment =
            (setup.statsig).get_experiment_with_options(&user, "an_experiment", options);
        assert_eq!(
            experiment.get_string("color", "nothing"),
            color,
            "{context}"
        );
        let options = setup
            .layer_options(&user)
            .enforce_targeting(targeting)
            .enforce_overrides(overrides);
        let layer = setup
            .statsig
            .get_layer_with_options(&user, "a_layer", options);
        assert_eq!(
            layer.get_string("color", "nothing"),
            color,
            "layer: {context}"
        );
        assert_eq!(setup.stored(), before, "{context}");
    }
}

#[test]
fn enforcement_logs_nothing() {
    let setup = Setup::after_first_call(&LATER);
    let options = setup
        .options(&user())
        .enforce_targeting(true)
        .enforce_overrides(true)
        .disable_exposure_logging(true);
    let fresh = setup.statsig.fresh();
    let _ = fresh.get_experiment_with_options(&user(), "an_experiment", options);
    let names: Vec<_> = (fresh.take_events().iter())
        .map(|event| event["eventName"].clone())
        .collect();
    assert_eq!(names, ["statsig::non_exposed_checks"]);
}

#[test]
fn a_layer_stays_with_the_experiment_that_it_once_allocated() {
    let setup = Setup::after_first_call(&LATER);
    assert_eq!(
        setup.stored()["a_layer"].config_delegate.as_deref(),
        Some("an_experiment")
    );
    let options = setup.layer_options(&user());
    let fresh = setup.statsig.fresh();
    let layer = fresh.get_layer_with_options(&user(), "a_layer", options);
    assert_eq!(
        layer.allocated_experiment_name.as_deref(),
        Some("an_experiment")
    );
    assert_eq!(layer.rule_id, "blue");
    assert_eq!(layer.group_name.as_deref(), Some("blue"));
    assert!(layer.is_experiment_active && layer.is_user_in_experiment);
    assert_eq!(layer.details.reason, "Persisted");
    assert_eq!(layer.details.version, Some(1));
    assert!(
        fresh.take_events().is_empty(),
        "fetching a layer is no exposure"
    );

    assert_eq!(layer.get_string("color", ""), "blue");
    assert_eq!(layer.get_i64("color", 0), 0, "another type is a fallback");
    assert_eq!(
        layer.get_raw_value("size"),
        None,
        "not among what was stored"
    );
    let events = fresh.take_events();
    assert_eq!(events.len(), 1, "{events:?}");
    let metadata = &events[0]["metadata"];
    assert_eq!(events[0]["eventName"], "statsig::layer_exposure");
    assert_eq!(metadata["config"], "a_layer");
    assert_eq!(metadata["parameterName"], "color");
    assert_eq!(metadata["isExplicitParameter"], "true");
    assert_eq!(metadata["allocatedExperiment"], "an_experiment");
    assert_eq!(metadata["ruleID"], "blue");
    assert_eq!(metadata["reason"], "Persisted");
    assert_eq!(metadata["configVersion"], "2");
    assert_eq!(events[0]["secondaryExposures"][0]["gate"], "a_gate");
}

#[test]
fn a_stored_parameter_that_the_experiment_does_not_set_is_exposed_for_the_layer() {
    let setup = Setup::new();
    let values: StickyValues = serde_json::from_value(json!({
        "value": true, "json_value": {"size": 5}, "rule_id": "blue", "time": 1, "config_delegate": "an_experiment",
        "secondary_exposures": [{"gate": "a_gate", "gateValue": "true", "ruleID": "all"}],
        "undelegated_secondary_exposures": [], "explicit_parameters": ["color"],
    }))
    .expect("sticky values");
    setup.storage.save(KEY, "a_layer", values);
    assert_eq!(setup.layer(&user()).get_i64("size", 0), 5);
    let events = setup.statsig.take_events();
    let metadata = &events[0]["metadata"];
    assert_eq!(metadata["isExplicitParameter"], "false");
    assert_eq!(metadata["allocatedExperiment"], "");
    assert_eq!(events[0]["secondaryExposures"], json!([]));
}

#[derive(Debug, StatsigParams)]
#[statsig(experiment = "an_experiment")]
struct Colors {
    #[statsig(default = "none")]
    color: String,
}

#[test]
fn other_reads_neither_serve_nor_change_what_is_stored() {
    let setup = Setup::after_first_call(&LATER);
    let (before, statsig, user) = (setup.stored(), &setup.statsig, user());
    assert_eq!(statsig.get_typed::<Colors>(&user).color, "red");
    let store = statsig.get_parameter_store(&user, "a_store");
    assert_eq!(store.get_string("color", ""), "red");
    // The condition requires the experiment's group, which is now another one.
    assert!(!statsig.check_gate(&user, "of_group"));
    statsig.manually_log_experiment_exposure(&user, "an_experiment");
    let config = statsig.get_dynamic_config(&user, "an_experiment");
    assert_eq!(config.get_string("color", ""), "red");
    assert_eq!(setup.stored(), before);
}

#[test]
fn an_override_goes_first() {
    let setup = Setup::after_first_call(&LATER);
    let before = setup.stored();
    let forced = json!({"color": "local"}).as_object().cloned();
    (setup.statsig).override_experiment("an_experiment", forced.expect("an object"), None);
    let experiment = setup.experiment(&user());
    assert_eq!(experiment.get_string("color", ""), "local");
    assert_eq!(experiment.details.reason, "LocalOverride:Recognized");
    assert_eq!(setup.stored(), before);
}

#[test]
fn a_pinned_handle_serves_sticky_values_too() {
    let setup = Setup::after_first_call(&LATER);
    let pinned = setup.statsig.pin();
    let options = setup.options(&user());
    let experiment = pinned.get_experiment_with_options(&user(), "an_experiment", options);
    assert_eq!(experiment.details.reason, "Persisted");
}

#[test]
fn a_pinned_handle_splits_nested_gates_as_its_own_specs_say() {
    for splits in [true, false] {
        let rollout = |splits: bool, time| {
            let mut specs: Value = serde_json::from_str(&LATER.json()).expect("JSON");
            specs["time"] = json!(time);
            specs["sdk_configs"] = json!({"sec_expo_number": if splits { 1_000 } else { 0 }});
            specs.to_string()
        };
        let setup = Setup::after_first_call(&LATER);
        let (pinned_specs, newer) = (rollout(splits, 3), rollout(!splits, 4));
        let options = StatsigOptions::builder()
            .persistent_storage(setup.storage.clone())
            .experimental_flags(["sec_expo_as_primary:abc123"]);
        let statsig = OfflineClient::new(&pinned_specs, options.build().expect("valid options"));
        let statsig = statsig.expect("valid specs");
        let pinned = statsig.pin();
        statsig.set_specs(&newer).expect("newer specs");

        let options = setup.options(&user());
        let experiment = pinned.get_experiment_with_options(&user(), "an_experiment", options);
        assert_eq!(experiment.details.reason, "Persisted");
        let layer = pinned.get_layer_with_options(&user(), "a_layer", setup.layer_options(&user()));
        assert_eq!(layer.get_string("color", ""), "blue");
        let events = statsig.take_events();
        let names: Vec<_> = (events.iter())
            .filter_map(|event| event["eventName"].as_str())
            .collect();
        let mut expected = vec!["statsig::config_exposure", "statsig::layer_exposure"];
        if splits {
            expected.insert(1, "statsig::gate_exposure");
        }
        assert_eq!(names, expected);
    }
}

#[test]
fn without_storage_the_options_have_no_effect() {
    let setup = Setup::after_first_call(&LATER);
    let statsig = OfflineClient::new(&LATER.json(), None).expect("valid specs");
    let options = setup.options(&user());
    let experiment = statsig.get_experiment_with_options(&user(), "an_experiment", options);
    assert_eq!(experiment.get_string("color", ""), "red");
    let options = setup.layer_options(&user());
    let layer = statsig.get_layer_with_options(&user(), "a_layer", options);
    assert_eq!(layer.details.reason, "Bootstrap:Recognized");
}

/// A storage that panics on changes.
#[derive(Debug, Default)]
struct Panicking(InMemoryPersistentStorage);

impl PersistentStorage for Panicking {
    fn load(&self, key: &str) -> Arc<UserPersistedValues> {
        self.0.load(key)
    }

    fn save(&self, _: &str, _: &str, _: StickyValues) {
        panic!("the connection of save is gone");
    }

    fn delete(&self, _: &str, _: &str) {
        panic!("the connection of delete is gone");
    }
}

#[test]
fn a_storage_that_panics_costs_no_reader_its_value() {
    let options = StatsigOptions::builder()
        .persistent_storage(Arc::new(Panicking::default()))
        .clock(Arc::new(FixedClock(NOW_MS)))
        .build()
        .expect("valid options");
    let statsig = OfflineClient::new(&FIRST.json(), options).expect("valid specs");
    let saving = ExperimentEvaluationOptions::new().user_persisted_values(Arc::default());
    for options in [saving, ExperimentEvaluationOptions::default()] {
        let experiment = statsig.get_experiment_with_options(&user(), "an_experiment", options);
        assert_eq!(experiment.get_string("color", ""), "blue");
    }
    let saving = LayerEvaluationOptions::new().user_persisted_values(Arc::default());
    for options in [saving, LayerEvaluationOptions::default()] {
        let layer = statsig.get_layer_with_options(&user(), "a_layer", options);
        assert_eq!(layer.get_string("color", ""), "blue");
    }
}
