//! The groups of experiments and of contextual bandits.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::text::SharedStr;

/// All groups of an experiment, independent of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
#[non_exhaustive]
pub struct ExperimentGroupsResult {
    /// Whether the experiment is running. `None` if no experiment has this name.
    pub is_experiment_active: Option<bool>,
    /// The groups in the order of their rules.
    pub groups: Vec<ExperimentGroup>,
}

/// One group of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExperimentGroup {
    /// The group's name. Empty if the rule has no group name.
    pub group_name: SharedStr,
    /// The rule that puts users into the group.
    pub rule_id: SharedStr,
    /// The type of ID that the rule buckets by.
    pub id_type: SharedStr,
    /// The group's parameters, shared with the specs.
    pub return_value: Arc<Map<String, Value>>,
}

/// A group of a contextual bandit ("autotune AI"), with its score for one user.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CmabRankedGroup {
    /// The group's name.
    pub variant_name: SharedStr,
    /// The group's ID. It has the suffix `:explore` if the bandit drew a random order to explore.
    pub rule_id: SharedStr,
    /// The group's parameters, shared with the specs.
    pub value: Arc<Map<String, Value>>,
    /// The expected outcome. In a random order, all groups have the same small number.
    pub score: f64,
    /// The name of the bandit.
    pub cmab_name: SharedStr,
}
