//! What the specs hold, independent of users or without exposing any: lists of names, fields, groups.

use std::sync::Arc;

use super::Statsig;
use super::param_stores::details_of_name;
use super::view::View;
use crate::evaluation::{Evaluator, Kind};
use crate::hash::text_hash;
use crate::results::{
    CMABRankedGroup, Experiment, ExperimentGroup, ExperimentGroupsResult, Served, SharedParameters,
};
use crate::specs::compiled::{Entity, Entry, Parameters, ReturnValue, Rule, Spec};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;
use crate::user::StatsigUser;

/// The names that the current specs have, sorted. Targeting and users play no part; nothing is logged.
///
/// ```
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// assert_eq!(statsig.get_feature_gate_list(), ["a_gate"]);
/// assert_eq!(statsig.get_layer_list(), ["a_layer"]);
/// ```
impl Statsig {
    /// All gates, without segments and holdouts.
    #[must_use]
    pub fn get_feature_gate_list(&self) -> Vec<SharedStr> {
        self.view(&self.current()).feature_gate_list()
    }

    /// All dynamic configs.
    #[must_use]
    pub fn get_dynamic_config_list(&self) -> Vec<SharedStr> {
        self.view(&self.current()).dynamic_config_list()
    }

    /// All experiments, also those that do not run.
    #[must_use]
    pub fn get_experiment_list(&self) -> Vec<SharedStr> {
        self.view(&self.current()).experiment_list()
    }

    /// All autotunes. Contextual bandits are in none of the lists.
    #[must_use]
    pub fn get_autotune_list(&self) -> Vec<SharedStr> {
        self.view(&self.current()).autotune_list()
    }

    /// All layers.
    #[must_use]
    pub fn get_layer_list(&self) -> Vec<SharedStr> {
        self.view(&self.current()).layer_list()
    }

    /// All parameter stores.
    #[must_use]
    pub fn get_parameter_store_list(&self) -> Vec<SharedStr> {
        self.view(&self.current()).parameter_store_list()
    }
}

/// The fields of a user that decide, where the service says so; empty for an unknown name. Nothing is logged.
///
/// Fields are named as the service names them, custom ones with the prefix `cf:`.
impl Statsig {
    /// The fields that a gate targets on.
    #[must_use]
    pub fn get_fields_needed_for_gate(&self, gate: &str) -> Vec<SharedStr> {
        self.view(&self.current()).fields_needed(Kind::Gate, gate)
    }

    /// The fields that a dynamic config targets on.
    #[must_use]
    pub fn get_fields_needed_for_dynamic_config(&self, config: &str) -> Vec<SharedStr> {
        self.view(&self.current())
            .fields_needed(Kind::DynamicConfig, config)
    }

    /// The fields that an experiment targets on.
    #[must_use]
    pub fn get_fields_needed_for_experiment(&self, experiment: &str) -> Vec<SharedStr> {
        self.view(&self.current())
            .fields_needed(Kind::Experiment, experiment)
    }

    /// The fields that a layer targets on.
    #[must_use]
    pub fn get_fields_needed_for_layer(&self, layer: &str) -> Vec<SharedStr> {
        self.view(&self.current()).fields_needed(Kind::Layer, layer)
    }
}

/// The groups of experiments, to look at before a user is exposed. Nothing is logged.
impl Statsig {
    /// All groups of an experiment, with their parameters.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let experiment = statsig.get_experiment_groups("an_experiment");
    /// for group in &experiment.groups {
    ///     println!("{}: {:?}", group.group_name, group.return_value.get("color"));
    /// }
    /// # assert_eq!(experiment.is_experiment_active, Some(true));
    /// # assert_eq!(experiment.groups.len(), 1);
    /// ```
    #[must_use]
    pub fn get_experiment_groups(&self, experiment: &str) -> ExperimentGroupsResult {
        self.view(&self.current()).experiment_groups(experiment)
    }

    /// An experiment as those see it who are in a group. Without such a group it has no parameters, and the rule `default`.
    ///
    /// No user is evaluated, so [`is_user_in_experiment`](Experiment::is_user_in_experiment) is false.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let control = statsig.get_experiment_by_group_name("an_experiment", "Control");
    /// assert_eq!(control.get_string("color", "blue"), "grey");
    /// ```
    #[must_use]
    pub fn get_experiment_by_group_name(&self, experiment: &str, group: &str) -> Experiment {
        self.view(&self.current())
            .experiment_by_group_name(experiment, group)
    }

    /// Like [`get_experiment_by_group_name`](Self::get_experiment_by_group_name), by the id of the group's rule.
    #[must_use]
    pub fn get_experiment_by_group_id_advanced(
        &self,
        experiment: &str,
        rule_id: &str,
    ) -> Experiment {
        self.view(&self.current())
            .experiment_by_group_id(experiment, rule_id)
    }

    /// The groups of a contextual bandit in the order of what is expected of them for a user, the best one first.
    ///
    /// Empty for an unknown bandit, one that does not run, and a user outside of its targeting. Where nothing is known yet, or
    /// the bandit is to learn more from this user, the order is drawn anew with each call. Logs no exposure; it is counted as a
    /// check without one. See [`log_cmab_exposure_for_group`](Self::log_cmab_exposure_for_group).
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let user = StatsigUser::with_user_id("a-user");
    /// let ranked = statsig.get_cmab_ranked_groups(&user, "a_bandit");
    /// if let Some(best) = ranked.first() {
    ///     statsig.log_cmab_exposure_for_group(&user, "a_bandit", best.rule_id.clone());
    /// }
    /// ```
    #[must_use]
    pub fn get_cmab_ranked_groups(&self, user: &StatsigUser, cmab: &str) -> Vec<CMABRankedGroup> {
        self.view(&self.current()).ranked_groups(user, cmab)
    }
}

impl View<'_> {
    pub(super) fn feature_gate_list(self) -> Vec<SharedStr> {
        self.names(Kind::Gate, |entity| entity == Entity::FeatureGate)
    }

    pub(super) fn dynamic_config_list(self) -> Vec<SharedStr> {
        self.names(Kind::DynamicConfig, |entity| {
            entity == Entity::DynamicConfig
        })
    }

    pub(super) fn experiment_list(self) -> Vec<SharedStr> {
        self.names(Kind::Experiment, |entity| entity == Entity::Experiment)
    }

    pub(super) fn autotune_list(self) -> Vec<SharedStr> {
        self.names(Kind::Experiment, |entity| entity == Entity::Autotune)
    }

    pub(super) fn layer_list(self) -> Vec<SharedStr> {
        self.names(Kind::Layer, |_| true)
    }

    pub(super) fn parameter_store_list(self) -> Vec<SharedStr> {
        let mut names: Vec<_> = self.published.specs.param_stores.keys().cloned().collect();
        names.sort();
        names
    }

    pub(super) fn experiment_by_group_name(self, experiment: &str, group: &str) -> Experiment {
        self.experiment_by(experiment, |rule| {
            rule.group_name
                .is_some_and(|name| **self.text(name) == *group)
        })
    }

    pub(super) fn experiment_by_group_id(self, experiment: &str, rule_id: &str) -> Experiment {
        self.experiment_by(experiment, |rule| **self.text(rule.id) == *rule_id)
    }

    fn text(&self, symbol: Symbol) -> &SharedStr {
        self.published.specs.text(symbol)
    }

    /// The entry and the spec of a name.
    fn find(&self, kind: Kind, name: &str) -> Option<(&Entry, &Spec)> {
        let specs = &self.published.specs;
        let entry = specs.entry(specs.find(name)?)?;
        Some((entry, specs.spec(entry.spec(kind)?)?))
    }

    fn names(self, kind: Kind, is_meant: impl Fn(Entity) -> bool) -> Vec<SharedStr> {
        let specs = &self.published.specs;
        let is_meant = |entry: &&Entry| {
            let spec = entry.spec(kind).and_then(|id| specs.spec(id));
            spec.is_some_and(|spec| is_meant(spec.entity))
        };
        let meant = specs.entries.iter().filter(is_meant);
        let mut names: Vec<_> = meant.map(|entry| specs.text(entry.name).clone()).collect();
        names.sort();
        names
    }

    pub(super) fn fields_needed(self, kind: Kind, name: &str) -> Vec<SharedStr> {
        let found = self.find(kind, name);
        let fields = found.into_iter().flat_map(|(_, spec)| &spec.fields_used);
        fields.map(|field| self.text(*field).clone()).collect()
    }

    pub(super) fn experiment_groups(self, experiment: &str) -> ExperimentGroupsResult {
        let found = self.find(Kind::Experiment, experiment);
        let Some((_, spec)) = found.filter(|(_, spec)| spec.entity == Entity::Experiment) else {
            return ExperimentGroupsResult::default();
        };
        let groups = spec.rules.iter().filter(|rule| rule.is_experiment_group);
        ExperimentGroupsResult {
            is_experiment_active: Some(spec.is_active.unwrap_or(false)),
            groups: groups
                .map(|rule| ExperimentGroup {
                    group_name: self.text(rule.group_name.unwrap_or(Symbol::EMPTY)).clone(),
                    rule_id: self.text(rule.id).clone(),
                    id_type: rule.unit.exact.clone(),
                    return_value: shared_parameters(&rule.return_value),
                })
                .collect(),
        }
    }

    fn experiment_by(self, experiment: &str, is_meant: impl Fn(&Rule) -> bool) -> Experiment {
        let found = self
            .find(Kind::Experiment, experiment)
            .and_then(|(entry, spec)| {
                let rule = spec.rules.iter().find(|rule| is_meant(rule))?;
                Some((entry, spec, rule))
            });
        let Some((entry, spec, rule)) = found else {
            return Experiment {
                name: experiment.into(),
                value: SharedParameters(None),
                rule_id: self.text(Symbol::DEFAULT).clone(),
                id_type: SharedStr::default(),
                group_name: None,
                is_experiment_active: false,
                is_user_in_experiment: false,
                details: details_of_name(self.published, false),
                served: Served::default(),
            };
        };
        Experiment {
            name: self.text(entry.name).clone(),
            value: SharedParameters(rule.return_value.parameters().cloned()),
            rule_id: self.text(rule.id).clone(),
            id_type: rule.unit.exact.clone(),
            group_name: rule.group_name.map(|name| self.text(name).clone()),
            is_experiment_active: spec.is_active.unwrap_or(false),
            is_user_in_experiment: false,
            details: details_of_name(self.published, true),
            served: Served::default(),
        }
    }

    pub(super) fn ranked_groups(self, user: &StatsigUser, cmab: &str) -> Vec<CMABRankedGroup> {
        let specs = &self.published.specs;
        let bandit = specs.find(cmab);
        let name = bandit
            .and_then(|bandit| specs.entry(bandit))
            .map_or_else(|| cmab.into(), |entry| specs.text(entry.name).clone());
        self.inner().count_check(text_hash(&name), || name.clone());
        let Some(bandit) = bandit else {
            return Vec::new();
        };
        let ranked = Evaluator::new(self.scope(), user).ranked_groups(bandit);
        ranked
            .into_iter()
            .map(|ranked| CMABRankedGroup {
                variant_name: specs.text(ranked.group.name).clone(),
                rule_id: specs.text(ranked.rule_id).clone(),
                value: shared_parameters(&ranked.group.value),
                score: ranked.score,
                cmab_name: name.clone(),
            })
            .collect()
    }
}

fn shared_parameters(value: &ReturnValue) -> Arc<Parameters> {
    value.parameters().cloned().unwrap_or_default()
}
