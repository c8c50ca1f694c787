//! The recorded options of client initialize responses.

use serde_json::Value;
use statsig::client_init::{ClientInitResponseFormat, ClientInitResponseOptions};

use crate::conformance::{entries, items, text};

/// The options recorded with a response.
///
/// # Panics
/// When an option or its value is unknown.
pub fn options_of(recorded: &Value) -> ClientInitResponseOptions {
    let mut options = ClientInitResponseOptions::new();
    for (option, value) in entries(recorded) {
        let names = || items(value).iter().map(text);
        let is_set = *value == true;
        options = match option.as_str() {
            "hash_algorithm" => options.hash_algorithm(text(value).parse().expect("an algorithm")),
            "response_format" => options.response_format(
                text(value)
                    .parse::<ClientInitResponseFormat>()
                    .expect("a format"),
            ),
            "client_sdk_key" => options.client_sdk_key(text(value)),
            "target_app_id" => options.target_app_id(text(value)),
            "feature_gate_filter" => options.feature_gate_filter(names()),
            "experiment_filter" => options.experiment_filter(names()),
            "dynamic_config_filter" => options.dynamic_config_filter(names()),
            "include_local_overrides" => options.include_local_overrides(is_set),
            "layer_filter" => options.layer_filter(names()),
            "param_store_filter" => options.param_store_filter(names()),
            "remove_id_type" => options.remove_id_type(is_set),
            "remove_default_value_gates" => options.remove_default_value_gates(is_set),
            "remove_experiments_in_layers" => options.remove_experiments_in_layers(is_set),
            unknown => panic!("unknown option {unknown}"),
        };
    }
    options
}
