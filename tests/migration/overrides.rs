//! Overrides on the client.

use std::collections::HashMap;

use serde_json::json;

use super::Row;

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("Statsig", "override_gate", |s| {
        s.compat.override_gate("forced", true, None);
        assert!(s.compat.check_gate(&s.user, "forced"));
    }),
    ("Statsig", "override_dynamic_config", |s| {
        s.compat.override_dynamic_config(
            "forced",
            HashMap::from([("limit".to_owned(), json!(5))]),
            None,
        );
        s.statsig
            .override_dynamic_config("forced", [("limit", 5)], None);
    }),
    ("Statsig", "override_layer", |s| {
        s.compat.override_layer(
            "forced",
            HashMap::from([("size".to_owned(), json!(5))]),
            None,
        );
    }),
    ("Statsig", "override_parameter_store", |s| {
        s.compat.override_parameter_store(
            "forced",
            HashMap::from([("size".to_owned(), json!(5))]),
            None,
        );
    }),
    ("Statsig", "override_experiment", |s| {
        s.compat.override_experiment(
            "forced",
            HashMap::from([("size".to_owned(), json!(5))]),
            None,
        );
    }),
    ("Statsig", "override_experiment_by_group_name", |s| {
        s.compat
            .override_experiment_by_group_name("an_experiment", "Control", Some("bob"));
    }),
    ("Statsig", "remove_gate_override", |s| {
        s.compat.override_gate("a_gate", false, None);
        s.compat.remove_gate_override("a_gate", None);
        assert!(s.compat.check_gate(&s.user, "a_gate"));
    }),
    ("Statsig", "remove_dynamic_config_override", |s| {
        s.compat.remove_dynamic_config_override("forced", None);
    }),
    ("Statsig", "remove_experiment_override", |s| {
        s.compat.remove_experiment_override("forced", Some("bob"));
    }),
    ("Statsig", "remove_layer_override", |s| {
        s.compat.remove_layer_override("forced", None);
    }),
    ("Statsig", "remove_parameter_store_override", |s| {
        s.compat.remove_parameter_store_override("forced", None);
    }),
    ("Statsig", "remove_all_overrides", |s| {
        s.compat.override_gate("a_gate", false, None);
        s.compat.remove_all_overrides();
        assert!(s.compat.check_gate(&s.user, "a_gate"));
    }),
];
