//! The state of the specs in use.

use super::SpecsSource;
use crate::text::SharedStr;

/// The specs in use: their source and their age.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecsStatus {
    /// The source of the specs.
    pub source: SpecsSource,
    /// The public part of the source's address, such as `https://api.statsigcdn.com/v2`.
    pub source_api: Option<SharedStr>,
    /// The time of the last change to the project, in epoch milliseconds, according to the specs. 0
    /// without specs.
    pub lcut: u64,
    /// The time when this client applied the specs, in epoch milliseconds.
    pub received_at: Option<u64>,
}

impl SpecsStatus {
    /// Whether the client has specs to evaluate with.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.lcut != 0
    }
}
