//! Statsig.
