//! What a result remembers of the call that made it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::details::EvaluationDetails;

/// Where a result came from.
pub trait Origin: fmt::Debug + Send + Sync {
    /// Logs the exposure of what was served, unless it was logged when it was fetched.
    fn log_exposure(&self);

    /// Warns, once, of a parameter that was read as what it is not.
    fn warn_of_misread(
        &self,
        entity: &str,
        details: &EvaluationDetails,
        parameter: &str,
        expected: &str,
        found: &Value,
    );
}

/// The origin of a result; `None` for one that no evaluation made. It is no part of what results are compared by.
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
