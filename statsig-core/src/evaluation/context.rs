//! The inputs of an evaluation besides the user.

use serde_json::Value;

use crate::overrides::OverrideAdapter;
use crate::request_overrides::RequestOverrides;
use crate::specs::snapshot::Snapshot;

/// The inputs of an evaluation besides the user.
#[derive(Debug, Clone, Copy)]
pub struct EvaluationContext<'a> {
    pub(crate) snapshot: &'a Snapshot,
    /// `target_app` conditions compare with this app ID.
    pub app_id: Option<&'a Value>,
    /// Epoch milliseconds. May be 0 if the result does not depend on the time.
    pub now_ms: u64,
    /// The seed for a bandit's random choices.
    pub seed: u64,
    /// The overrides. They win over the specs.
    pub overrides: Option<&'a dyn OverrideAdapter>,
    /// The overrides of the request. They win over everything else, but only for the evaluated
    /// entity, not for the entities that it refers to.
    pub forced: Option<&'a RequestOverrides>,
}

impl<'a> EvaluationContext<'a> {
    /// A context without overrides, except for those of the snapshot's request. `now_ms` is in
    /// epoch milliseconds.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot, now_ms: u64, seed: u64) -> Self {
        Self {
            snapshot,
            app_id: snapshot.specs.app_id.as_ref(),
            now_ms,
            seed,
            overrides: None,
            forced: snapshot.request_overrides.as_deref(),
        }
    }

    /// The same context, with overrides.
    #[must_use]
    pub fn with_overrides(self, overrides: Option<&'a dyn OverrideAdapter>) -> Self {
        Self { overrides, ..self }
    }
}
