//! The kinds of entities that applications ask for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of entity that an application asks for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A gate, segment or holdout.
    // Older schema documents have this name.
    #[serde(alias = "feature_gate")]
    Gate,
    /// A dynamic config.
    DynamicConfig,
    /// An experiment or autotune.
    Experiment,
    /// A layer.
    Layer,
    /// A parameter store.
    ParameterStore,
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gate => "gate",
            Self::DynamicConfig => "dynamic config",
            Self::Experiment => "experiment",
            Self::Layer => "layer",
            Self::ParameterStore => "parameter store",
        })
    }
}
