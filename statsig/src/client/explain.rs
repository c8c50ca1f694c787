//! Why the answer is what it is.

use super::Statsig;
use crate::evaluation::explain::explain;
use crate::results::explanation::Explanation;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

impl Statsig {
    /// Why a gate, config, experiment, layer or parameter store is what it is for a user: every rule and condition that was
    /// tried, what it found, and what came of it.
    ///
    /// For people who look into a surprising answer: print it. It evaluates as every check does, with the same specs,
    /// overrides and time, and ends in the same result; only contextual bandits that draw groups by chance may draw
    /// another. Stored assignments are given with a call and play no part here. It logs no exposure, and takes far longer than
    /// a check.
    ///
    /// The user's private attributes do not appear in it; other fields that a condition looks at do.
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
