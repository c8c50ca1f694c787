//! What evaluations return.

mod details;
mod entities;
pub(crate) mod explanation;
pub(crate) mod getters;

pub use details::{EvaluationDetails, IdListSource, Reason, SpecsSource};
pub(crate) use entities::SharedParameters;
pub use entities::{DynamicConfig, Experiment, FeatureGate};
