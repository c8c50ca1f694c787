//! Small hand-written specs.

use serde_json::{Value, json};

/// A gate that everybody passes, or that nobody passes.
#[must_use]
pub fn one_gate(name: &str, passes: bool) -> Value {
    json!({
        "has_updates": true,
        "time": 1_790_000_000_000_u64,
        "feature_gates": { name: {
            "type": "feature_gate", "entity": "feature_gate", "salt": name, "enabled": true, "defaultValue": false,
            "idType": "userID", "rules": [{
                "name": "everyone", "id": "everyone", "passPercentage": if passes { 100 } else { 0 }, "returnValue": true,
                "conditions": ["everyone"], "idType": "userID",
            }],
        }},
        "dynamic_configs": {},
        "layer_configs": {},
        "condition_map": { "everyone": {"type": "public", "idType": "userID"} },
        "experiment_to_layer": {},
    })
}

/// A dynamic config with the same value for all users.
#[must_use]
pub fn config(value: Value) -> Value {
    json!({
        "type": "dynamic_config", "entity": "dynamic_config", "salt": "config", "enabled": true, "defaultValue": value,
        "idType": "userID", "rules": [],
    })
}

/// Specs of this time with the gate `on`. Everybody passes it, or nobody does.
#[must_use]
pub fn at(time: u64, passes: bool) -> Value {
    let mut specs = one_gate("on", passes);
    specs["time"] = time.into();
    specs
}

/// The same with a checksum.
#[must_use]
pub fn with_checksum(time: u64, passes: bool, checksum: &str) -> Value {
    let mut specs = at(time, passes);
    specs["checksum"] = checksum.into();
    specs
}

/// Specs of this time with the gate `in_list`. The members of this ID list pass it.
#[must_use]
pub fn id_list_gate(time: u64, list: &str) -> Value {
    let mut specs = one_gate("in_list", true);
    specs["time"] = time.into();
    specs["condition_map"]["everyone"] = json!({
        "type": "unit_id", "operator": "in_segment_list", "targetValue": list, "idType": "userID",
    });
    specs
}
