//! Parameter stores.

use std::collections::HashMap;

use serde_json::json;
use statsig::compat;

use super::Row;

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("ParameterStore", "name", |s| {
        assert_eq!(s.compat.get_parameter_store("a_store").name, "a_store");
        assert_eq!(
            s.compat.get_parameter_store("a_store").details.reason,
            "Bootstrap:Recognized"
        );
    }),
    ("ParameterStore", "parameters", |s| {
        let store = s.compat.get_parameter_store("a_store");
        let parameter = store.parameters().next().expect("a parameter");
        assert_eq!(
            (parameter.name, parameter.declared_type),
            ("color", "string")
        );
    }),
    ("ParameterStore", "options", |s| {
        let silent = compat::ParameterStoreEvaluationOptions {
            disable_exposure_logging: true,
        };
        let _ = s.compat.get_parameter_store_with_options("a_store", silent);
    }),
    ("ParameterStore", "get_parameter_names", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store("a_store")
                .get_parameter_names(),
            ["color"]
        );
    }),
    ("ParameterStore", "get_parameter_types", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store("a_store")
                .get_parameter_types()["color"],
            "string"
        );
    }),
    ("ParameterStore", "get_opt", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store("a_store")
                .get_opt::<String>(&s.user, "color")
                .as_deref(),
            Some("red")
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get_opt::<String>("color")
                .as_deref(),
            Some("red")
        );
    }),
    ("ParameterStore", "get", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store("a_store")
                .get(&s.user, "none", 5_u8),
            5
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get("none", 5_u8),
            5
        );
    }),
    ("ParameterStore", "get_json_value", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store("a_store")
                .get_json_value(&s.user, "color", None),
            "red"
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get_typed_opt("color", None),
            Some(json!("red"))
        );
    }),
    ("ParameterStore", "get_bool", |s| {
        assert!(
            s.compat
                .get_parameter_store("a_store")
                .get_bool(&s.user, "none", true)
        );
        assert!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get_boolean("none", true)
        );
    }),
    ("ParameterStore", "get_f64", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store("a_store")
                .get_f64(&s.user, "none", 0.5),
            0.5
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get_float("none", 0.5),
            0.5
        );
    }),
    ("ParameterStore", "get_i64", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store("a_store")
                .get_i64(&s.user, "none", 5),
            5
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get_integer("none", 5),
            5
        );
    }),
    ("ParameterStore", "get_string", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store("a_store")
                .get_string(&s.user, "color", String::new()),
            "red"
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get_string("color", ""),
            "red"
        );
    }),
    ("ParameterStore", "get_array", |s| {
        assert!(
            s.compat
                .get_parameter_store("a_store")
                .get_array(&s.user, "none", vec![])
                .is_empty()
        );
    }),
    ("ParameterStore", "get_object", |s| {
        assert!(
            s.compat
                .get_parameter_store("a_store")
                .get_object(&s.user, "none", HashMap::new())
                .is_empty()
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get_map("none", [("px", 5)])["px"],
            5
        );
    }),
];
