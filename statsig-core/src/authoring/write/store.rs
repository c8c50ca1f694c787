//! Writes parameter stores.

use serde_json::{Map, Value, json};

use super::rules::without_nulls;
use crate::authoring::specs::Specs;
use crate::authoring::store::{ParameterStore, StoreTarget};

pub(super) fn written(specs: &Specs, store: &ParameterStore) -> Value {
    let parameters = store.parameters.iter();
    let parameters: Map<_, _> = parameters
        .map(|parameter| (parameter.name.clone(), target(specs, &parameter.target)))
        .collect();
    without_nulls(json!({"parameters": parameters, "targetAppIDs": store.target_apps}))
}

fn target(specs: &Specs, target: &StoreTarget) -> Value {
    let (source, name_field, name, parameter, value) = match target {
        StoreTarget::Fixed(value) => {
            return json!({"ref_type": "static", "param_type": kind(Some(value)), "value": value});
        }
        StoreTarget::Gate { gate, pass, fail } => {
            return json!({
                "ref_type": "gate", "param_type": kind(Some(pass)), "gate_name": gate,
                "pass_value": pass, "fail_value": fail,
            });
        }
        StoreTarget::DynamicConfig { config, parameter } => {
            let mut configs = specs.configs.iter();
            let found = configs.find(|known| known.name == *config);
            let value = found.and_then(|config| config.own.defaults.get(parameter));
            ("dynamic_config", "config_name", config, parameter, value)
        }
        StoreTarget::Experiment {
            experiment,
            parameter,
        } => {
            let value = of_experiment(specs, experiment, parameter);
            (
                "experiment",
                "experiment_name",
                experiment,
                parameter,
                value,
            )
        }
        StoreTarget::Layer { layer, parameter } => {
            let value = of_layer(specs, layer, parameter);
            ("layer", "layer_name", layer, parameter, value)
        }
    };
    json!({
        "ref_type": source, "param_type": kind(value),
        name_field: name, "param_name": parameter,
    })
}

fn of_layer<'a>(specs: &'a Specs, layer: &str, parameter: &str) -> Option<&'a Value> {
    let mut layers = specs.layers.iter();
    let layer = layers.find(|known| known.name == layer)?;
    layer.own.defaults.get(parameter)
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
