//! What evaluations return.

mod details;
mod entities;
pub(crate) mod explanation;
pub(crate) mod getters;
mod groups;
mod initialize;
mod served;
mod status;

pub use details::{EvaluationDetails, IdListSource, Reason, SpecsSource};
pub(crate) use entities::SharedParameters;
pub use entities::{DynamicConfig, Experiment, FeatureGate};
pub use groups::{CMABRankedGroup, ExperimentGroup, ExperimentGroupsResult};
pub use initialize::InitializeDetails;
pub(crate) use served::{Origin, Served};
pub use status::SpecsStatus;
