//! Makes the recorded calls.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use statsig::{
    DynamicConfigEvaluationOptions, Event, ExperimentEvaluationOptions,
    FeatureGateEvaluationOptions, LayerEvaluationOptions, ParameterStoreEvaluationOptions, Statsig,
    StatsigUser,
};
use statsig_tests::client_init::options_of;
use statsig_tests::conformance::{entries, items, text};

/// Reads a parameter as the type of this name.
macro_rules! read_as {
    ($from:expr, $param:expr, $kind:expr) => {
        match $kind {
            "bool" => $from.get_opt::<bool>($param).map(Value::from),
            "f64" => $from.get_opt::<f64>($param).map(Value::from),
            "i64" => $from.get_opt::<i64>($param).map(Value::from),
            "string" => $from.get_opt::<String>($param).map(Value::from),
            "array" => $from.get_opt::<Vec<Value>>($param).map(Value::from),
            "object" => $from.get_opt::<Map<String, Value>>($param).map(Value::from),
            unknown => panic!("unknown type {unknown}"),
        }
    };
}

/// Makes a call and returns its result in the recorded form; `None` for a call without a result.
pub(crate) fn make(statsig: &Statsig, user: &StatsigUser, call: &Value) -> Option<Value> {
    let name = call["name"].as_str().unwrap_or_default();
    let disable_exposure_logging = call["disable_exposure"] == true;
    match call["op"].as_str().expect("an operation") {
        "check_gate" => {
            let options = FeatureGateEvaluationOptions::new()
                .disable_exposure_logging(disable_exposure_logging);
            Some(json!(statsig.check_gate_with_options(user, name, options)))
        }
        "get_feature_gate" => {
            let gate = statsig.get_feature_gate(user, name);
            Some(json!({
                "value": gate.value,
                "rule_id": gate.rule_id,
                "id_type": gate.id_type,
                "reason": gate.details.reason,
            }))
        }
        "get_dynamic_config" => {
            let options = DynamicConfigEvaluationOptions::new()
                .disable_exposure_logging(disable_exposure_logging);
            let config = statsig.get_dynamic_config_with_options(user, name, options);
            Some(json!({
                "value": config.value().unwrap_or(&Map::new()),
                "rule_id": config.rule_id,
                "id_type": config.id_type,
                "reason": config.details.reason,
            }))
        }
        "get_experiment" => {
            let options = ExperimentEvaluationOptions::new()
                .disable_exposure_logging(disable_exposure_logging);
            let experiment = statsig.get_experiment_with_options(user, name, options);
            Some(json!({
                "value": experiment.value().unwrap_or(&Map::new()),
                "rule_id": experiment.rule_id,
                "id_type": experiment.id_type,
                "group_name": experiment.group_name,
                "is_experiment_active": experiment.is_experiment_active,
                "reason": experiment.details.reason,
            }))
        }
        "get_layer" => {
            let options =
                LayerEvaluationOptions::new().disable_exposure_logging(disable_exposure_logging);
            let layer = statsig.get_layer_with_options(user, name, options);
            let params: Vec<_> = items(&call["params"])
                .iter()
                .map(|read| {
                    let param = read["param"].as_str().expect("a parameter");
                    match read["as"].as_str() {
                        None => layer.get_raw_value(param),
                        Some(kind) => read_as!(layer, param, kind),
                    }
                })
                .collect();
            Some(json!({
                "params": params,
                "rule_id": layer.rule_id,
                "group_name": layer.group_name,
                "allocated_experiment_name": layer.allocated_experiment_name,
                "reason": layer.details.reason,
            }))
        }
        "get_param" | "get_param_for_user" => {
            let options = ParameterStoreEvaluationOptions::new()
                .disable_exposure_logging(disable_exposure_logging);
            let store = call["store"].as_str().expect("a store");
            let store = statsig.get_parameter_store_with_options(user, store, options);
            let param = call["param"].as_str().expect("a parameter");
            match call["as"].as_str() {
                None => Some(json!({
                    "value": store.get_typed_opt(param, None),
                    "names": store.get_parameter_names(),
                    "reason": store.details.reason,
                })),
                Some(kind) => read_as!(store, param, kind),
            }
        }
        "client_init" => {
            let options = options_of(&call["options"]);
            let response = statsig.get_client_init_response_with_options(user, &options);
            let path = items(&call["pick"]).iter().map(text);
            Some(path.fold(response, |from, name| from[name].clone()))
        }
        operation if operation.contains("override") => {
            change_overrides(statsig, operation, name, call);
            None
        }
        _ => {
            log(statsig, user, name, call);
            None
        }
    }
}

/// Calls that set and remove local overrides.
fn change_overrides(statsig: &Statsig, operation: &str, name: &str, call: &Value) {
    let id = call["id"].as_str();
    let value = || call["value"].as_object().expect("an object").clone();
    match operation {
        "override_gate" => {
            statsig.override_gate(name, call["value"].as_bool().expect("a boolean"), id);
        }
        "override_config" => statsig.override_dynamic_config(name, value(), id),
        "override_experiment" => statsig.override_experiment(name, value(), id),
        "override_experiment_group" => {
            let group = call["group"].as_str().expect("a group");
            statsig.override_experiment_by_group_name(name, group, id);
        }
        "override_layer" => statsig.override_layer(name, value(), id),
        "override_store" => statsig.override_parameter_store(name, value(), id),
        "remove_gate_override" => statsig.remove_gate_override(name, id),
        "remove_config_override" => statsig.remove_dynamic_config_override(name, id),
        "remove_experiment_override" => statsig.remove_experiment_override(name, id),
        "remove_layer_override" => statsig.remove_layer_override(name, id),
        "remove_store_override" => statsig.remove_parameter_store_override(name, id),
        "remove_all_overrides" => statsig.remove_all_overrides(),
        unknown => panic!("unknown operation {unknown}"),
    }
}

/// Calls that only log.
fn log(statsig: &Statsig, user: &StatsigUser, name: &str, call: &Value) {
    match call["op"].as_str().expect("an operation") {
        "manual_gate_exposure" => statsig.manually_log_gate_exposure(user, name),
        "manual_config_exposure" => statsig.manually_log_dynamic_config_exposure(user, name),
        "manual_experiment_exposure" => statsig.manually_log_experiment_exposure(user, name),
        "manual_layer_exposure" => {
            let param = call["param"].as_str().expect("a parameter");
            statsig.manually_log_layer_parameter_exposure(user, name, param);
        }
        "log_cmab_exposure" => {
            let group = call["group"].as_str().expect("a group");
            statsig.log_cmab_exposure_for_group(user, name, group);
        }
        "log_event" | "log_event_number" | "log_event_typed" | "log_event_number_typed" => {
            statsig.log_event(user, custom_event(name, call));
        }
        "identify" => statsig.identify(user),
        "forward_log_line" => {
            let level = call["level"].as_str().expect("a level");
            let metadata = call.get("metadata").map(|metadata| {
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                let texts = entries(metadata).map(|(key, value)| (key.clone(), text(value)));
                texts.collect::<HashMap<_, _>>()
            });
            statsig.forward_log_line_event(
                user,
                level.parse().expect("a level"),
                call["value"].as_str().map(str::to_owned),
                metadata,
            );
        }
        unknown => panic!("unknown operation {unknown}"),
    }
}

fn custom_event(name: &str, call: &Value) -> Event {
    let mut event = Event::new(name);
    event = match &call["value"] {
        Value::String(text) => event.value(text.as_str()),
        Value::Number(number) => event.value(number.as_f64().expect("a number")),
        _ => event,
    };
    match call.get("metadata") {
        Some(metadata) => event.metadata_map(
            entries(metadata)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        ),
        None => event,
    }
}
