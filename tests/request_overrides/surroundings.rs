//! Explanations, client initialize responses, stored assignments and subscribers.

use std::sync::Arc;

use serde_json::{Value, json};
use statsig::client_init::{ClientInitResponseOptions, HashAlgorithm};
use statsig::observability::SdkEvent;
use statsig::overrides::RequestOverrides;
use statsig::storage::{InMemoryPersistentStorage, PersistentStorage};
use statsig::testing::{OfflineClient, Specs};
use statsig::{EntityKind, LayerEvaluationOptions, StatsigOptions, TypedEvaluationOptions};

use crate::support::{FORCED, Promo, client, exposures, specs, user};

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
fn a_page_exposes_a_forced_parameter_by_the_rule_override() {
    let specs = Specs::new().layer("promo", |layer| {
        let layer = layer.default("title", "none").default("cta", "none");
        let rule = layer.merge_rules().rule("of_all").everyone();
        rule.value("title", "Hello").value("cta", "Buy")
    });
    let client = OfflineClient::new(specs, None).expect("valid specs");
    let overrides = RequestOverrides::new()
        .layer("promo", "title", "Hi")
        .layer("promo", "new", 1);
    let tester = client.pin().with_overrides(overrides);
    let options = ClientInitResponseOptions::new()
        .hash_algorithm(HashAlgorithm::None)
        .include_local_overrides(true);
    let response = tester.get_client_init_response_with_options(&user(), &options);
    let rules = &response["layer_configs"]["promo"]["parameter_rule_ids"];
    let expected = json!({"title": "override", "new": "override", "cta": "of_all"});
    assert_eq!(*rules, expected);
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
