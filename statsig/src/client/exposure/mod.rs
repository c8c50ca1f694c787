//! From a decision to a queued exposure: the one path for gates, configs, experiments, layers,
//! parameter stores, stored assignments and typed structs.

mod draft;
mod evaluated;
mod submit;

pub(super) use draft::{Draft, Exposable, ExposureKey, NestedGates, Subject};

/// The cause of an exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logging {
    /// A read of a value.
    Automatic,
    /// An explicit call.
    Manual,
    /// Suppressed: only counted.
    Disabled,
}

impl Logging {
    pub(super) fn unless(disabled: bool) -> Self {
        if disabled {
            Self::Disabled
        } else {
            Self::Automatic
        }
    }
}
