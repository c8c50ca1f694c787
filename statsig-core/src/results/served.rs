//! The link from a result to the call that made it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::details::EvaluationDetails;

/// The origin of a result.
pub trait Origin: fmt::Debug + Send + Sync {
    /// Logs the exposure of the served value, unless the fetch already logged it.
    fn log_exposure(&self);

    /// Warns once about a parameter that was read with the wrong type.
    fn warn_of_misread(
        &self,
        entity: &str,
        details: &EvaluationDetails,
        parameter: &str,
        expected: &str,
        found: &Value,
    );
}

/// The origin of a result. It is `None` for a result without an evaluation. Comparisons of results
/// ignore it.
#[derive(Clone, Default)]
pub struct Served(pub Option<Arc<dyn Origin>>);

impl Served {
    pub(super) fn log_exposure(&self) {
        if let Some(origin) = &self.0 {
            origin.log_exposure();
        }
    }
}

impl PartialEq for Served {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}
