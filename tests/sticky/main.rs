//! Sticky assignment: users keep their first group while the experiment runs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod assignments;
mod enforcement;
mod layers;
mod pinned;
mod storage;

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
