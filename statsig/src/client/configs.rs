//! Dynamic configs and experiments.

use super::evaluated_call::{EvaluatedCall, ExposureKey, Logging};
use super::view::View;
use super::{DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, Statsig};
use crate::evaluation::{Kind, Outcome};
use crate::events::event::ExposureSubject;
use crate::results::{DynamicConfig, Experiment};
use crate::text::SharedStr;
use crate::user::StatsigUser;

impl Statsig {
    /// A dynamic config's values for a user. Logs a config exposure, whether or not a value is read.
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
    #[must_use]
    pub fn get_dynamic_config_with_options(
        &self,
        user: &StatsigUser,
        config: &str,
        options: DynamicConfigEvaluationOptions,
    ) -> DynamicConfig {
        self.view(&self.current())
            .dynamic_config(user, config, options)
    }

    /// An experiment's parameters for a user. Logs a config exposure, whether or not a parameter is read.
    ///
    /// For an experiment inside of a layer use [`get_layer`](Self::get_layer), which respects the layer's decisions.
    #[must_use]
    pub fn get_experiment(&self, user: &StatsigUser, experiment: &str) -> Experiment {
        self.get_experiment_with_options(user, experiment, ExperimentEvaluationOptions::default())
    }

    /// Like [`get_experiment`](Self::get_experiment), with options.
    #[must_use]
    pub fn get_experiment_with_options(
        &self,
        user: &StatsigUser,
        experiment: &str,
        options: ExperimentEvaluationOptions,
    ) -> Experiment {
        self.view(&self.current())
            .experiment(user, experiment, &options)
    }

    /// Logs the exposure of a dynamic config that was fetched with exposure logging disabled, as it evaluates now.
    pub fn manually_log_dynamic_config_exposure(&self, user: &StatsigUser, config: &str) {
        self.view(&self.current())
            .expose_dynamic_config(user, config);
    }

    /// Logs the exposure of an experiment that was fetched with exposure logging disabled, as it evaluates now.
    pub fn manually_log_experiment_exposure(&self, user: &StatsigUser, experiment: &str) {
        self.view(&self.current())
            .expose_experiment(user, experiment);
    }

    /// Logs that a user met one group of a contextual bandit, whichever group would be served.
    ///
    /// One such exposure suppresses another for as long as the same group would be served, and so does
    /// [`get_experiment`](Self::get_experiment).
    pub fn log_cmab_exposure_for_group(
        &self,
        user: &StatsigUser,
        cmab: &str,
        group_id: impl Into<SharedStr>,
    ) {
        self.view(&self.current())
            .expose_cmab_group(user, cmab, &group_id.into());
    }

    pub(super) fn expose_dynamic_config(&self, call: &EvaluatedCall<'_>, logging: Logging) {
        let failed = call.evaluation.outcome == Outcome::TooDeep;
        let rule_passed = (!failed).then_some(call.evaluation.value);
        self.inner.expose(
            call,
            ExposureSubject::DynamicConfig { rule_passed },
            logging,
        );
    }
}

impl View<'_> {
    pub(super) fn expose_dynamic_config(self, user: &StatsigUser, config: &str) {
        self.evaluate(Kind::DynamicConfig, config, user, |call| {
            self.statsig.expose_dynamic_config(&call, Logging::Manual);
        });
    }

    pub(super) fn expose_experiment(self, user: &StatsigUser, experiment: &str) {
        self.evaluate(Kind::Experiment, experiment, user, |call| {
            self.inner()
                .expose(&call, ExposureSubject::Experiment, Logging::Manual);
        });
    }

    pub(super) fn expose_cmab_group(self, user: &StatsigUser, cmab: &str, group_id: &SharedStr) {
        let inner = self.inner();
        if inner.shared.options.disable_all_logging {
            return;
        }
        self.evaluate(Kind::Experiment, cmab, user, |call| {
            inner.expose_looked_up_only(&call, Logging::Automatic);
            let evaluation = call.evaluation;
            let in_group = u64::from(evaluation.is_experiment_group);
            let key = ExposureKey::new(&call, evaluation.rule_symbol(), in_group, true);
            inner.log_once(
                key,
                &call,
                || ExposureSubject::Experiment,
                group_id,
                Some(&evaluation.nested_gates),
                true,
            );
        });
    }

    pub(super) fn dynamic_config(
        self,
        user: &StatsigUser,
        config: &str,
        options: DynamicConfigEvaluationOptions,
    ) -> DynamicConfig {
        let logging = Logging::unless(options.disable_exposure_logging);
        self.evaluate(Kind::DynamicConfig, config, user, |call| {
            self.statsig.expose_dynamic_config(&call, logging);
            self.announce(Kind::DynamicConfig, &call);
            call.dynamic_config(self.served(Kind::DynamicConfig, &call, logging))
        })
    }

    pub(super) fn experiment(
        self,
        user: &StatsigUser,
        experiment: &str,
        options: &ExperimentEvaluationOptions,
    ) -> Experiment {
        let logging = Logging::unless(options.disable_exposure_logging);
        self.evaluate(Kind::Experiment, experiment, user, |call| {
            if let Some(sticky) = self.sticky_experiment(&call, options) {
                self.announce_stored_experiment(&call, &sticky);
                return sticky;
            }
            self.inner()
                .expose(&call, ExposureSubject::Experiment, logging);
            self.announce(Kind::Experiment, &call);
            call.experiment(self.served(Kind::Experiment, &call, logging))
        })
    }
}
