//! Complete responses of small specs.

mod content;
mod formats;
mod selection;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{ClientInit, ClientInitResponseFormat, ClientInitResponseOptions};
use crate::hash::HashAlgorithm;
use crate::overrides::OverrideAdapter;
use crate::results::SpecsSource;
use crate::specs::snapshot::{Loaded, Snapshot};
use crate::user::StatsigUser;

/// Specs with one entity of each kind. All users pass every rule except those of `off`.
fn specs() -> Value {
    json!({
        "has_updates": true, "time": 42, "experiment_to_layer": {},
        "feature_gates": {
            "on": spec("feature_gate", json!(false), [rule("all", ["everyone"], json!(true))]),
            "off": spec("feature_gate", json!(false), []),
            "outer": spec("feature_gate", json!(false), [rule("o", ["on?", "segment?", "on?"], json!(true))]),
            "segment:all": spec("segment", json!(false), [rule("s", ["holdout?"], json!(true))]),
            "holdout": spec("holdout", json!(false), [rule("h", ["everyone"], json!(true))]),
        },
        "dynamic_configs": {
            "config": spec("dynamic_config", json!({"a": 1}), []),
            "experiment": but(
                spec("experiment", json!({}), [but(
                    rule("group", ["on?"], json!({"a": 2})),
                    [("groupName", json!("Test")), ("isExperimentGroup", json!(true))],
                )]),
                [("isActive", json!(true)), ("explicitParameters", json!(["a"])), ("hasSharedParams", json!(true))],
            ),
        },
        "layer_configs": {
            "layer": spec("layer", json!({"a": 0}), [
                but(rule("l", ["outer?"], json!({})), [("configDelegate", json!("experiment"))]),
            ]),
        },
        "condition_map": {
            "everyone": {"type": "public", "idType": "userID"},
            "on?": {"type": "pass_gate", "targetValue": "on", "idType": "userID"},
            "outer?": {"type": "pass_gate", "targetValue": "outer", "idType": "userID"},
            "segment?": {"type": "pass_gate", "targetValue": "segment:all", "idType": "userID"},
            "holdout?": {"type": "pass_gate", "targetValue": "holdout", "idType": "userID"},
            "app_b?": {"type": "target_app", "targetValue": ["app_b"], "operator": "any", "idType": "userID"},
        },
        "param_stores": {"store": {"parameters": {
            "color": {"ref_type": "static", "param_type": "string", "value": "red"},
            "size": {"ref_type": "experiment", "param_type": "number", "experiment_name": "experiment", "param_name": "a"},
            "shape": {"ref_type": "gate", "param_type": "string", "gate_name": "on", "pass_value": 1, "fail_value": null},
        }}},
    })
}

fn spec(entity: &str, default: Value, rules: impl IntoIterator<Item = Value>) -> Value {
    json!({
        "type": "any", "entity": entity, "salt": "salt", "enabled": true, "idType": "userID",
        "defaultValue": default, "rules": rules.into_iter().collect::<Value>(),
    })
}

fn rule<'a>(id: &str, conditions: impl IntoIterator<Item = &'a str>, return_value: Value) -> Value {
    json!({
        "name": id, "id": id, "salt": id, "passPercentage": 100, "idType": "userID",
        "conditions": conditions.into_iter().collect::<Value>(), "returnValue": return_value,
    })
}

/// The same with other values of some keys.
fn but<'a>(mut whole: Value, changes: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    for (key, value) in changes {
        whole[key] = value;
    }
    whole
}

/// The options of most tests: plain names.
fn plain() -> ClientInitResponseOptions {
    ClientInitResponseOptions::new().hash_algorithm(HashAlgorithm::None)
}

fn ann() -> StatsigUser {
    StatsigUser::with_user_id("ann")
}

fn snapshot(specs: &Value) -> Snapshot {
    let empty = Snapshot::uninitialized(
        Some("staging".into()),
        Arc::new(BTreeMap::new()),
        crate::country::Countries::disabled(),
    );
    match empty.load(specs.to_string().as_bytes(), u64::MAX) {
        Ok(Loaded::New(specs)) => empty.with_specs(*specs, SpecsSource::Bootstrap, None, 1),
        other => panic!("expected valid specs, found {other:?}"),
    }
}

fn respond(specs: &Value, user: &StatsigUser, options: &ClientInitResponseOptions) -> Value {
    respond_with(&snapshot(specs), user, options, None)
}

/// Uses a seed for random draws that differs from the other tests.
fn respond_with_seed(
    specs: &Value,
    user: &StatsigUser,
    options: &ClientInitResponseOptions,
    seed: u64,
) -> Value {
    let snapshot = snapshot(specs);
    let request = ClientInit {
        seed,
        ..request(&snapshot, user, options)
    };
    request.respond().parse().expect("JSON")
}

fn respond_with(
    snapshot: &Snapshot,
    user: &StatsigUser,
    options: &ClientInitResponseOptions,
    overrides: Option<&dyn OverrideAdapter>,
) -> Value {
    let request = ClientInit {
        overrides,
        ..request(snapshot, user, options)
    };
    request.respond().parse().expect("JSON")
}

fn request<'a>(
    snapshot: &'a Snapshot,
    user: &'a StatsigUser,
    options: &'a ClientInitResponseOptions,
) -> ClientInit<'a> {
    ClientInit {
        snapshot,
        user,
        options,
        now_ms: 1_750_000_000_000,
        seed: 1,
        overrides: None,
        session_id: "session",
    }
}

fn names(section: &Value) -> Vec<&str> {
    let object = section.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}
