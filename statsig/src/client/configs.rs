//! Dynamic configs and experiments.

use super::exposure::Logging;
use super::sticky::{StickyAssignment, StickyOptions};
use super::{DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, Statsig};
use crate::results::{DynamicConfig, Experiment, Served, SharedParameters};
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

impl Statsig {
    /// A dynamic config's values for a user. Logs a config exposure, whether or not a value is
    /// read.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let config = statsig.get_dynamic_config(&StatsigUser::with_user_id("a-user"), "a_config");
    /// let limit = config.get_i64("limit", 10);
    /// # assert_eq!(limit, 25);
    /// ```
    #[must_use]
    pub fn get_dynamic_config(&self, user: &StatsigUser, config: &str) -> DynamicConfig {
        self.get_dynamic_config_with_options(
            user,
            config,
            DynamicConfigEvaluationOptions::default(),
        )
    }

    /// Like [`get_dynamic_config`](Self::get_dynamic_config), with options.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::DynamicConfigEvaluationOptions;
    ///
    /// let options = DynamicConfigEvaluationOptions::new().disable_exposure_logging(true);
    /// let config = statsig.get_dynamic_config_with_options(&user, "a_config", options);
    /// # assert_eq!(statsig.event_stats().pending, 0);
    /// ```
    #[must_use]
    pub fn get_dynamic_config_with_options(
        &self,
        user: &StatsigUser,
        config: &str,
        options: DynamicConfigEvaluationOptions,
    ) -> DynamicConfig {
        let logging = Logging::unless(options.disable_exposure_logging);
        let mut read = self.read();
        let call = read.evaluate(EntityKind::DynamicConfig, config, user);
        call.expose(logging);
        call.report();
        call.dynamic_config(call.served(logging))
    }

    /// An experiment's parameters for a user. Logs a config exposure, whether or not a parameter is
    /// read.
    ///
    /// For an experiment inside a layer use [`get_layer`](Self::get_layer), which respects the
    /// layer's decisions.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let experiment = statsig.get_experiment(&user, "an_experiment");
    /// let color = experiment.get_string("color", "blue");
    /// assert_eq!(color, "grey");
    /// ```
    #[must_use]
    pub fn get_experiment(&self, user: &StatsigUser, experiment: &str) -> Experiment {
        self.get_experiment_with_options(user, experiment, ExperimentEvaluationOptions::default())
    }

    /// Like [`get_experiment`](Self::get_experiment), with options.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::ExperimentEvaluationOptions;
    ///
    /// let options = ExperimentEvaluationOptions::new().disable_exposure_logging(true);
    /// let experiment = statsig.get_experiment_with_options(&user, "an_experiment", options);
    /// # assert_eq!(statsig.event_stats().pending, 0);
    /// ```
    #[must_use]
    pub fn get_experiment_with_options(
        &self,
        user: &StatsigUser,
        experiment: &str,
        options: ExperimentEvaluationOptions,
    ) -> Experiment {
        let logging = Logging::unless(options.disable_exposure_logging);
        let mut read = self.read();
        let call = read.evaluate(EntityKind::Experiment, experiment, user);
        if let Some(assignment) = call.assignment(StickyOptions::from(&options)) {
            call.expose_looked_up(logging);
            assignment.expose(logging);
            call.report_stored(&assignment);
            return assignment.experiment(assignment.served(logging));
        }
        call.expose(logging);
        call.report();
        call.experiment(call.served(logging))
    }

    /// Logs the exposure of a dynamic config that was fetched with exposure logging disabled. Uses
    /// the current evaluation.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.manually_log_dynamic_config_exposure(&user, "a_config");
    /// assert_eq!(statsig.event_stats().pending, 1);
    /// ```
    pub fn manually_log_dynamic_config_exposure(&self, user: &StatsigUser, config: &str) {
        let mut read = self.read();
        read.evaluate(EntityKind::DynamicConfig, config, user)
            .expose(Logging::Manual);
    }

    /// Logs the exposure of an experiment that was fetched with exposure logging disabled. Uses the
    /// current evaluation.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.manually_log_experiment_exposure(&user, "an_experiment");
    /// assert_eq!(statsig.event_stats().pending, 1);
    /// ```
    pub fn manually_log_experiment_exposure(&self, user: &StatsigUser, experiment: &str) {
        let mut read = self.read();
        read.evaluate(EntityKind::Experiment, experiment, user)
            .expose(Logging::Manual);
    }

    /// Logs that a user met this group of a contextual bandit, regardless of the group that an
    /// evaluation would serve.
    ///
    /// While an evaluation would serve the same group, one such exposure suppresses another, and so
    /// does [`get_experiment`](Self::get_experiment). For an example see
    /// [`get_cmab_ranked_groups`](Self::get_cmab_ranked_groups).
    pub fn log_cmab_exposure_for_group(
        &self,
        user: &StatsigUser,
        cmab: &str,
        group_id: impl Into<SharedStr>,
    ) {
        if self.inner.shared.options.disable_all_logging {
            return;
        }
        let mut read = self.read();
        read.evaluate(EntityKind::Experiment, cmab, user)
            .expose_group(&group_id.into());
    }
}

impl StickyAssignment {
    pub(super) fn experiment(&self, served: Served) -> Experiment {
        let (rule_id, details) = self.shown();
        Experiment {
            name: self.name.clone(),
            rule_id,
            value: SharedParameters(self.shown_parameters()),
            id_type: self.id_type.clone(),
            group_name: self.stored.group_name.clone(),
            is_experiment_active: true,
            is_user_in_experiment: true,
            details,
            served,
        }
    }
}
