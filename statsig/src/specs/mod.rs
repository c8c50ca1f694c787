//! Specs: from bytes to the compiled, immutable form that evaluation reads.

pub(crate) mod snapshot;
