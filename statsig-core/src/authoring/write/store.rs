//! Writes parameter stores.

use serde_json::{Map, Value, json};

use super::rules::put;
use crate::authoring::rule::Values;
use crate::authoring::specs::Specs;
use crate::authoring::store::{ParameterStore, StoreTarget};

pub(super) fn written(specs: &Specs, store: &ParameterStore) -> Value {
    let parameters = store.parameters.iter();
    let parameters: Map<_, _> = parameters
        .map(|parameter| (parameter.name.clone(), target(specs, &parameter.target)))
        .collect();
    let mut written = json!({"parameters": parameters});
    put(&mut written, "targetAppIDs", json!(store.target_apps));
    written
}

fn target(specs: &Specs, target: &StoreTarget) -> Value {
    match target {
        StoreTarget::Fixed(value) => {
            json!({"ref_type": "static", "param_type": kind(Some(value)), "value": value})
        }
        StoreTarget::Gate { gate, pass, fail } => json!({
            "ref_type": "gate", "param_type": kind(Some(pass)), "gate_name": gate,
            "pass_value": pass, "fail_value": fail,
        }),
        StoreTarget::DynamicConfig { config, parameter } => {
            let mut known = specs.configs.iter();
            let found = known.find(|known| known.name == *config);
            let value = found.and_then(|config| config.own.defaults.get(parameter));
            json!({
                "ref_type": "dynamic_config", "param_type": kind(value),
                "config_name": config, "param_name": parameter,
            })
        }
        StoreTarget::Experiment {
            experiment,
            parameter,
        } => json!({
            "ref_type": "experiment", "param_type": kind(of_experiment(specs, experiment, parameter)),
            "experiment_name": experiment, "param_name": parameter,
        }),
        StoreTarget::Layer { layer, parameter } => json!({
            "ref_type": "layer", "param_type": kind(of_layer(specs, layer, parameter)),
            "layer_name": layer, "param_name": parameter,
        }),
    }
}

fn of_layer<'a>(specs: &'a Specs, layer: &str, parameter: &str) -> Option<&'a Value> {
    let mut layers = specs.layers.iter();
    let defaults: &Values = &layers.find(|known| known.name == layer)?.own.defaults;
    defaults.get(parameter)
}

/// A value of an experiment's parameter: its default, or that of a group or of the layer.
fn of_experiment<'a>(specs: &'a Specs, name: &str, parameter: &str) -> Option<&'a Value> {
    let mut experiments = specs.experiments.iter();
    let own = &experiments.find(|known| known.name == name)?.own;
    let mut of_groups = own.groups.iter().filter_map(|group| group.value.as_ref());
    let default = own.defaults.get(parameter);
    default
        .or_else(|| of_groups.find_map(|value| value.get(parameter)))
        .or_else(|| of_layer(specs, own.layer.as_deref()?, parameter))
}

/// The type of a parameter with this value.
fn kind(value: Option<&Value>) -> &'static str {
    match value {
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
        Some(Value::String(_) | Value::Null) | None => "string",
    }
}
