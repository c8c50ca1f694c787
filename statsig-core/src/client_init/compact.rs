//! The format InitV2: short keys, no names, no defaults. Values and exposures appear once and are
//! referred to by number.

use super::ClientInitResponseOptions;
use super::evaluated::{Evaluated, Item};
use super::exposures::ExposureTable;
use super::json::{Json, key};
use super::names::Names;
use super::values::ValueTable;
use crate::evaluation::{Evaluation, NestedGate};
use crate::specs::compiled::Entity;
use crate::specs::symbols::Symbol;

/// Writes entities.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compact<'a> {
    pub(super) names: Names<'a>,
    pub(super) options: &'a ClientInitResponseOptions,
    pub(super) exposures: &'a ExposureTable<'a>,
    pub(super) values: &'a ValueTable<'a>,
}

impl Compact<'_> {
    pub(super) fn write(&self, json: &mut Json, evaluated: &Evaluated) {
        let write_all = |json: &mut Json, items: &[Item], write: fn(&Self, &mut Json, &Item)| {
            json.open();
            for item in items {
                json.quoted_key(self.names.name(item.name));
                json.open();
                self.common(json, item);
                write(self, json, item);
                json.close();
            }
            json.close();
        };
        json.key(key!("feature_gates"));
        write_all(json, &evaluated.gates, Self::gate);
        json.key(key!("dynamic_configs"));
        write_all(json, &evaluated.configs, Self::config);
        json.key(key!("layer_configs"));
        write_all(json, &evaluated.layers, Self::layer);
        json.key(key!("exposures"));
        self.exposures.write(json);
        json.key(key!("values"));
        self.values.write(json);
        json.entry(key!("response_format"), "\"init-v2\"");
    }

    /// Writes rule, exposures and ID type.
    fn common(&self, json: &mut Json, item: &Item) {
        let evaluation = &item.evaluation;
        let rule = evaluation.rule_symbol();
        if rule != Symbol::DEFAULT {
            json.entry(key!("r"), self.names.text(rule));
        }
        self.list(json, key!("s"), item, &evaluation.nested_gates);
        let id_type = evaluation.id_type;
        if let Some(id_type) = id_type.filter(|_| !self.options.remove_id_type) {
            json.entry(key!("i"), self.names.text(id_type));
        }
    }

    fn gate(&self, json: &mut Json, item: &Item) {
        if item.evaluation.value {
            json.bool_entry(key!("v"), true);
        }
    }

    /// A dynamic config, experiment, autotune or contextual bandit.
    fn config(&self, json: &mut Json, item: &Item) {
        let evaluation = &item.evaluation;
        json.entry(key!("v"), self.values.key(&evaluation.parameters));
        if item.entity == Entity::DynamicConfig {
            // `p` means passed.
            json.bool_entry(key!("p"), evaluation.value);
            return;
        }
        self.group_name(json, evaluation);
        if item.entity == Entity::Experiment {
            self.participation(json, evaluation);
        }
    }

    fn layer(&self, json: &mut Json, item: &Item) {
        let evaluation = &item.evaluation;
        json.entry(key!("v"), self.values.key(&evaluation.parameters));
        self.group_name(json, evaluation);
        if let Some(delegate) = evaluation.delegate {
            // `ae` means allocated experiment.
            json.entry(key!("ae"), self.names.name(delegate));
            self.participation(json, evaluation);
        }
        if let Some(explicit) = evaluation.explicit_parameters(self.names.specs) {
            json.key(key!("ep"));
            json.value(explicit);
        }
        let undelegated = evaluation.undelegated_gates().unwrap_or_default();
        self.list(json, key!("us"), item, undelegated);
    }

    fn group_name(&self, json: &mut Json, evaluation: &Evaluation) {
        if let Some(name) = evaluation.group_name {
            json.entry(key!("gn"), self.names.text(name));
        }
    }

    /// Writes whether the experiment is active, and whether the user is in it.
    fn participation(&self, json: &mut Json, evaluation: &Evaluation) {
        json.bool_entry(key!("ea"), evaluation.is_experiment_active);
        json.bool_entry(key!("ue"), evaluation.is_experiment_group);
    }

    /// Writes exposures, unless the list is empty.
    fn list(&self, json: &mut Json, key: &'static str, item: &Item, gates: &[NestedGate]) {
        if !gates.is_empty() {
            json.key(key);
            json.open_list();
            self.exposures.write_keys(json, item, gates);
            json.close_list();
        }
    }
}
