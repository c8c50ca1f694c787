//! Every gate, config, experiment and layer for one user, without exposures.

use std::hint::black_box;

use serde_json::Value;

use super::{Case, Measured};
use crate::measure::Work;
use crate::side;
use crate::side::sdk::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    LayerEvaluationOptions,
};

/// The names in the specs.
struct Names {
    gates: Vec<String>,
    configs: Vec<String>,
    experiments: Vec<String>,
    layers: Vec<String>,
}

impl Names {
    fn of(specs: &str) -> Self {
        let specs: Value = serde_json::from_str(specs).expect("the specs are JSON");
        let names = |kind: &str, is_meant: fn(&str) -> bool| -> Vec<String> {
            let specs = specs[kind].as_object().into_iter().flatten();
            specs
                .filter(|(_, spec)| is_meant(spec["entity"].as_str().unwrap_or_default()))
                .map(|(name, _)| name.clone())
                .collect()
        };
        Self {
            gates: names("feature_gates", |entity| entity == "feature_gate"),
            configs: names("dynamic_configs", |entity| entity == "dynamic_config"),
            experiments: names("dynamic_configs", |entity| entity != "dynamic_config"),
            layers: names("layer_configs", |_| true),
        }
    }
}

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let (side, names) = (measured.side(), Names::of(&measured.specs));
    let evaluate_all = Work::fresh(side::user, move |user| {
        let client = &side.client;
        for gate in &names.gates {
            let off = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
            black_box(client.check_gate_with_options(user, gate, off));
        }
        for config in &names.configs {
            let off = DynamicConfigEvaluationOptions::new().disable_exposure_logging(true);
            black_box(client.get_dynamic_config_with_options(user, config, off));
        }
        for experiment in &names.experiments {
            let off = ExperimentEvaluationOptions::new().disable_exposure_logging(true);
            black_box(client.get_experiment_with_options(user, experiment, off));
        }
        for layer in &names.layers {
            let off = LayerEvaluationOptions::new().disable_exposure_logging(true);
            black_box(client.get_layer_with_options(user, layer, off));
        }
    });
    vec![Case::new("every_entity/new_user/off", evaluate_all)]
}
