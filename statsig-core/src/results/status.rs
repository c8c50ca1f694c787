//! What there is to know about the specs in use.

use super::SpecsSource;
use crate::text::SharedStr;

/// The specs in use: where they came from, and how old they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecsStatus {
    /// Where they came from.
    pub source: SpecsSource,
    /// The part of the source's address that may be shown, such as `https://api.statsigcdn.com/v2`.
    pub source_api: Option<SharedStr>,
    /// When the project was last changed, in epoch milliseconds, by what the specs say; 0 when there are none.
    pub lcut: u64,
    /// When these specs were put to use, in epoch milliseconds.
    pub received_at: Option<u64>,
}

impl SpecsStatus {
    /// Whether there are specs to evaluate with.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.lcut != 0
    }
}
