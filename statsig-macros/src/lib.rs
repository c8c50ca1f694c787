//! Derive macros of the `statsig` crate.
