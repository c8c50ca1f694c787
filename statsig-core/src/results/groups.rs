//! The groups of experiments and of contextual bandits.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::text::SharedStr;

/// All groups of an experiment, whoever is in them.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
#[non_exhaustive]
pub struct ExperimentGroupsResult {
    /// Whether the experiment is running; `None` when there is no experiment of this name.
    pub is_experiment_active: Option<bool>,
    /// The groups in the order of their rules.
    pub groups: Vec<ExperimentGroup>,
}

/// One group of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExperimentGroup {
    /// Its name; empty if the rule names none.
    pub group_name: SharedStr,
    /// The rule that puts users into it.
    pub rule_id: SharedStr,
    /// The type of ID that the rule counts with.
    pub id_type: SharedStr,
    /// Its parameters, shared with the specs.
    pub return_value: Arc<Map<String, Value>>,
}

/// A group of a contextual bandit ("autotune AI"), with its score for one user.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CmabRankedGroup {
    /// The group's name.
    pub variant_name: SharedStr,
    /// The group's id, with the suffix `:explore` when the order was drawn to learn more.
    pub rule_id: SharedStr,
    /// Its parameters, shared with the specs.
    pub value: Arc<Map<String, Value>>,
    /// What is expected of it. The same small number for all groups whose order was drawn.
    pub score: f64,
    /// The bandit.
    pub cmab_name: SharedStr,
}
