//! Results, options of calls, and details.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use statsig::client_init::ClientInitResponseOptions;
use statsig::compat;
use statsig::{ExperimentEvaluationOptions, LayerEvaluationOptions};

use super::Row;

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("FeatureGate", "name", |s| {
        let gate = s.compat.get_feature_gate(&s.user, "a_gate");
        assert_eq!(
            (&*gate.name, &*gate.rule_id, &*gate.id_type),
            ("a_gate", "all", "userID")
        );
    }),
    ("FeatureGate", "value", |s| {
        assert!(s.compat.get_feature_gate(&s.user, "a_gate").value);
    }),
    ("FeatureGate", "details", |s| {
        assert_eq!(
            s.compat.get_feature_gate(&s.user, "a_gate").details.reason,
            "Bootstrap:Recognized"
        );
    }),
    ("DynamicConfig, Experiment, Layer", "name", |s| {
        let config = s.compat.get_dynamic_config(&s.user, "a_config");
        assert_eq!(
            (&*config.name, &*config.rule_id, &*config.id_type),
            ("a_config", "default", "userID")
        );
    }),
    ("DynamicConfig, Experiment, Layer", "value", |s| {
        assert_eq!(
            s.compat
                .get_dynamic_config(&s.user, "a_config")
                .value()
                .expect("a value")["limit"],
            25
        );
    }),
    ("DynamicConfig, Experiment, Layer", "details", |s| {
        assert_eq!(
            s.compat.get_layer(&s.user, "none").details.reason,
            "Bootstrap:Unrecognized"
        );
    }),
    ("DynamicConfig, Experiment, Layer", "group_name", |s| {
        let experiment = s.compat.get_experiment(&s.user, "an_experiment");
        assert_eq!(
            (
                experiment.group_name.as_deref(),
                experiment.is_experiment_active
            ),
            (Some("Control"), true)
        );
    }),
    (
        "DynamicConfig, Experiment, Layer",
        "allocated_experiment_name",
        |s| {
            assert_eq!(
                s.compat
                    .get_layer(&s.user, "a_layer")
                    .allocated_experiment_name,
                None
            );
        },
    ),
    ("DynamicConfig, Experiment, Layer", "get", |s| {
        assert_eq!(
            s.compat
                .get_dynamic_config(&s.user, "a_config")
                .get("limit", 1_u8),
            25
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_bool", |s| {
        assert!(
            s.compat
                .get_layer(&s.user, "a_layer")
                .get_bool("none", true)
        );
        assert!(
            s.statsig
                .get_layer(&s.user, "a_layer")
                .get_boolean("none", true)
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_f64", |s| {
        assert_eq!(
            s.compat
                .get_dynamic_config(&s.user, "a_config")
                .get_f64("limit", 0.5),
            25.0
        );
        assert_eq!(
            s.statsig
                .get_dynamic_config(&s.user, "a_config")
                .get_float("limit", 0.5),
            25.0
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_i64", |s| {
        s.statsig.override_layer("whole", [("size", 5.0)], None);
        assert_eq!(s.compat.get_layer(&s.user, "whole").get_i64("size", 1), 5);
        assert_eq!(
            s.statsig.get_layer(&s.user, "whole").get_integer("size", 1),
            5
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_string", |s| {
        assert_eq!(
            s.compat
                .get_layer(&s.user, "a_layer")
                .get_string("title", String::new()),
            "Hello"
        );
        assert_eq!(
            s.statsig
                .get_layer(&s.user, "a_layer")
                .get_string("title", ""),
            "Hello"
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_array", |s| {
        assert!(
            s.compat
                .get_layer(&s.user, "a_layer")
                .get_array("none", vec![])
                .is_empty()
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_object", |s| {
        assert_eq!(
            s.compat
                .get_layer(&s.user, "a_layer")
                .get_object("none", HashMap::from([("px".to_owned(), json!(5))]))["px"],
            5
        );
        assert_eq!(
            s.statsig
                .get_layer(&s.user, "a_layer")
                .get_map("none", [("px", 5)])["px"],
            5
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_opt", |s| {
        assert_eq!(
            s.compat
                .get_dynamic_config(&s.user, "a_config")
                .get_opt::<u8>("limit"),
            Some(25)
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_typed_opt", |s| {
        assert_eq!(
            s.compat
                .get_dynamic_config(&s.user, "a_config")
                .get_typed_opt("limit", Some(json!(1))),
            Some(json!(25))
        );
    }),
    ("DynamicConfig, Experiment, Layer", "get_raw_value", |s| {
        assert_eq!(
            s.compat
                .get_layer(&s.user, "a_layer")
                .get_raw_value("title"),
            Some(json!("Hello"))
        );
    }),
    (
        "FeatureGateEvaluationOptions, DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, LayerEvaluationOptions, ParameterStoreEvaluationOptions",
        "disable_exposure_logging",
        |_| {
            let options = compat::ExperimentEvaluationOptions {
                disable_exposure_logging: true,
                ..Default::default()
            };
            let native = ExperimentEvaluationOptions::new().disable_exposure_logging(true);
            assert_eq!(ExperimentEvaluationOptions::from(options), native);
        },
    ),
    (
        "FeatureGateEvaluationOptions, DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, LayerEvaluationOptions, ParameterStoreEvaluationOptions",
        "user_persisted_values",
        |_| {
            let values = Arc::new(compat::UserPersistedValues::default());
            let options = compat::LayerEvaluationOptions {
                user_persisted_values: Some(values.clone()),
                ..Default::default()
            };
            assert_eq!(
                LayerEvaluationOptions::from(options),
                LayerEvaluationOptions::new().user_persisted_values(values)
            );
        },
    ),
    (
        "FeatureGateEvaluationOptions, DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, LayerEvaluationOptions, ParameterStoreEvaluationOptions",
        "enforce_overrides",
        |_| {
            let options = compat::LayerEvaluationOptions {
                enforce_overrides: true,
                enforce_targeting: true,
                ..Default::default()
            };
            assert_eq!(
                LayerEvaluationOptions::from(options),
                LayerEvaluationOptions::new()
                    .enforce_overrides(true)
                    .enforce_targeting(true)
            );
        },
    ),
    ("ClientInitResponseOptions", "hash_algorithm", |_| {
        let mut options = compat::ClientInitResponseOptions::default();
        options.hash_algorithm = Some(compat::HashAlgorithm::Sha256);
        assert_eq!(
            ClientInitResponseOptions::from(&options),
            ClientInitResponseOptions::new().hash_algorithm(compat::HashAlgorithm::Sha256)
        );
    }),
    ("ClientInitResponseOptions", "client_sdk_key", |_| {
        let mut options = compat::ClientInitResponseOptions::default();
        options.client_sdk_key = Some("text".to_owned());
        options.target_app_id = Some("text".to_owned());
        options.previous_response_hash = Some("text".to_owned());
        assert_eq!(
            ClientInitResponseOptions::from(&options),
            ClientInitResponseOptions::new()
                .client_sdk_key("text")
                .target_app_id("text")
                .previous_response_hash("text")
        );
    }),
    (
        "ClientInitResponseOptions",
        "include_local_overrides",
        |_| {
            let mut options = compat::ClientInitResponseOptions::default();
            options.include_local_overrides = Some(true);
            options.remove_id_type = Some(true);
            options.remove_default_value_gates = Some(true);
            options.remove_experiments_in_layers = Some(true);
            assert_eq!(
                ClientInitResponseOptions::from(&options),
                ClientInitResponseOptions::new()
                    .include_local_overrides(true)
                    .remove_id_type(true)
                    .remove_default_value_gates(true)
                    .remove_experiments_in_layers(true)
            );
        },
    ),
    ("ClientInitResponseOptions", "feature_gate_filter", |_| {
        let mut options = compat::ClientInitResponseOptions::default();
        options.feature_gate_filter = Some(HashSet::from(["a".to_owned()]));
        options.experiment_filter = Some(HashSet::from(["a".to_owned()]));
        options.dynamic_config_filter = Some(HashSet::from(["a".to_owned()]));
        options.layer_filter = Some(HashSet::from(["a".to_owned()]));
        options.param_store_filter = Some(HashSet::from(["a".to_owned()]));
        assert_eq!(
            ClientInitResponseOptions::from(&options),
            ClientInitResponseOptions::new()
                .feature_gate_filter(["a"])
                .experiment_filter(["a"])
                .dynamic_config_filter(["a"])
                .layer_filter(["a"])
                .param_store_filter(["a"])
        );
    }),
    ("ClientInitResponseOptions", "response_format", |s| {
        let options = compat::ClientInitResponseOptions {
            response_format: Some(compat::GCIRResponseFormat::InitV2),
            ..Default::default()
        };
        assert!(
            !s.compat
                .get_client_init_response_with_options_as_string(&s.user, &options)
                .is_empty()
        );
    }),
    ("InitializeDetails", "duration_ms", |s| {
        let _: Duration = s.details().duration;
    }),
    ("InitializeDetails", "init_success", |s| {
        let details = s.details();
        assert!(details.init_success && details.is_config_spec_ready);
        assert_eq!(
            (details.is_id_list_ready, details.spec_source_api),
            (None, None)
        );
    }),
    ("InitializeDetails", "source", |s| {
        assert_eq!(s.details().source.to_string(), "Bootstrap");
    }),
    ("InitializeDetails", "failure_details", |s| {
        assert_eq!(s.details().failure_details, None);
    }),
];
