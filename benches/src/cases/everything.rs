//! Every gate, config, experiment and layer for one user, without exposures.

use std::rc::Rc;

use serde_json::Value;
use statsig::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    LayerEvaluationOptions,
};

use super::{Case, Sides, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

/// What the specs define.
#[derive(Clone)]
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

/// Both sides have the same methods.
macro_rules! evaluate_all {
    ($client:expr, $user:expr, $names:expr, $gate:expr, $config:expr, $experiment:expr, $layer:expr) => {{
        for gate in &$names.gates {
            std::hint::black_box($client.check_gate_with_options($user, gate, $gate));
        }
        for config in &$names.configs {
            std::hint::black_box($client.get_dynamic_config_with_options($user, config, $config));
        }
        for experiment in &$names.experiments {
            let experiment = $client.get_experiment_with_options($user, experiment, $experiment);
            std::hint::black_box(experiment);
        }
        for layer in &$names.layers {
            std::hint::black_box($client.get_layer_with_options($user, layer, $layer));
        }
    }};
}

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let (ours, names) = (Rc::clone(&sides.ours), Names::of(&sides.specs));
    #[cfg(feature = "peer")]
    let peer_names = names.clone();
    vec![Case::new(
        "every_entity/new_user/off",
        Work::fresh(ours::user, move |user| {
            let gate = FeatureGateEvaluationOptions {
                disable_exposure_logging: true,
            };
            let config = DynamicConfigEvaluationOptions {
                disable_exposure_logging: true,
            };
            let experiment = || ExperimentEvaluationOptions {
                disable_exposure_logging: true,
                ..Default::default()
            };
            let layer = || LayerEvaluationOptions {
                disable_exposure_logging: true,
                ..Default::default()
            };
            evaluate_all!(
                ours.client,
                user,
                names,
                gate,
                config,
                experiment(),
                layer()
            );
        }),
        peer!(
            |peer| Work::fresh(peer::user, move |user| {
                let gate = || statsig_rust::FeatureGateEvaluationOptions {
                    disable_exposure_logging: true,
                };
                let config = || statsig_rust::DynamicConfigEvaluationOptions {
                    disable_exposure_logging: true,
                };
                let experiment = || statsig_rust::ExperimentEvaluationOptions {
                    disable_exposure_logging: true,
                    ..Default::default()
                };
                let layer = || statsig_rust::LayerEvaluationOptions {
                    disable_exposure_logging: true,
                    ..Default::default()
                };
                evaluate_all!(
                    peer.client,
                    user,
                    peer_names,
                    gate(),
                    config(),
                    experiment(),
                    layer()
                );
            }),
            sides
        ),
    )]
}
