//! A shop with an entity of each kind.

use serde_json::{Value, json};

/// The specs. Every entity has its generation as a parameter.
pub(crate) fn shop(generation: u64) -> String {
    let served = json!({
        "title": "Sale", "discount": 0.5, "limit": 1_000, "unused": 1, "generation": generation,
    });
    let default = json!({"title": "Default", "limit": 1});
    let mut experiment = spec("experiment", &default, vec![rule("group", &served)]);
    experiment["rules"][0]["groupName"] = json!("Test");
    experiment["rules"][0]["isExperimentGroup"] = json!(true);
    experiment["isActive"] = json!(true);
    experiment["explicitParameters"] = json!(["title", "limit"]);
    let mut delegating = rule("allocated", &default);
    delegating["configDelegate"] = json!("an_experiment");
    let mut by_parameter = spec(
        "layer",
        &default,
        vec![
            rule("first", &json!({"title": "Sale"})),
            rule(
                "second",
                &json!({"title": "Late", "discount": 0.5, "limit": 1_000, "generation": generation}),
            ),
        ],
    );
    by_parameter["useNewLayerEval"] = json!(true);
    let odd = json!(generation % 2 == 1);
    json!({
        "has_updates": true,
        "time": generation,
        "experiment_to_layer": {"an_experiment": "delegating_layer"},
        "condition_map": {
            "everyone": {"type": "public", "idType": "userID"},
            "passes_gate": {"type": "pass_gate", "targetValue": "a_gate", "idType": "userID"},
        },
        "feature_gates": {
            "a_gate": spec("feature_gate", &json!(false), vec![rule("all", &json!(true))]),
            "odd_generations": spec("feature_gate", &json!(false), vec![rule("odd", &odd)]),
        },
        "dynamic_configs": {
            "a_config": spec("dynamic_config", &default, vec![rule("all", &served)]),
            "an_experiment": experiment,
        },
        "layer_configs": {
            "plain_layer": spec("layer", &default, vec![rule("all", &served)]),
            "delegating_layer": spec("layer", &default, vec![delegating]),
            "layer_by_parameter": by_parameter,
        },
        "param_stores": {"a_store": {"parameters": store(generation)}},
    })
    .to_string()
}

fn store(generation: u64) -> Value {
    let inside = |kind: &str, name: &str, param: &str| {
        json!({
            "ref_type": kind, "param_type": "string", format!("{}_name", kind.replace("dynamic_", "")): name, "param_name": param,
        })
    };
    json!({
        "constant": {"ref_type": "static", "param_type": "string", "value": "Sale"},
        "generation": {"ref_type": "static", "param_type": "number", "value": generation},
        "generation_of_config": inside("dynamic_config", "a_config", "generation"),
        "by_gate": {
            "ref_type": "gate", "param_type": "string", "gate_name": "a_gate", "pass_value": "Sale", "fail_value": "No sale",
        },
        "by_config": inside("dynamic_config", "a_config", "title"),
        "by_experiment": inside("experiment", "an_experiment", "title"),
        "by_layer": inside("layer", "delegating_layer", "title"),
        "by_new_layer": inside("layer", "layer_by_parameter", "title"),
    })
}

fn spec(entity: &str, default: &Value, rules: Vec<Value>) -> Value {
    let kind = if entity == "feature_gate" {
        entity
    } else {
        "dynamic_config"
    };
    json!({
        "type": kind,
        "entity": entity,
        "salt": "salt",
        "enabled": true,
        "idType": "userID",
        "version": 1,
        "defaultValue": default,
        "rules": rules,
    })
}

/// A rule for all users who pass `a_gate`. All users pass it.
fn rule(id: &str, value: &Value) -> Value {
    let condition = if value.is_boolean() {
        "everyone"
    } else {
        "passes_gate"
    };
    json!({
        "name": id, "id": id, "salt": id, "passPercentage": 100, "returnValue": value, "conditions": [condition], "idType": "userID",
    })
}
