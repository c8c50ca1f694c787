//! A client in simulated time, with a network in memory and specs with each kind of entity.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use statsig::testing::{ScriptedTransport, SimulatedClock};
use statsig::{Event, Statsig, StatsigOptions, StatsigOptionsBuilder, StatsigUser};

pub(crate) const BATCH: usize = 10;

pub(crate) struct Lab {
    pub(crate) statsig: Statsig,
    pub(crate) network: Arc<ScriptedTransport>,
}

pub(crate) async fn lab() -> Lab {
    lab_with(specs(), |options| options).await
}

pub(crate) async fn lab_with(
    specs: Value,
    set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
) -> Lab {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs.to_string());
    let options = StatsigOptions::builder()
        .disable_diagnostics(true)
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .event_logging_max_queue_size(BATCH);
    let statsig = Statsig::new("secret-traps", set(options).build().expect("valid options"));
    statsig.initialize().await.expect("specs");
    Lab { statsig, network }
}

impl Lab {
    /// Delivers all events, and returns those delivered since the last call.
    pub(crate) async fn delivered(&self) -> Vec<Value> {
        let before = self.network.events().len();
        self.statsig.flush_events().await.expect("a running client");
        self.network.events().split_off(before)
    }

    pub(crate) fn log(&self, events: usize) {
        for _ in 0..events {
            self.statsig.log_event(&ann(), Event::new("purchase"));
        }
    }
}

pub(crate) fn ann() -> StatsigUser {
    StatsigUser::with_user_id("ann")
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn rule(id: &str, conditions: &[&str], value: Value) -> Value {
    json!({
        "name": id, "id": id, "salt": id, "passPercentage": 100, "idType": "userID",
        "conditions": conditions, "returnValue": value,
    })
}

fn spec(entity: &str, default: Value, rules: Vec<Value>) -> Value {
    json!({
        "type": if entity == "feature_gate" { entity } else { "dynamic_config" }, "entity": entity,
        "salt": "salt", "enabled": true, "idType": "userID", "version": 7, "defaultValue": default, "rules": rules,
    })
}

fn condition(kind: &str, field: Option<&str>, target: Value) -> Value {
    json!({
        "type": kind, "operator": "any", "field": field, "targetValue": target, "additionalValues": {},
        "idType": "userID",
    })
}

/// A gate that everybody passes, a gate that depends on it, an experiment, a layer that delegates
/// to the experiment, and a parameter store.
pub(crate) fn specs() -> Value {
    let mut group = rule("group", &["everyone"], json!({"title": "bold"}));
    group["groupName"] = "Bold".into();
    group["isExperimentGroup"] = true.into();
    let mut experiment = spec("experiment", json!({"title": "plain"}), vec![group]);
    experiment["isActive"] = true.into();
    experiment["explicitParameters"] = json!(["title"]);
    let mut delegating = rule("to_exp", &["passes_on"], json!({}));
    delegating["configDelegate"] = "exp".into();
    let defaults = json!({"title": "plain", "size": 1});
    let mut layer = spec("layer", defaults.clone(), vec![delegating]);
    layer["rules"][0]["returnValue"] = defaults;
    let mut sampled = rule("sampled", &["everyone"], json!(true));
    sampled["samplingRate"] = 1_000_000_007_u64.into();
    let mut forwarded = spec("feature_gate", json!(false), vec![sampled.clone()]);
    forwarded["forwardAllExposures"] = true.into();
    json!({
        "has_updates": true, "time": 1_790_000_000_000_u64,
        "feature_gates": {
            "on": spec("feature_gate", json!(false), vec![rule("everyone", &["everyone"], json!(true))]),
            "outer": spec("feature_gate", json!(false), vec![rule("inner", &["passes_on"], json!(true))]),
            "grouped": spec("feature_gate", json!(false), vec![rule("in_group", &["in_bold"], json!(true))]),
            "premium": spec("feature_gate", json!(false), vec![rule("plan", &["pays"], json!(true))]),
            "sampled": spec("feature_gate", json!(false), vec![sampled]),
            "forwarded": forwarded,
        },
        "dynamic_configs": {
            "config": spec("dynamic_config", json!({"limit": 3}), vec![]),
            "exp": experiment,
        },
        "layer_configs": { "layer": layer },
        "param_stores": { "store": { "parameters": {
            "by_gate": {"ref_type": "gate", "param_type": "string", "gate_name": "on", "pass_value": "yes", "fail_value": "no"},
            "fixed": {"ref_type": "static", "param_type": "string", "value": "text"},
        }}},
        "condition_map": {
            "everyone": condition("public", None, Value::Null),
            "passes_on": condition("pass_gate", None, json!("on")),
            "in_bold": condition("experiment_group", Some("exp"), json!(["Bold"])),
            "pays": condition("user_field", Some("plan"), json!(["premium"])),
        },
        "experiment_to_layer": {"exp": "layer"},
    })
}

pub(crate) fn with_settings(settings: Value) -> Value {
    let mut specs = specs();
    specs["sdk_configs"] = settings;
    specs
}
