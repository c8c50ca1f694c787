//! The entities that supply values.

use std::fmt;

use crate::entity_kind::EntityKind;

/// An entity that supplies values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ParamSource {
    /// The kind of entity.
    pub kind: EntityKind,
    /// Its name in Statsig.
    pub name: &'static str,
}

impl ParamSource {
    /// The entity of this kind and name.
    #[must_use]
    pub const fn new(kind: EntityKind, name: &'static str) -> Self {
        Self { kind, name }
    }

    /// A layer.
    #[must_use]
    pub const fn layer(name: &'static str) -> Self {
        Self::new(EntityKind::Layer, name)
    }

    /// A parameter store.
    #[must_use]
    pub const fn parameter_store(name: &'static str) -> Self {
        Self::new(EntityKind::ParameterStore, name)
    }

    /// An experiment.
    #[must_use]
    pub const fn experiment(name: &'static str) -> Self {
        Self::new(EntityKind::Experiment, name)
    }

    /// A dynamic config.
    #[must_use]
    pub const fn dynamic_config(name: &'static str) -> Self {
        Self::new(EntityKind::DynamicConfig, name)
    }

    /// A gate.
    #[must_use]
    pub const fn gate(name: &'static str) -> Self {
        Self::new(EntityKind::Gate, name)
    }

    /// Whether one exposure covers all the parameters.
    pub(crate) const fn is_exposed_as_a_whole(self) -> bool {
        !matches!(self.kind, EntityKind::Layer | EntityKind::ParameterStore)
    }
}

/// The form in messages: `layer "promos"`.
impl fmt::Display for ParamSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind, self.name)
    }
}
