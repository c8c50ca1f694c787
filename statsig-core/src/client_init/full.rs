//! The formats V1 and V2: every entity with all fields of client SDKs, under long keys.

use super::ClientInitResponseOptions;
use super::evaluated::{Evaluated, Item};
use super::exposures::{ExposureTable, distinct, write_exposure};
use super::json::{Json, key};
use super::names::Names;
use super::values::write_value;
use crate::evaluation::{Evaluation, NestedGate};
use crate::specs::compiled::Entity;
use crate::specs::symbols::Symbol;

/// Writes entities. With a table of exposures, the format is V2. Without it, the format is V1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Full<'a> {
    pub(super) names: Names<'a>,
    pub(super) options: &'a ClientInitResponseOptions,
    pub(super) exposures: Option<&'a ExposureTable<'a>>,
}

impl Full<'_> {
    pub(super) fn write(&self, json: &mut Json, evaluated: &Evaluated) {
        let write_all = |json: &mut Json, items: &[Item], write: fn(&Self, &mut Json, &Item)| {
            json.open();
            for item in items {
                let name = self.names.name(item.name);
                json.quoted_key(name);
                json.open();
                json.entry(key!("name"), name);
                let rule = self.names.text(item.evaluation.rule_symbol());
                json.entry(key!("rule_id"), rule);
                json.key(key!("secondary_exposures"));
                self.list(json, item, &item.evaluation.nested_gates);
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
        if let Some(exposures) = self.exposures {
            json.key(key!("exposures"));
            exposures.write(json);
        }
    }

    fn gate(&self, json: &mut Json, item: &Item) {
        let id_type = item.evaluation.id_type;
        if let Some(id_type) = id_type.filter(|_| !self.options.remove_id_type) {
            json.entry(key!("id_type"), self.names.text(id_type));
        }
        json.bool_entry(key!("value"), item.evaluation.value);
    }

    /// A dynamic config, experiment, autotune or contextual bandit.
    fn config(&self, json: &mut Json, item: &Item) {
        let evaluation = &item.evaluation;
        self.value(json, evaluation);
        if item.entity == Entity::DynamicConfig {
            json.bool_entry(key!("passed"), evaluation.value);
            return;
        }
        if evaluation.is_in_layer {
            json.bool_entry(key!("is_in_layer"), true);
        }
        if let Some(explicit) = evaluation.explicit_parameters(self.names.specs) {
            json.key(key!("explicit_parameters"));
            json.value(explicit);
        }
        self.group_name(json, evaluation);
        if item.entity == Entity::Experiment {
            self.participation(json, evaluation);
        }
    }

    fn layer(&self, json: &mut Json, item: &Item) {
        let evaluation = &item.evaluation;
        let undelegated = evaluation.undelegated_gates().unwrap_or_default();
        json.key(key!("undelegated_secondary_exposures"));
        self.list(json, item, undelegated);
        self.value(json, evaluation);
        self.group_name(json, evaluation);
        json.key(key!("explicit_parameters"));
        match evaluation.explicit_parameters(self.names.specs) {
            Some(explicit) => json.value(explicit),
            None => json.raw("[]"),
        }
        if let Some(delegate) = evaluation.delegate {
            let name = self.names.name(delegate);
            json.entry(key!("allocated_experiment_name"), name);
            self.participation(json, evaluation);
        }
        if let Some(rules) = evaluation
            .parameter_rules
            .as_deref()
            .filter(|_| self.is_v1())
        {
            json.key(key!("parameter_rule_ids"));
            json.open();
            for (parameter, rule) in rules {
                json.text_key(parameter);
                json.raw(self.names.text(*rule));
            }
            json.close();
        }
    }

    fn is_v1(&self) -> bool {
        self.exposures.is_none()
    }

    /// Writes the value of a config or layer, and its companion fields.
    fn value(&self, json: &mut Json, evaluation: &Evaluation) {
        // An overridden config has no ID type. The response then has the empty text.
        let id_type = evaluation.id_type.unwrap_or(Symbol::EMPTY);
        if !self.options.remove_id_type {
            json.entry(key!("id_type"), self.names.text(id_type));
        }
        let id_type = self.names.specs.text(id_type);
        let is_device_based = *id_type == "stableID" || *id_type == "stableid";
        json.bool_entry(key!("is_device_based"), is_device_based);
        if self.is_v1() {
            let rule = self.names.text(evaluation.rule_symbol());
            json.entry(key!("group"), rule);
        }
        json.key(key!("value"));
        write_value(json, self.names.specs, &evaluation.parameters);
    }

    fn group_name(&self, json: &mut Json, evaluation: &Evaluation) {
        if let Some(name) = evaluation.group_name {
            json.entry(key!("group_name"), self.names.text(name));
        }
    }

    fn participation(&self, json: &mut Json, evaluation: &Evaluation) {
        let is_active = evaluation.is_experiment_active;
        json.bool_entry(key!("is_experiment_active"), is_active);
        let is_user_in_it = evaluation.is_experiment_group;
        json.bool_entry(key!("is_user_in_experiment"), is_user_in_it);
    }

    fn list(&self, json: &mut Json, item: &Item, gates: &[NestedGate]) {
        json.open_list();
        match self.exposures {
            Some(table) => table.write_keys(json, item, gates),
            None => {
                for gate in distinct(gates) {
                    write_exposure(json, self.names, *gate);
                }
            }
        }
        json.close_list();
    }
}
