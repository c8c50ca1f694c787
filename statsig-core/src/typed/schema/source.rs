//! The entities that supply values.

use crate::entity_kind::EntityKind;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of entity that a parameter struct reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceKind {
    /// A layer. Each parameter has its own exposure.
    Layer,
    /// A parameter store. Each parameter exposes the entity that it refers to.
    ParameterStore,
    /// An experiment, with one exposure for all parameters.
    Experiment,
    /// A dynamic config, with one exposure for all parameters.
    DynamicConfig,
    /// A gate. Its only value is whether it passes.
    FeatureGate,
}

impl SourceKind {
    /// The kind of entity.
    #[doc(hidden)]
    #[must_use]
    pub const fn entity_kind(self) -> EntityKind {
        match self {
            Self::Layer => EntityKind::Layer,
            Self::ParameterStore => EntityKind::ParameterStore,
            Self::Experiment => EntityKind::Experiment,
            Self::DynamicConfig => EntityKind::DynamicConfig,
            Self::FeatureGate => EntityKind::Gate,
        }
    }

    /// Whether one exposure covers all the parameters.
    pub(crate) const fn is_exposed_as_a_whole(self) -> bool {
        !matches!(self, Self::Layer | Self::ParameterStore)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Layer => "layer",
            Self::ParameterStore => "parameter store",
            Self::Experiment => "experiment",
            Self::DynamicConfig => "config",
            Self::FeatureGate => "gate",
        })
    }
}

/// An entity that supplies values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ParamSource {
    /// The kind of entity.
    pub kind: SourceKind,
    /// Its name in Statsig.
    pub name: &'static str,
}

impl ParamSource {
    /// The entity of this kind and name.
    #[must_use]
    pub const fn new(kind: SourceKind, name: &'static str) -> Self {
        Self { kind, name }
    }

    /// A layer.
    #[must_use]
    pub const fn layer(name: &'static str) -> Self {
        Self::new(SourceKind::Layer, name)
    }

    /// A parameter store.
    #[must_use]
    pub const fn parameter_store(name: &'static str) -> Self {
        Self::new(SourceKind::ParameterStore, name)
    }

    /// An experiment.
    #[must_use]
    pub const fn experiment(name: &'static str) -> Self {
        Self::new(SourceKind::Experiment, name)
    }

    /// A dynamic config.
    #[must_use]
    pub const fn dynamic_config(name: &'static str) -> Self {
        Self::new(SourceKind::DynamicConfig, name)
    }

    /// A gate.
    #[must_use]
    pub const fn gate(name: &'static str) -> Self {
        Self::new(SourceKind::FeatureGate, name)
    }
}

/// The form in messages: `layer "promos"`.
impl fmt::Display for ParamSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind, self.name)
    }
}
