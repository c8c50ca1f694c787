//! Writes specs in the service's form.

mod experiment;
mod layer;
mod rules;
mod store;

use serde_json::{Map, Value, json};

use super::entity::{DynamicConfig, Gate, GateKind};
use super::problem::InvalidSpecs;
use super::specs::Specs;
use rules::{Rules, object, spec, with_holdouts, without_nulls};

impl Specs {
    /// The specs as the service would send them. The same project always gives the same text.
    ///
    /// # Errors
    /// If the service would not accept the project, unless it is [`unchecked`](Self::unchecked).
    pub fn to_json(&self) -> Result<String, InvalidSpecs> {
        Ok(self.to_value()?.to_string())
    }

    /// The specs as the service would send them, for tests that change what a project cannot
    /// express.
    ///
    /// # Errors
    /// If the service would not accept the project, unless it is [`unchecked`](Self::unchecked).
    pub fn to_value(&self) -> Result<Value, InvalidSpecs> {
        if !self.is_unchecked {
            let problems = self.problems();
            if !problems.is_empty() {
                return Err(InvalidSpecs { problems });
            }
        }
        Ok(written(self))
    }
}

fn written(specs: &Specs) -> Value {
    let mut rules = Rules::default();
    let mut gates = Map::new();
    let mut configs = Map::new();
    let mut layers = Map::new();
    for gate in &specs.gates {
        gates.insert(gate.wire_name(), written_gate(&mut rules, gate));
    }
    for config in &specs.configs {
        let spec = written_config(&mut rules, config);
        configs.insert(config.name.clone(), spec);
    }
    for layer in &specs.layers {
        let spec = layer::written(&mut rules, specs, layer);
        layers.insert(layer.name.clone(), spec);
    }
    for experiment in &specs.experiments {
        if let Some(segment) = experiment::targeting_segment(experiment) {
            gates.insert(segment.wire_name(), written_gate(&mut rules, &segment));
        }
        let spec = experiment::written(&mut rules, specs, experiment);
        configs.insert(experiment.name.clone(), spec);
    }
    let of_layers = specs.experiments.iter().filter_map(|experiment| {
        let layer = experiment.own.layer.as_ref()?;
        Some((experiment.name.clone(), json!(layer)))
    });
    let stores = specs.stores.iter();
    let stores = stores.map(|store| (store.name.clone(), store::written(specs, store)));
    let id_lists = specs.id_lists.keys();
    let id_lists = id_lists.map(|name| (name.clone(), json!(true)));
    let sdk_configs = specs.sdk_configs.clone().into_iter();
    without_nulls(json!({
        "has_updates": true,
        "time": specs.time_ms.unwrap_or(Specs::DEFAULT_TIME_MS),
        "response_format": "dcs-v2",
        "feature_gates": gates,
        "dynamic_configs": configs,
        "layer_configs": layers,
        "condition_map": rules.conditions,
        "experiment_to_layer": of_layers.collect::<Map<_, _>>(),
        "param_stores": unless_empty(stores.collect()),
        "id_lists": unless_empty(id_lists.collect()),
        "sdk_configs": unless_empty(sdk_configs.collect()),
        "checksum": specs.checksum,
        "app_id": specs.app_id,
        "default_environment": specs.default_environment,
    }))
}

fn unless_empty(entries: Map<String, Value>) -> Option<Map<String, Value>> {
    (!entries.is_empty()).then_some(entries)
}

fn written_gate(rules: &mut Rules, gate: &Gate) -> Value {
    let default = json!(gate.own.passes_by_default);
    let rules = rules.written(gate, &with_holdouts(gate, &default), &json!(true));
    let entity = match gate.own.kind {
        GateKind::Gate => "feature_gate",
        GateKind::Segment => "segment",
        GateKind::Holdout => "holdout",
    };
    let own_fields = json!({"type": "feature_gate"});
    spec(gate, entity, default, rules, own_fields)
}

fn written_config(rules: &mut Rules, config: &DynamicConfig) -> Value {
    let default = object(&config.own.defaults);
    let rules = rules.written(config, &with_holdouts(config, &default), &json!({}));
    spec(config, "dynamic_config", default, rules, json!({}))
}
