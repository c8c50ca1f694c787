//! Overrides of one request: forced values that only one pinned handle reads, without exposures.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::sync::{Arc, Barrier};
use std::thread;

use serde_json::{Map, Value, json};
use statsig::client_init::{ClientInitResponseOptions, HashAlgorithm};
use statsig::observability::SdkEvent;
use statsig::overrides::RequestOverrides;
use statsig::storage::{InMemoryPersistentStorage, PersistentStorage};
use statsig::testing::{OfflineClient, Specs, passes_gate};
use statsig::{
    EntityKind, FeatureGateEvaluationOptions, LayerEvaluationOptions, PinnedStatsig,
    StatsigOptions, StatsigParams, StatsigUser, TypedEvaluationOptions,
};

const FORCED: &str = "RequestOverride:Recognized";
const USUAL: &str = "Bootstrap:Recognized";

/// `open` passes, and `closed` does not. `outer` passes if `open` does. `half` passes for half of
/// the users, so its evaluations are remembered.
fn specs() -> Specs {
    Specs::new()
        .time(5)
        .gate("open", |gate| gate.passes_by_default())
        .gate("closed", |gate| gate)
        .gate("outer", |gate| {
            gate.rule("by_open").when(passes_gate("open"))
        })
        .gate("half", |gate| gate.rule("by_share").everyone().pass(50))
        .config("a_config", |config| {
            config.defaults([("title", "Hello"), ("cta", "Buy")])
        })
        .layer("promo", |layer| {
            let layer = layer.default("title", "none").default("discount", 0);
            layer.default("cta", "none")
        })
        .experiment("promo_test", |experiment| {
            experiment.layer("promo").group("treatment", |group| {
                let group = group.size(100).value("title", "Hello");
                group.value("discount", 10).value("cta", "Buy")
            })
        })
        .store("a_store", |store| {
            store
                .fixed("color", "red")
                .by_gate("size", "open", 2, 1)
                .from_layer("title", "promo", "title")
                .from_layer("cta", "promo", "cta")
        })
}

fn client() -> OfflineClient {
    OfflineClient::new(specs(), None).expect("valid specs")
}

fn user() -> StatsigUser {
    StatsigUser::with_user_id("a-user")
}

/// The exposures since the last call as `name` or `layer.parameter`, with their reasons.
fn exposures(client: &OfflineClient) -> Vec<(String, String)> {
    let events = client.take_events().into_iter();
    let shown = events.filter_map(|event| {
        let metadata = &event["metadata"];
        let text = |field: &str| metadata[field].as_str();
        let name = match event["eventName"].as_str()? {
            "statsig::gate_exposure" => text("gate")?.to_owned(),
            "statsig::config_exposure" => text("config")?.to_owned(),
            "statsig::layer_exposure" => format!("{}.{}", text("config")?, text("parameterName")?),
            _ => return None,
        };
        Some((name, text("reason")?.to_owned()))
    });
    shown.collect()
}

fn usual(names: &[&str]) -> Vec<(String, String)> {
    let names = names.iter();
    names
        .map(|name| ((*name).to_owned(), USUAL.to_owned()))
        .collect()
}

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
#[statsig(layer = "promo")]
struct Promo {
    #[statsig(default = "none")]
    title: String,
    #[statsig(default = 0)]
    discount: i64,
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

#[test]
fn an_overridden_read_does_not_suppress_a_later_exposure() {
    let client = client();
    let overrides = RequestOverrides::new()
        .gate("open", true)
        .layer("promo", "title", "Hello");
    let tester = client.pin().with_overrides(overrides);
    for _ in 0..3 {
        assert!(tester.check_gate(&user(), "open"));
        assert_eq!(
            tester.get_layer(&user(), "promo").get_string("title", ""),
            "Hello"
        );
    }
    assert_eq!(exposures(&client), []);
    assert!(client.check_gate(&user(), "open"));
    assert_eq!(
        client.get_layer(&user(), "promo").get_string("title", ""),
        "Hello"
    );
    assert_eq!(exposures(&client), usual(&["open", "promo.title"]));
}

#[test]
fn pinning_again_keeps_overrides_and_the_client_has_none() {
    let client = client();
    let overrides = RequestOverrides::new().gate("closed", true);
    let tester = client.pin().with_overrides(overrides.clone());
    assert!(tester.pin().check_gate(&user(), "closed"));
    assert_eq!(tester.pin().overrides(), Some(&overrides));
    assert!(!tester.client().check_gate(&user(), "closed"));
    let other = tester.with_overrides(RequestOverrides::new().gate("open", false));
    assert!(!other.check_gate(&user(), "closed"));
    assert!(client.pin().overrides().is_none());
}

#[test]
fn a_client_without_specs_serves_forced_values() {
    let client = OfflineClient::without_specs(None);
    let overrides = RequestOverrides::new()
        .gate("closed", true)
        .layer("promo", "title", "Hi");
    let tester = client.pin().with_overrides(overrides);
    assert!(tester.check_gate(&user(), "closed"));
    assert_eq!(tester.get_typed::<Promo>(user()).title, "Hi");
    assert_eq!(exposures(&client), []);
}

/// Threads read the same gate, layer and struct for the same user, each with its own overrides or
/// without any. The gate depends on a hash, so its evaluations are remembered.
#[test]
fn concurrent_requests_never_see_the_overrides_of_each_other() {
    const THREADS: usize = 8;
    let client = Arc::new(client());
    let start = Arc::new(Barrier::new(THREADS));
    let usual = client.check_gate(&user(), "half");
    let threads = (0..THREADS).map(|number| {
        let (client, start) = (Arc::clone(&client), Arc::clone(&start));
        thread::spawn(move || {
            start.wait();
            for round in 0..500 {
                let title = format!("{number}-{round}");
                let forced = (number % 2 == 0).then_some((number + round) % 3 == 0);
                let pinned = match forced {
                    Some(passes) => client.pin().with_overrides(
                        RequestOverrides::new().gate("half", passes).layer(
                            "promo",
                            "title",
                            title.as_str(),
                        ),
                    ),
                    None => client.pin(),
                };
                let title = forced.map_or("Hello", |_| &title);
                for _ in 0..3 {
                    assert_eq!(pinned.check_gate(&user(), "half"), forced.unwrap_or(usual));
                    let layer = pinned.get_layer(&user(), "promo");
                    assert_eq!(layer.get_string("title", ""), title);
                    assert_eq!(pinned.get_typed::<Promo>(user()).title, title);
                }
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    for (_, reason) in exposures(&client) {
        assert_eq!(reason, USUAL);
    }
}

#[test]
fn overrides_survive_new_specs_as_the_pinned_ones_do() {
    let client = client();
    let tester = client
        .pin()
        .with_overrides(RequestOverrides::new().gate("closed", true));
    let layer = tester.get_layer(&user(), "promo");
    for time in 6..20 {
        let specs = Specs::new().time(time).gate("open", |gate| gate);
        client.set_specs(specs).expect("valid specs");
        assert!(tester.check_gate(&user(), "closed"));
        assert!(tester.check_gate(&user(), "open"));
        assert!(!client.check_gate(&user(), "open"));
    }
    assert_eq!(layer.get_string("title", ""), "Hello");
}

#[test]
fn an_explanation_says_that_the_request_decided() {
    let client = client();
    let overrides = RequestOverrides::new()
        .gate("outer", false)
        .layer("promo", "title", "Hi")
        .parameter_store("a_store", "color", "green");
    let tester = client.pin().with_overrides(overrides);
    let gate = tester.explain(&user(), EntityKind::Gate, "outer");
    assert_eq!(gate.result.value, false);
    assert_eq!(gate.result.details.reason, FORCED);
    let shown = gate.to_string();
    assert!(shown.contains("RequestOverride"), "{shown}");
    assert!(shown.contains("open"), "{shown}");
    let layer = tester.explain(&user(), EntityKind::Layer, "promo");
    assert_eq!(layer.result.value["title"], "Hi");
    assert_eq!(layer.result.value["cta"], "Buy");
    let store = tester.explain(&user(), EntityKind::ParameterStore, "a_store");
    assert_eq!(store.result.value["color"], "green");
    assert_eq!(client.take_events(), [] as [Value; 0]);
}

#[test]
fn a_client_initialize_response_has_them_if_it_includes_overrides() {
    let client = client();
    let overrides = RequestOverrides::new()
        .gate("open", false)
        .dynamic_config("a_config", "title", "Hi");
    let tester = client.pin().with_overrides(overrides);
    let options = ClientInitResponseOptions::new().hash_algorithm(HashAlgorithm::None);
    let of = |options: &ClientInitResponseOptions| {
        let response = tester.get_client_init_response_with_options(&user(), options);
        let title = response["dynamic_configs"]["a_config"]["value"]["title"].clone();
        let gate = |name: &str| response["feature_gates"][name]["value"].clone();
        (gate("open"), gate("outer"), title)
    };
    assert_eq!(of(&options), (json!(true), json!(true), json!("Hello")));
    let included = options.include_local_overrides(true);
    assert_eq!(of(&included), (json!(false), json!(true), json!("Hi")));
}

#[test]
fn a_stored_assignment_lies_under_the_overrides_and_is_neither_lost_nor_changed() {
    let storage = Arc::new(InMemoryPersistentStorage::new());
    let options = StatsigOptions::builder().persistent_storage(storage.clone());
    let client = OfflineClient::new(specs(), options.build().unwrap()).expect("valid specs");
    let values = || storage.get_values_for_user(&user(), "userID");
    let sticky = || LayerEvaluationOptions::new().user_persisted_values(values());
    let _ = client.get_layer_with_options(&user(), "promo", sticky());
    let stored = values();
    assert!(!stored.is_empty(), "{stored:?}");
    let _ = client.take_events();

    let overrides = RequestOverrides::new().layer("promo", "title", "Hi");
    let tester = client.pin().with_overrides(overrides);
    let layer = tester.get_layer_with_options(&user(), "promo", sticky());
    assert_eq!(layer.details.reason, FORCED);
    assert_eq!(layer.get_string("title", ""), "Hi");
    assert_eq!(exposures(&client), []);
    assert_eq!(layer.get_string("cta", ""), "Buy");
    let persisted = [("promo.cta".to_owned(), "Persisted".to_owned())];
    assert_eq!(exposures(&client), persisted);
    let options = TypedEvaluationOptions::new().user_persisted_values(values());
    let promo = tester.get_typed_with_options::<Promo>(user(), &options);
    assert_eq!((&*promo.title, promo.discount), ("Hi", 10));
    let persisted = [("promo.discount".to_owned(), "Persisted".to_owned())];
    assert_eq!(exposures(&client), persisted);
    assert_eq!(values(), stored);
}

#[test]
fn subscribers_get_the_forced_value_with_its_reason() {
    let client = client();
    let (sender, receiver) = std::sync::mpsc::channel();
    client.subscribe("gate_evaluated", move |event| {
        if let SdkEvent::GateEvaluated { value, reason, .. } = event {
            sender.send((*value, reason.to_string())).unwrap();
        }
    });
    let tester = client
        .pin()
        .with_overrides(RequestOverrides::new().gate("closed", true));
    assert!(tester.check_gate(&user(), "closed"));
    assert_eq!(receiver.recv().unwrap(), (true, FORCED.to_owned()));
}

#[test]
fn values_that_are_nested_too_deep_are_left_out() {
    let deep = (0..200).fold(json!(1), |value, _| json!([value]));
    let overrides = RequestOverrides::new()
        .layer("promo", "title", deep)
        .layer("promo", "cta", "Go");
    let names: Vec<_> = overrides.names().map(|name| name.to_string()).collect();
    assert_eq!(names, ["layer:promo.cta"]);
}
