//! What a set of specs contains: names, groups, and the user fields that the specs read.

use std::sync::Arc;

use crate::entity_kind::EntityKind;
use crate::evaluation::{EvaluationContext, Evaluator};
use crate::results::{
    CmabRankedGroup, Experiment, ExperimentGroup, ExperimentGroupsResult, Served, SharedParameters,
};
use crate::specs::compiled::{Entity, Entry, Parameters, ReturnValue, Rule, Spec};
use crate::specs::snapshot::Snapshot;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;
use crate::user::StatsigUser;

/// Lists and groups of one set of specs.
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    snapshot: &'a Snapshot,
}

impl<'a> Catalog<'a> {
    /// The contents of these specs.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot }
    }

    /// The names of all feature gates, sorted. The list excludes segments and holdouts.
    #[must_use]
    pub fn feature_gates(self) -> Vec<SharedStr> {
        self.names(EntityKind::Gate, |entity| entity == Entity::FeatureGate)
    }

    /// The names of all dynamic configs, sorted.
    #[must_use]
    pub fn dynamic_configs(self) -> Vec<SharedStr> {
        self.names(EntityKind::DynamicConfig, |entity| {
            entity == Entity::DynamicConfig
        })
    }

    /// The names of all experiments, sorted.
    #[must_use]
    pub fn experiments(self) -> Vec<SharedStr> {
        self.names(EntityKind::Experiment, |entity| {
            entity == Entity::Experiment
        })
    }

    /// The names of all autotunes, sorted.
    #[must_use]
    pub fn autotunes(self) -> Vec<SharedStr> {
        self.names(EntityKind::Experiment, |entity| entity == Entity::Autotune)
    }

    /// The names of all layers, sorted.
    #[must_use]
    pub fn layers(self) -> Vec<SharedStr> {
        self.names(EntityKind::Layer, |_| true)
    }

    /// The names of all parameter stores, sorted.
    #[must_use]
    pub fn parameter_stores(self) -> Vec<SharedStr> {
        let mut names: Vec<_> = self.snapshot.specs.param_stores.keys().cloned().collect();
        names.sort();
        names
    }

    /// The user fields that the evaluation of an entity may read.
    #[must_use]
    pub fn fields_needed(self, kind: EntityKind, name: &str) -> Vec<SharedStr> {
        let found = self.find(kind, name);
        let fields = found.into_iter().flat_map(|(_, spec)| &spec.fields_used);
        fields.map(|field| self.text(*field)).collect()
    }

    /// All groups of an experiment.
    #[must_use]
    pub fn experiment_groups(self, experiment: &str) -> ExperimentGroupsResult {
        let found = self.find(EntityKind::Experiment, experiment);
        let Some((_, spec)) = found.filter(|(_, spec)| spec.entity == Entity::Experiment) else {
            return ExperimentGroupsResult::default();
        };
        let groups = spec.rules.iter().filter(|rule| rule.is_experiment_group);
        ExperimentGroupsResult {
            is_experiment_active: Some(spec.is_active.unwrap_or(false)),
            groups: groups
                .map(|rule| ExperimentGroup {
                    group_name: self.text(rule.group_name.unwrap_or(Symbol::EMPTY)),
                    rule_id: self.text(rule.id),
                    id_type: rule.unit.exact.clone(),
                    return_value: shared_parameters(&rule.return_value),
                })
                .collect(),
        }
    }

    /// The experiment as a user in the group with this name receives it.
    #[must_use]
    pub fn experiment_by_group_name(self, experiment: &str, group: &str) -> Experiment {
        self.experiment_by(experiment, |rule| {
            rule.group_name
                .is_some_and(|name| *self.text(name) == *group)
        })
    }

    /// The experiment as a user in the group with this rule ID receives it.
    #[must_use]
    pub fn experiment_by_group_id(self, experiment: &str, rule_id: &str) -> Experiment {
        self.experiment_by(experiment, |rule| *self.text(rule.id) == *rule_id)
    }

    fn experiment_by(self, experiment: &str, is_meant: impl Fn(&Rule) -> bool) -> Experiment {
        let found = self
            .find(EntityKind::Experiment, experiment)
            .and_then(|(entry, spec)| {
                let rule = spec.rules.iter().find(|rule| is_meant(rule))?;
                Some((entry, spec, rule))
            });
        let Some((entry, spec, rule)) = found else {
            return Experiment {
                name: experiment.into(),
                value: SharedParameters(None),
                rule_id: self.text(Symbol::DEFAULT),
                id_type: SharedStr::default(),
                group_name: None,
                is_experiment_active: false,
                is_user_in_experiment: false,
                details: self.snapshot.details_of_name(false),
                served: Served::default(),
            };
        };
        Experiment {
            name: self.text(entry.name),
            value: SharedParameters(rule.return_value.parameters().cloned()),
            rule_id: self.text(rule.id),
            id_type: rule.unit.exact.clone(),
            group_name: rule.group_name.map(|name| self.text(name)),
            is_experiment_active: spec.is_active.unwrap_or(false),
            is_user_in_experiment: false,
            details: self.snapshot.details_of_name(true),
            served: Served::default(),
        }
    }

    fn find(self, kind: EntityKind, name: &str) -> Option<(&'a Entry, &'a Spec)> {
        let specs = &self.snapshot.specs;
        let entry = specs.entry(specs.find(name)?)?;
        Some((entry, specs.spec(entry.spec(kind)?)?))
    }

    fn names(self, kind: EntityKind, is_meant: impl Fn(Entity) -> bool) -> Vec<SharedStr> {
        let specs = &self.snapshot.specs;
        let is_meant = |entry: &&Entry| {
            let spec = entry.spec(kind).and_then(|id| specs.spec(id));
            spec.is_some_and(|spec| is_meant(spec.entity))
        };
        let meant = specs.entries.iter().filter(is_meant);
        let mut names: Vec<_> = meant.map(|entry| self.text(entry.name)).collect();
        names.sort();
        names
    }

    fn text(self, symbol: Symbol) -> SharedStr {
        self.snapshot.specs.text(symbol).clone()
    }
}

/// The groups of a contextual bandit for a user, the best group first.
#[must_use]
pub fn ranked_groups(
    context: EvaluationContext<'_>,
    user: &StatsigUser,
    cmab: &str,
) -> Vec<CmabRankedGroup> {
    let specs = &context.snapshot.specs;
    let Some(bandit) = specs.find(cmab) else {
        return Vec::new();
    };
    let entry = specs.entry(bandit);
    let name = entry.map_or_else(|| cmab.into(), |entry| specs.text(entry.name).clone());
    let ranked = Evaluator::new(context, user).ranked_groups(bandit);
    ranked
        .into_iter()
        .map(|ranked| CmabRankedGroup {
            variant_name: specs.text(ranked.group.name).clone(),
            rule_id: specs.text(ranked.rule_id).clone(),
            value: shared_parameters(&ranked.group.value),
            score: ranked.score,
            cmab_name: name.clone(),
        })
        .collect()
}

fn shared_parameters(value: &ReturnValue) -> Arc<Parameters> {
    value.parameters().cloned().unwrap_or_default()
}
