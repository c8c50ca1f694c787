//! The results of evaluations.

mod details;
mod entities;
pub mod explanation;
pub mod getters;
mod groups;
mod served;
mod status;

pub use details::{EvaluationDetails, IdListSource, Reason, SpecsSource};
pub use entities::SharedParameters;
pub use entities::{DynamicConfig, Experiment, FeatureGate};
pub use groups::{CmabRankedGroup, ExperimentGroup, ExperimentGroupsResult};
pub use served::{Origin, Served};
pub use status::SpecsStatus;
