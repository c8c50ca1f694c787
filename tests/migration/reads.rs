//! Reads of the client, and lists of names.

use serde_json::json;
use statsig::FeatureGateEvaluationOptions;
use statsig::compat;

use super::Row;

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("Statsig", "get_string_parameter_from_store", |s| {
        let color = s.compat.get_string_parameter_from_store(
            &s.user,
            "a_store",
            "color",
            Some("blue".to_owned()),
            None,
        );
        assert_eq!(color.as_deref(), Some("red"));
        assert_eq!(
            s.statsig
                .get_string_from_store(&s.user, "a_store", "color", "blue"),
            "red"
        );
    }),
    ("Statsig", "get_boolean_parameter_from_store", |s| {
        assert_eq!(
            s.compat
                .get_boolean_parameter_from_store(&s.user, "a_store", "none", Some(true), None),
            Some(true)
        );
        assert!(
            s.statsig
                .get_boolean_from_store(&s.user, "a_store", "none", true)
        );
    }),
    ("Statsig", "get_float_parameter_from_store", |s| {
        assert_eq!(
            s.compat
                .get_float_parameter_from_store(&s.user, "a_store", "none", Some(0.5), None),
            Some(0.5)
        );
        assert_eq!(
            s.statsig
                .get_float_from_store(&s.user, "a_store", "none", 0.5),
            0.5
        );
    }),
    ("Statsig", "get_integer_parameter_from_store", |s| {
        assert_eq!(
            s.compat
                .get_integer_parameter_from_store(&s.user, "a_store", "none", Some(5), None),
            Some(5)
        );
        assert_eq!(
            s.statsig
                .get_integer_from_store(&s.user, "a_store", "none", 5),
            5
        );
    }),
    ("Statsig", "get_array_parameter_from_store", |s| {
        assert_eq!(
            s.compat.get_array_parameter_from_store(
                &s.user,
                "a_store",
                "none",
                Some(vec![json!(1)]),
                None
            ),
            Some(vec![json!(1)])
        );
        assert!(
            s.statsig
                .get_array_from_store(&s.user, "a_store", "none", vec![])
                .is_empty()
        );
    }),
    ("Statsig", "get_object_parameter_from_store", |s| {
        assert_eq!(
            s.compat
                .get_object_parameter_from_store(&s.user, "a_store", "none", None, None),
            None
        );
        assert_eq!(
            s.statsig
                .get_map_from_store(&s.user, "a_store", "none", [("px", 5)])["px"],
            5
        );
    }),
    ("Statsig", "get_parameter_from_store", |s| {
        assert_eq!(
            s.compat
                .get_parameter_from_store(&s.user, "a_store", "none", Some(5_u8), None),
            Some(5)
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get("none", 5_u8),
            5
        );
    }),
    ("Statsig", "get_parameter_names_from_store", |s| {
        assert_eq!(
            s.compat.get_parameter_names_from_store(&s.user, "a_store"),
            ["color"]
        );
        assert_eq!(
            s.statsig
                .get_parameter_store(&s.user, "a_store")
                .get_parameter_names(),
            ["color"]
        );
    }),
    ("Statsig", "get_parameter_store", |s| {
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
    ("Statsig", "get_parameter_store_for_user", |s| {
        assert_eq!(
            s.compat
                .get_parameter_store_for_user(&s.user, "a_store")
                .name,
            "a_store"
        );
    }),
    ("Statsig", "get_parameter_store_with_options", |s| {
        let options = compat::ParameterStoreEvaluationOptions::default();
        assert_eq!(
            s.compat
                .get_parameter_store_with_options("a_store", options)
                .name,
            "a_store"
        );
    }),
    ("Statsig", "get_cmab_ranked_groups", |s| {
        assert!(s.compat.get_cmab_ranked_groups(&s.user, "none").is_empty());
    }),
    ("Statsig", "get_feature_gate_list", |s| {
        assert_eq!(s.compat.get_feature_gate_list(), ["a_gate"]);
    }),
    ("Statsig", "get_dynamic_config_list", |s| {
        assert_eq!(s.compat.get_dynamic_config_list(), ["a_config"]);
    }),
    ("Statsig", "get_experiment_list", |s| {
        assert_eq!(s.compat.get_experiment_list(), ["an_experiment"]);
    }),
    ("Statsig", "get_autotune_list", |s| {
        assert!(s.compat.get_autotune_list().is_empty());
    }),
    ("Statsig", "get_parameter_store_list", |s| {
        assert_eq!(s.compat.get_parameter_store_list(), ["a_store"]);
    }),
    ("Statsig", "get_layer_list", |s| {
        assert_eq!(s.compat.get_layer_list(), ["a_layer"]);
    }),
    ("Statsig", "check_gate", |s| {
        assert!(s.compat.check_gate(&s.user, "a_gate"));
    }),
    ("Statsig", "check_gate_with_options", |s| {
        let options = compat::FeatureGateEvaluationOptions {
            disable_exposure_logging: true,
        };
        assert!(s.compat.check_gate_with_options(&s.user, "a_gate", options));
        let options = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
        assert!(
            s.statsig
                .check_gate_with_options(&s.user, "a_gate", options)
        );
    }),
    ("Statsig", "get_feature_gate", |s| {
        assert!(s.compat.get_feature_gate(&s.user, "a_gate").value);
    }),
    ("Statsig", "get_feature_gate_with_options", |s| {
        assert!(
            s.compat
                .get_feature_gate_with_options(
                    &s.user,
                    "a_gate",
                    compat::FeatureGateEvaluationOptions::default()
                )
                .value
        );
    }),
    ("Statsig", "manually_log_gate_exposure", |s| {
        s.compat.manually_log_gate_exposure(&s.user, "a_gate");
    }),
    ("Statsig", "get_fields_needed_for_gate", |s| {
        assert!(s.compat.get_fields_needed_for_gate("a_gate").is_empty());
    }),
    ("Statsig", "get_dynamic_config", |s| {
        assert_eq!(
            s.compat
                .get_dynamic_config(&s.user, "a_config")
                .get_i64("limit", 10),
            25
        );
    }),
    ("Statsig", "get_dynamic_config_with_options", |s| {
        assert!(
            s.compat
                .get_dynamic_config_with_options(
                    &s.user,
                    "a_config",
                    compat::DynamicConfigEvaluationOptions::default()
                )
                .value()
                .is_some()
        );
    }),
    ("Statsig", "manually_log_dynamic_config_exposure", |s| {
        s.compat
            .manually_log_dynamic_config_exposure(&s.user, "a_config");
    }),
    ("Statsig", "get_fields_needed_for_dynamic_config", |s| {
        assert!(
            s.compat
                .get_fields_needed_for_dynamic_config("a_config")
                .is_empty()
        );
    }),
    ("Statsig", "get_experiment", |s| {
        assert_eq!(
            s.compat
                .get_experiment(&s.user, "an_experiment")
                .group_name
                .as_deref(),
            Some("Control")
        );
    }),
    ("Statsig", "get_experiment_with_options", |s| {
        let options = compat::ExperimentEvaluationOptions {
            disable_exposure_logging: true,
            ..Default::default()
        };
        assert!(
            s.compat
                .get_experiment_with_options(&s.user, "an_experiment", options)
                .is_experiment_active
        );
    }),
    ("Statsig", "manually_log_experiment_exposure", |s| {
        s.compat
            .manually_log_experiment_exposure(&s.user, "an_experiment");
    }),
    ("Statsig", "get_fields_needed_for_experiment", |s| {
        assert!(
            s.compat
                .get_fields_needed_for_experiment("an_experiment")
                .is_empty()
        );
    }),
    ("Statsig", "get_experiment_groups", |s| {
        assert_eq!(
            s.compat.get_experiment_groups("an_experiment").groups.len(),
            1
        );
    }),
    ("Statsig", "get_experiment_by_group_name", |s| {
        assert_eq!(
            s.compat
                .get_experiment_by_group_name("an_experiment", "Control")
                .get_string("color", ""),
            "grey"
        );
    }),
    ("Statsig", "get_experiment_by_group_id_advanced", |s| {
        assert_eq!(
            s.compat
                .get_experiment_by_group_id_advanced("an_experiment", "control")
                .get_string("color", ""),
            "grey"
        );
    }),
    ("Statsig", "get_layer", |s| {
        assert_eq!(
            s.compat
                .get_layer(&s.user, "a_layer")
                .get_string("title", ""),
            "Hello"
        );
    }),
    ("Statsig", "get_layer_with_options", |s| {
        assert_eq!(
            s.compat
                .get_layer_with_options(
                    &s.user,
                    "a_layer",
                    compat::LayerEvaluationOptions::default()
                )
                .name,
            "a_layer"
        );
    }),
    ("Statsig", "manually_log_layer_parameter_exposure", |s| {
        s.compat
            .manually_log_layer_parameter_exposure(&s.user, "a_layer", "title".to_owned());
        s.statsig
            .manually_log_layer_parameter_exposure(&s.user, "a_layer", "title");
    }),
    ("Statsig", "get_fields_needed_for_layer", |s| {
        assert!(s.compat.get_fields_needed_for_layer("a_layer").is_empty());
    }),
];
