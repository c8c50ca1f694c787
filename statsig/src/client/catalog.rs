//! The contents of the specs, without exposures: names, fields and groups.

use super::Statsig;
use crate::evaluation::Evaluator;
use crate::hash::text_hash;
use crate::results::{CmabRankedGroup, Experiment, ExperimentGroupsResult};
use crate::specs::compiled::Entity;
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// The names in the current specs, sorted, regardless of users and targeting. Logs nothing.
///
/// ```
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// assert_eq!(statsig.get_feature_gate_list(), ["a_gate"]);
/// assert_eq!(statsig.get_layer_list(), ["a_layer"]);
/// ```
impl Statsig {
    /// All gates, without segments and holdouts.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert_eq!(statsig.get_feature_gate_list(), ["a_gate"]);
    /// ```
    #[must_use]
    pub fn get_feature_gate_list(&self) -> Vec<SharedStr> {
        self.specs()
            .names(EntityKind::Gate, Some(Entity::FeatureGate))
    }

    /// All dynamic configs.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert_eq!(statsig.get_dynamic_config_list(), ["a_config"]);
    /// ```
    #[must_use]
    pub fn get_dynamic_config_list(&self) -> Vec<SharedStr> {
        self.specs()
            .names(EntityKind::DynamicConfig, Some(Entity::DynamicConfig))
    }

    /// All experiments, including those that do not run.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert_eq!(statsig.get_experiment_list(), ["an_experiment"]);
    /// ```
    #[must_use]
    pub fn get_experiment_list(&self) -> Vec<SharedStr> {
        self.specs()
            .names(EntityKind::Experiment, Some(Entity::Experiment))
    }

    /// All autotunes. No list contains contextual bandits.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert!(statsig.get_autotune_list().is_empty());
    /// ```
    #[must_use]
    pub fn get_autotune_list(&self) -> Vec<SharedStr> {
        self.specs()
            .names(EntityKind::Experiment, Some(Entity::Autotune))
    }

    /// All layers.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert_eq!(statsig.get_layer_list(), ["a_layer"]);
    /// ```
    #[must_use]
    pub fn get_layer_list(&self) -> Vec<SharedStr> {
        self.specs().names(EntityKind::Layer, None)
    }

    /// All parameter stores.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert_eq!(statsig.get_parameter_store_list(), ["a_store"]);
    /// ```
    #[must_use]
    pub fn get_parameter_store_list(&self) -> Vec<SharedStr> {
        self.specs().names(EntityKind::ParameterStore, None)
    }
}

/// The fields of a user that an entity targets on, as the service lists them. Empty for an unknown
/// name. Logs nothing.
///
/// Names of fields are those of the service. Custom fields have the prefix `cf:`.
impl Statsig {
    /// The fields that a gate targets on.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let fields = statsig.get_fields_needed_for_gate("a_gate");
    /// # assert!(fields.is_empty());
    /// ```
    #[must_use]
    pub fn get_fields_needed_for_gate(&self, gate: &str) -> Vec<SharedStr> {
        self.specs().fields_needed(EntityKind::Gate, gate)
    }

    /// The fields that a dynamic config targets on.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let fields = statsig.get_fields_needed_for_dynamic_config("a_config");
    /// # assert!(fields.is_empty());
    /// ```
    #[must_use]
    pub fn get_fields_needed_for_dynamic_config(&self, config: &str) -> Vec<SharedStr> {
        self.specs()
            .fields_needed(EntityKind::DynamicConfig, config)
    }

    /// The fields that an experiment targets on.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let fields = statsig.get_fields_needed_for_experiment("an_experiment");
    /// # assert!(fields.is_empty());
    /// ```
    #[must_use]
    pub fn get_fields_needed_for_experiment(&self, experiment: &str) -> Vec<SharedStr> {
        self.specs()
            .fields_needed(EntityKind::Experiment, experiment)
    }

    /// The fields that a layer targets on.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let fields = statsig.get_fields_needed_for_layer("a_layer");
    /// # assert!(fields.is_empty());
    /// ```
    #[must_use]
    pub fn get_fields_needed_for_layer(&self, layer: &str) -> Vec<SharedStr> {
        self.specs().fields_needed(EntityKind::Layer, layer)
    }
}

/// The groups of experiments, without an exposure.
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
        self.specs().experiment_groups(experiment)
    }

    /// An experiment as a user in this group gets it. If there is no such group, it has no
    /// parameters, and the rule `default`.
    ///
    /// It evaluates no user, so [`is_user_in_experiment`](Experiment::is_user_in_experiment) is
    /// false.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let control = statsig.get_experiment_by_group_name("an_experiment", "Control");
    /// assert_eq!(control.get_string("color", "blue"), "grey");
    /// ```
    #[must_use]
    pub fn get_experiment_by_group_name(&self, experiment: &str, group: &str) -> Experiment {
        self.specs().experiment_by_group_name(experiment, group)
    }

    /// Like [`get_experiment_by_group_name`](Self::get_experiment_by_group_name), by the ID of the
    /// group's rule.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let control = statsig.get_experiment_by_group_id_advanced("an_experiment", "control");
    /// assert_eq!(control.get_string("color", "blue"), "grey");
    /// ```
    #[must_use]
    pub fn get_experiment_by_group_id_advanced(
        &self,
        experiment: &str,
        rule_id: &str,
    ) -> Experiment {
        self.specs().experiment_by_group_id(experiment, rule_id)
    }

    /// The groups of a contextual bandit for a user, ordered by expected result, the best first.
    ///
    /// Empty for an unknown bandit, a bandit that does not run, and a user outside its targeting.
    /// While the bandit has no data yet, or explores with this user, each call returns a random
    /// order. Logs no exposure; it counts as a check without one. See
    /// [`log_cmab_exposure_for_group`](Self::log_cmab_exposure_for_group).
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
    pub fn get_cmab_ranked_groups(&self, user: &StatsigUser, cmab: &str) -> Vec<CmabRankedGroup> {
        self.inner.count_check(text_hash(cmab), || cmab.into());
        Evaluator::new(self.view(&self.specs()).context(), user).ranked_groups(cmab)
    }
}
