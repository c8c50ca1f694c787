//! A local Statsig.
