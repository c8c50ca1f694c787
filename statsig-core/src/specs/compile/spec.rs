//! Compiles gates, dynamic configs, experiments and layers, with their rules.

use std::sync::{Arc, Weak};

use serde_json::value::RawValue;

use super::{Compiler, shared};
use crate::specs::compiled::origins::Fingerprint;
use crate::specs::compiled::{
    ConditionId, Entity, Parameters, ReturnValue, Rule, Share, Spec, SpecId, UnitIdType,
};
use crate::specs::model;

impl Compiler<'_> {
    pub(super) fn spec(&mut self, spec: &model::Spec<'_>) -> Spec {
        Spec {
            entity: Entity::from_wire(&spec.entity),
            enabled: spec.enabled,
            default_value: self.return_value(spec.default_value),
            rules: spec
                .rules
                .iter()
                .map(|rule| self.rule(rule, &spec.salt))
                .collect(),
            salt: (&*spec.salt).into(),
            id_type: self.symbol(&spec.id_type),
            version: spec.version,
            is_active: spec.is_active,
            has_shared_params: spec.has_shared_params,
            explicit_parameters: spec.explicit_parameters.as_deref().map(shared),
            target_app_ids: spec.target_app_ids.as_deref().map(shared),
            forward_all_exposures: spec.forward_all_exposures.unwrap_or(false),
            use_new_layer_eval: spec.use_new_layer_eval.unwrap_or(false),
            fields_used: (spec.fields_used.iter().flatten())
                .map(|field| self.symbol(field))
                .collect(),
        }
    }

    fn rule(&mut self, rule: &model::Rule<'_>, spec_salt: &str) -> Rule {
        Rule {
            id: self.symbol(&rule.id),
            name: self.symbol(&rule.name),
            share: share(rule, spec_salt),
            unit: UnitIdType::new(&rule.id_type),
            return_value: self.return_value(rule.return_value),
            conditions: self.rule_conditions(rule),
            group_name: rule.group_name.as_ref().map(|name| self.symbol(name)),
            delegate: rule
                .config_delegate
                .as_ref()
                .filter(|name| !name.is_empty())
                .map(|name| self.entry(name)),
            is_experiment_group: rule.is_experiment_group.unwrap_or(false),
            sampling_rate: rule.sampling_rate,
        }
    }

    pub(super) fn rule_conditions(&self, rule: &model::Rule<'_>) -> Vec<Option<ConditionId>> {
        rule.conditions
            .iter()
            .map(|id| self.specs.origins.conditions.get(&**id)?.made)
            .collect()
    }

    /// The share of a rule outside of a spec, with the salt of this spec.
    pub(super) fn share(&self, rule: &model::Rule<'_>, spec: Option<SpecId>) -> Share {
        let spec = spec.and_then(|spec| self.specs.spec(spec));
        share(rule, spec.map_or("", |spec| &spec.salt))
    }

    /// Objects are parameters. Values other than objects, booleans and null read as an empty
    /// object.
    pub(super) fn return_value(&mut self, raw: &RawValue) -> ReturnValue {
        match raw.get() {
            "null" => ReturnValue::Null,
            "true" => ReturnValue::Bool(true),
            "false" => ReturnValue::Bool(false),
            text => {
                let from = Fingerprint::of(text.as_bytes());
                let values = &mut self.specs.origins.values;
                let known = values.get(&from).and_then(Weak::upgrade);
                ReturnValue::Parameters(known.unwrap_or_else(|| {
                    let parameters: Parameters =
                        serde_json::from_str(text).unwrap_or_else(|problem| {
                            if text.starts_with('{') {
                                self.left_out.add("value", "", &problem);
                            }
                            Parameters::default()
                        });
                    let parameters = Arc::new(parameters);
                    values.insert(from, Arc::downgrade(&parameters));
                    parameters
                }))
            }
        }
    }
}

/// The hash of a rule uses its salt, or its ID if it has no salt. An empty salt is a salt.
fn share(rule: &model::Rule<'_>, spec_salt: &str) -> Share {
    let rule_salt = rule.salt.as_ref().unwrap_or(&rule.id);
    Share::new(rule.pass_percentage, spec_salt, rule_salt)
}
