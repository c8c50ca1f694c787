//! Specs with every kind of entity, and a client of OpenFeature that reads them.

use open_feature::{Client, EvaluationContext, OpenFeature};
use serde_json::{Value, json};
use statsig::StatsigOptions;
use statsig::offline::OfflineClient;
use statsig_openfeature::StatsigProvider;

fn rule(id: &str, condition: &str, share: f64, value: Value, group: Option<&str>) -> Value {
    json!({
        "name": id, "id": id, "salt": id, "passPercentage": share, "conditions": [condition],
        "returnValue": value, "idType": "userID", "groupName": group,
        "isExperimentGroup": group == Some("Deep cut"),
    })
}

fn spec(entity: &str, default: Value, rules: Vec<Value>) -> Value {
    let kind = if entity == "feature_gate" {
        entity
    } else {
        "dynamic_config"
    };
    json!({
        "type": kind, "entity": entity, "salt": entity, "enabled": true, "idType": "userID", "version": 7,
        "isActive": true, "defaultValue": default, "rules": rules,
    })
}

pub(crate) fn specs() -> String {
    let gate = |rules| spec("feature_gate", json!(false), rules);
    let config = |default, rules| spec("dynamic_config", default, rules);
    let mut off = gate(vec![]);
    off["enabled"] = false.into();
    json!({
        "has_updates": true, "time": 1_790_000_000_000_u64, "experiment_to_layer": {},
        "condition_map": {
            "all": {"type": "public", "idType": "userID"},
            "gold": {"type": "user_field", "field": "plan", "operator": "any", "targetValue": ["gold"], "idType": "userID"},
            "odd": {"type": "new_thing", "operator": "sideways", "idType": "userID"},
        },
        "feature_gates": {
            "everyone": gate(vec![rule("all", "all", 100.0, json!(true), None)]),
            "gold_only": gate(vec![rule("gold", "gold", 100.0, json!(true), None)]),
            "half": gate(vec![rule("half", "all", 50.0, json!(true), None)]),
            "off": off,
            "twin": gate(vec![rule("all", "all", 100.0, json!(true), None)]),
            "later": gate(vec![rule("odd", "odd", 100.0, json!(true), None)]),
        },
        "dynamic_configs": {
            "limits": config(json!({
                "max": 10, "ratio": 0.5, "whole": 3.0, "huge": u64::MAX, "open": true, "name": "small", "none": null,
                "list": [1, null, "two"], "inside": {"a": 1, "b": null},
            }), vec![rule("gold", "gold", 100.0, json!({"max": 100}), Some("Gold"))]),
            "single": config(json!({"message": "hi"}), vec![]),
            "empty": config(json!({}), vec![]),
            "twin": config(json!({"message": "the config"}), vec![]),
            "checkout.v2": config(json!({"title": "with a dot"}), vec![]),
            "colors": spec("experiment", json!({}), vec![
                rule("cut", "all", 100.0, json!({"color": "red"}), Some("Deep cut")),
            ]),
        },
        "layer_configs": {
            "promos": spec("layer", json!({"title": "Hello", "discount": 0.25}), vec![]),
            "limits_layer": spec("layer", json!({"max": 1}), vec![]),
        },
        "param_stores": {
            "settings": {"parameters": {
                "theme": {"ref_type": "static", "param_type": "string", "value": "dark"},
                "is_on": {"ref_type": "gate", "param_type": "boolean", "gate_name": "everyone", "pass_value": true, "fail_value": false},
                "max": {"ref_type": "dynamic_config", "param_type": "number", "config_name": "limits", "param_name": "max"},
                "title": {"ref_type": "layer", "param_type": "string", "layer_name": "promos", "param_name": "title"},
            }},
            "alone": {"parameters": {"theme": {"ref_type": "static", "param_type": "string", "value": "light"}}},
        },
    })
    .to_string()
}

/// An application that uses the provider.
pub(crate) struct App {
    pub(crate) statsig: OfflineClient,
    pub(crate) provider: StatsigProvider,
    pub(crate) client: Client,
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    pub(crate) async fn with(options: impl Into<Option<StatsigOptions>>) -> Self {
        Self::of(OfflineClient::new(&specs(), options).unwrap()).await
    }

    pub(crate) async fn of(statsig: OfflineClient) -> Self {
        let provider = StatsigProvider::new((*statsig).clone());
        let mut api = OpenFeature::default();
        api.set_provider(provider.clone()).await;
        Self {
            client: api.create_client(),
            statsig,
            provider,
        }
    }

    /// The exposures so far, as "entity" or "layer.parameter".
    pub(crate) fn exposures(&self) -> Vec<String> {
        let events = self.statsig.take_events();
        let exposed = events.iter().filter_map(|event| {
            let metadata = &event["metadata"];
            let name = metadata["gate"].as_str().or(metadata["config"].as_str())?;
            Some(match metadata["parameterName"].as_str() {
                Some(parameter) => format!("{name}.{parameter}"),
                None => name.to_owned(),
            })
        });
        exposed.collect()
    }
}

pub(crate) fn user() -> EvaluationContext {
    EvaluationContext::default().with_targeting_key("a-user")
}

pub(crate) fn gold() -> EvaluationContext {
    user().with_custom_field("plan", "gold")
}
