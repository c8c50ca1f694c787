//! What a set of specs contains: names, groups, and the user fields that the specs read.

use crate::entity_kind::EntityKind;
use crate::results::{
    Experiment, ExperimentGroup, ExperimentGroupsResult, Served, SharedParameters,
};
use crate::specs::compiled::{Entity, Entry, Rule, Spec};
use crate::specs::snapshot::Snapshot;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

impl Snapshot {
    /// The names of all entities of a kind, sorted, or only those of one type.
    #[must_use]
    pub fn names(&self, kind: EntityKind, only: Option<Entity>) -> Vec<SharedStr> {
        let specs = &self.specs;
        let is_meant = |entry: &&Entry| {
            let spec = entry.spec(kind).and_then(|id| specs.spec(id));
            spec.is_some_and(|spec| only.is_none_or(|only| spec.entity == only))
        };
        let mut names: Vec<_> = if kind == EntityKind::ParameterStore {
            specs.param_stores.keys().cloned().collect()
        } else {
            let meant = specs.entries.iter().filter(is_meant);
            meant.map(|entry| specs.text(entry.name).clone()).collect()
        };
        names.sort();
        names
    }

    /// The user fields that the evaluation of an entity may read.
    #[must_use]
    pub fn fields_needed(&self, kind: EntityKind, name: &str) -> Vec<SharedStr> {
        let found = self.find(kind, name);
        let fields = found.into_iter().flat_map(|(_, spec)| &spec.fields_used);
        fields.map(|field| self.text(*field)).collect()
    }

    /// All groups of an experiment.
    #[must_use]
    pub fn experiment_groups(&self, experiment: &str) -> ExperimentGroupsResult {
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
                    return_value: rule.return_value.parameters().cloned().unwrap_or_default(),
                })
                .collect(),
        }
    }

    /// The experiment as a user in the group with this name receives it.
    #[must_use]
    pub fn experiment_by_group_name(&self, experiment: &str, group: &str) -> Experiment {
        self.experiment_by(experiment, |rule| {
            rule.group_name
                .is_some_and(|name| self.text(name) == *group)
        })
    }

    /// The experiment as a user in the group with this rule ID receives it.
    #[must_use]
    pub fn experiment_by_group_id(&self, experiment: &str, rule_id: &str) -> Experiment {
        self.experiment_by(experiment, |rule| self.text(rule.id) == *rule_id)
    }

    fn experiment_by(&self, experiment: &str, is_meant: impl Fn(&Rule) -> bool) -> Experiment {
        let found = self.find(EntityKind::Experiment, experiment);
        let found = found.and_then(|(entry, spec)| {
            let rule = spec.rules.iter().find(|rule| is_meant(rule))?;
            Some((entry, spec, rule))
        });
        let rule = found.map(|(_, _, rule)| rule);
        let parameters = rule.and_then(|rule| rule.return_value.parameters());
        Experiment {
            name: found.map_or_else(|| experiment.into(), |(entry, ..)| self.text(entry.name)),
            value: SharedParameters(parameters.cloned()),
            rule_id: self.text(rule.map_or(Symbol::DEFAULT, |rule| rule.id)),
            id_type: rule.map_or_else(SharedStr::default, |rule| rule.unit.exact.clone()),
            group_name: rule.and_then(|rule| Some(self.text(rule.group_name?))),
            is_experiment_active: found.is_some_and(|(_, spec, _)| spec.is_active == Some(true)),
            is_user_in_experiment: false,
            details: self.details_of_name(found.is_some()),
            served: Served::default(),
        }
    }

    fn find(&self, kind: EntityKind, name: &str) -> Option<(&Entry, &Spec)> {
        let entry = self.specs.entry(self.specs.find(name)?)?;
        Some((entry, self.specs.spec(entry.spec(kind)?)?))
    }

    fn text(&self, symbol: Symbol) -> SharedStr {
        self.specs.text(symbol).clone()
    }
}
