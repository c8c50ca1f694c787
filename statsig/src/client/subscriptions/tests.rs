use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;

use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::*;
use crate::client::ExperimentEvaluationOptions;
use crate::options::StatsigOptions;
use crate::storage::{InMemoryPersistentStorage, PersistentStorage, UserPersistedValues};
use crate::testing::authoring::experiment_group;
use crate::testing::{OfflineClient, Specs};
use crate::user::StatsigUser;

fn specs() -> Specs {
    Specs::new()
        .gate("gate", |g| g.rule("all").everyone())
        .gate("grouped", |g| {
            g.rule("in")
                .when(experiment_group("experiment").any(["Control"]))
        })
        .config("config", |c| c.default("limit", 25))
        .experiment("experiment", |e| {
            e.group("Control", |g| g.rule_id("all").value("color", "grey"))
        })
        .layer("layer", |l| l.default("title", "Hello"))
        .store("store", |s| s.by_gate("on", "gate", true, false))
}

fn client() -> OfflineClient {
    OfflineClient::new(specs(), None).unwrap()
}

fn user() -> StatsigUser {
    StatsigUser::with_user_id("u")
}

/// The events that subscribers receive during this call.
fn reported(client: &Statsig, doing: impl FnOnce()) -> Vec<Value> {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&reported);
    let subscription = client.subscribe("*", move |event| {
        noted
            .lock()
            .unwrap()
            .push(serde_json::to_value(event).unwrap());
    });
    doing();
    client.unsubscribe_by_id(subscription);
    let reported = reported.lock().unwrap();
    reported.clone()
}

#[test]
fn every_getter_tells_what_it_returned() {
    let client = client();
    let reported = reported(&client, || {
        let _ = client.check_gate(&user(), "gate");
        let _ = client.get_feature_gate(&user(), "unknown");
        let _ = client.get_dynamic_config(&user(), "config");
        let _ = client.get_experiment(&user(), "experiment");
        let _ = client.get_layer(&user(), "layer");
    });
    let recognized = "Bootstrap:Recognized";
    assert_eq!(
        reported,
        [
            json!({"event_name": "gate_evaluated", "data": {
                "gate_name": "gate", "rule_id": "all", "value": true, "reason": recognized}}),
            json!({"event_name": "gate_evaluated", "data": {
                "gate_name": "unknown", "rule_id": "", "value": false, "reason": "Bootstrap:Unrecognized"}}),
            json!({"event_name": "dynamic_config_evaluated", "data": {
                "config_name": "config", "reason": recognized, "rule_id": "default", "value": {"limit": 25}}}),
            json!({"event_name": "experiment_evaluated", "data": {
                "experiment_name": "experiment", "reason": recognized, "rule_id": "all", "value": {"color": "grey"},
                "group_name": "Control"}}),
            json!({"event_name": "layer_evaluated", "data": {
                "layer_name": "layer", "reason": recognized, "rule_id": "default"}}),
        ]
    );
}

fn names(reported: &[Value]) -> Vec<&str> {
    let names = reported
        .iter()
        .filter_map(|event| event["event_name"].as_str());
    names.collect()
}

#[test]
fn pinned_handles_tell_too_and_repeats_are_reported() {
    let client = client();
    let pinned = client.pin();
    let reported = reported(&client, || {
        for _ in 0..3 {
            let _ = pinned.check_gate(&user(), "gate");
        }
        let _ = pinned.get_layer(&user(), "layer");
    });
    assert_eq!(names(&reported)[2..], ["gate_evaluated", "layer_evaluated"]);
    assert_eq!(reported.len(), 4);
}

#[cfg(feature = "macros")]
#[test]
fn a_typed_struct_tells_what_the_call_for_its_source_would() {
    #[derive(Debug, crate::StatsigParams)]
    #[statsig(experiment = "experiment")]
    struct Colors {
        #[statsig(default = "red")]
        color: String,
    }

    let client = client();
    let reported = reported(&client, || {
        let colors = client.get_typed::<Colors>(user());
        assert_eq!(colors.color, "grey");
    });
    assert_eq!(names(&reported), ["experiment_evaluated"]);
}

#[test]
fn logging_makes_no_difference_to_what_is_reported() {
    let options = StatsigOptions::builder()
        .disable_all_logging(true)
        .build()
        .unwrap();
    let client = OfflineClient::new(specs(), options).unwrap();
    let reported = reported(&client, || {
        let _ = client.check_gate(&user(), "gate");
    });
    assert_eq!(reported.len(), 1);
    assert!(client.take_events().is_empty());
}

#[test]
fn an_experiment_that_a_condition_asked_for_is_reported_first() {
    let client = client();
    let reported = reported(&client, || {
        assert!(client.check_gate(&user(), "grouped"));
    });
    assert_eq!(names(&reported), ["experiment_evaluated", "gate_evaluated"]);
}

#[test]
fn manual_exposures_stores_and_client_responses_tell_nothing() {
    let client = client();
    let reported = reported(&client, || {
        client.manually_log_gate_exposure(&user(), "gate");
        client.manually_log_experiment_exposure(&user(), "experiment");
        client.manually_log_layer_parameter_exposure(&user(), "layer", "title");
        let store = client.get_parameter_store(&user(), "store");
        assert!(store.get_bool("on", false));
        let _ = client.get_client_init_response_as_string(&user());
    });
    assert_eq!(reported, Vec::<Value>::new());
}

#[test]
fn a_stored_assignment_is_reported_as_it_is_served() {
    let storage = Arc::new(InMemoryPersistentStorage::default());
    let options = StatsigOptions::builder()
        .persistent_storage(storage.clone())
        .build()
        .unwrap();
    let client = OfflineClient::new(specs(), options).unwrap();
    let experiment = |values: Arc<UserPersistedValues>| {
        let options = ExperimentEvaluationOptions::new().user_persisted_values(values);
        client.get_experiment_with_options(&user(), "experiment", options)
    };
    let _ = experiment(Arc::default());
    let stored = storage.load("u:userID");
    let reported = reported(&client, || {
        let _ = experiment(stored);
    });
    assert_eq!(reported.len(), 1);
    assert_eq!(reported[0]["data"]["reason"], "Persisted");
    assert_eq!(reported[0]["data"]["group_name"], "Control");
}

/// The fields of all `feature_flag.evaluation` events.
#[derive(Debug, Clone, Default)]
struct Evaluations(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber> Layer<S> for Evaluations {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "statsig::evaluation" {
            assert_eq!(event.metadata().name(), "feature_flag.evaluation");
            let mut fields = Fields(BTreeMap::new());
            event.record(&mut fields);
            self.0.lock().unwrap().push(fields.0);
        }
    }
}

/// The telemetry of a client with this option.
fn traced(enable: bool, doing: impl FnOnce(&Statsig)) -> Vec<BTreeMap<String, String>> {
    let options = StatsigOptions::builder()
        .evaluation_telemetry(enable)
        .build()
        .unwrap();
    let client = OfflineClient::new(specs(), options).unwrap();
    let evaluations = Evaluations::default();
    let subscriber = tracing_subscriber::registry().with(evaluations.clone());
    tracing::subscriber::with_default(subscriber, || doing(&client));
    let traced = evaluations.0.lock().unwrap();
    traced.clone()
}

#[test]
fn telemetry_has_the_fields_of_the_conventions_and_nothing_of_the_user() {
    let traced = traced(true, |client| {
        let user = StatsigUser::builder("user-in-question")
            .private("email", "user-in-question@example.com")
            .build();
        let _ = client.check_gate(&user, "gate");
        let _ = client.get_experiment(&user, "experiment");
        let _ = client.get_layer(&user, "unknown");
    });
    let of = |number: usize, key: &str| traced[number].get(key).map(String::as_str);
    assert_eq!(traced.len(), 3);
    for (key, value) in [
        ("feature_flag.key", "gate"),
        ("feature_flag.provider.name", "statsig"),
        ("feature_flag.result.variant", "all"),
        ("feature_flag.result.value", "true"),
        ("feature_flag.result.reason", "targeting_match"),
        ("statsig.rule_id", "all"),
        ("statsig.reason", "Bootstrap:Recognized"),
    ] {
        assert_eq!(of(0, key), Some(value), "{key}");
    }
    assert_eq!(of(1, "feature_flag.result.variant"), Some("Control"));
    assert_eq!(of(1, "feature_flag.result.value"), None);
    assert_eq!(of(2, "feature_flag.result.reason"), Some("error"));
    assert_eq!(of(2, "error.type"), Some("flag_not_found"));
    assert!(!format!("{traced:?}").contains("user-in-question"));
}

#[test]
fn telemetry_is_off_unless_asked_for() {
    let traced = traced(false, |client| {
        let _ = client.check_gate(&user(), "gate");
    });
    assert!(traced.is_empty());
}
