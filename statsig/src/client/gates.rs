//! Gates.

use super::exposure::Logging;
use super::{FeatureGateEvaluationOptions, Statsig};
use crate::results::FeatureGate;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

impl Statsig {
    /// Whether a gate passes for a user. Logs a gate exposure.
    ///
    /// An unknown gate, a client without specs and any unexpected input read as `false`. It does
    /// not block, and it does not allocate when the exposure is a repeat.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// if statsig.check_gate(&user, "a_gate") {
    ///     println!("the new way");
    /// }
    /// # assert!(statsig.check_gate(&user, "a_gate"));
    /// ```
    #[must_use]
    pub fn check_gate(&self, user: &StatsigUser, gate: &str) -> bool {
        self.check_gate_with_options(user, gate, FeatureGateEvaluationOptions::default())
    }

    /// Like [`check_gate`](Self::check_gate), with options.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::FeatureGateEvaluationOptions;
    ///
    /// let options = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    /// assert!(statsig.check_gate_with_options(&user, "a_gate", options));
    /// assert_eq!(statsig.event_stats().pending, 0);
    /// ```
    #[must_use]
    pub fn check_gate_with_options(
        &self,
        user: &StatsigUser,
        gate: &str,
        options: FeatureGateEvaluationOptions,
    ) -> bool {
        let mut read = self.read();
        let call = read.evaluate(EntityKind::Gate, gate, user);
        call.expose(Logging::unless(options.disable_exposure_logging));
        call.report();
        call.evaluation.value
    }

    /// A gate with its rule, ID type and details. Logs a gate exposure, like
    /// [`check_gate`](Self::check_gate).
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let gate = statsig.get_feature_gate(&user, "a_gate");
    /// assert!(gate.value);
    /// assert_eq!(gate.rule_id, "all");
    /// ```
    #[must_use]
    pub fn get_feature_gate(&self, user: &StatsigUser, gate: &str) -> FeatureGate {
        self.get_feature_gate_with_options(user, gate, FeatureGateEvaluationOptions::default())
    }

    /// Like [`get_feature_gate`](Self::get_feature_gate), with options.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::FeatureGateEvaluationOptions;
    ///
    /// let options = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    /// let gate = statsig.get_feature_gate_with_options(&user, "a_gate", options);
    /// println!("{}: {}", gate.name, gate.details.reason);
    /// ```
    #[must_use]
    pub fn get_feature_gate_with_options(
        &self,
        user: &StatsigUser,
        gate: &str,
        options: FeatureGateEvaluationOptions,
    ) -> FeatureGate {
        let logging = Logging::unless(options.disable_exposure_logging);
        let mut read = self.read();
        let call = read.evaluate(EntityKind::Gate, gate, user);
        call.expose(logging);
        call.report();
        call.feature_gate(call.served(logging))
    }

    /// Logs the exposure of a gate that was checked with exposure logging disabled. Uses the
    /// current evaluation.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.manually_log_gate_exposure(&user, "a_gate");
    /// assert_eq!(statsig.event_stats().pending, 1);
    /// ```
    pub fn manually_log_gate_exposure(&self, user: &StatsigUser, gate: &str) {
        let mut read = self.read();
        read.evaluate(EntityKind::Gate, gate, user)
            .expose(Logging::Manual);
    }
}
