//! What an evaluation reads besides the user.

use serde_json::Value;

use crate::overrides::OverrideAdapter;
use crate::specs::snapshot::Snapshot;

/// What an evaluation reads besides the user.
#[derive(Debug, Clone, Copy)]
pub struct EvaluationContext<'a> {
    pub(crate) snapshot: &'a Snapshot,
    /// Compared by `target_app` conditions.
    pub app_id: Option<&'a Value>,
    /// Epoch milliseconds. May be 0 for what does not depend on time.
    pub now_ms: u64,
    /// Where a bandit's draws start.
    pub seed: u64,
    /// What goes before the specs.
    pub overrides: Option<&'a dyn OverrideAdapter>,
}

impl<'a> EvaluationContext<'a> {
    /// The usual context: no overrides. `now_ms` are epoch milliseconds.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot, now_ms: u64, seed: u64) -> Self {
        Self {
            snapshot,
            app_id: snapshot.specs.app_id.as_ref(),
            now_ms,
            seed,
            overrides: None,
        }
    }

    /// The same with overrides.
    #[must_use]
    pub fn with_overrides(self, overrides: Option<&'a dyn OverrideAdapter>) -> Self {
        Self { overrides, ..self }
    }
}
