//! Explains evaluations.

use super::Statsig;
use crate::evaluation::explain::explain;
use crate::results::explanation::Explanation;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

impl Statsig {
    /// Explains the result of a gate, config, experiment, layer or parameter store for a user:
    /// every rule and condition that was tried, the value that it read, and its result.
    ///
    /// Print it to find the cause of a surprising result. It evaluates like every check, with the
    /// same specs, overrides and time, and has the same result. Only contextual bandits that choose
    /// groups at random may choose another. It ignores stored assignments, which belong to single
    /// calls. It logs no exposure, and takes far longer than a check.
    ///
    /// It does not contain the user's private attributes. It contains other fields that a condition
    /// reads.
    ///
    /// ```
    /// use statsig::{EntityKind, StatsigUser};
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let user = StatsigUser::with_user_id("a-user");
    /// let explanation = statsig.explain(&user, EntityKind::Gate, "a_gate");
    /// println!("{explanation}");
    /// assert_eq!(explanation.result.value, statsig.check_gate(&user, "a_gate"));
    /// ```
    #[must_use]
    pub fn explain(&self, user: &StatsigUser, kind: EntityKind, name: &str) -> Explanation {
        explain(self.view(&self.specs()).context(), user, kind, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_records_nothing() {
        let client = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
        let user = StatsigUser::with_user_id("a-user");
        for (kind, name) in [
            (EntityKind::Gate, "a_gate"),
            (EntityKind::Experiment, "an_experiment"),
            (EntityKind::Layer, "a_layer"),
            (EntityKind::ParameterStore, "a_store"),
            (EntityKind::ParameterStore, "unknown"),
        ] {
            let _ = client.explain(&user, kind, name);
        }
        assert_eq!(client.event_stats().enqueued, 0);
    }
}
