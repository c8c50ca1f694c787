//! Overrides of one request: forced values that no other request reads.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::entity_kind::EntityKind;
use crate::value::depth::{bounded, bounded_shared};

/// Forced parameters by the name of their entity.
type ByEntity = BTreeMap<String, Arc<Map<String, Value>>>;

/// Forced values for one request: of gates, and of parameters of dynamic configs, experiments,
/// layers and parameter stores. Pass them to `PinnedStatsig::with_overrides`.
///
/// A name need not be in the specs. The last value for a parameter counts. Parameters that are
/// not forced keep their values. As JSON, overrides are an object with the optional fields `gates`,
/// `dynamic_configs`, `experiments`, `layers` and `parameter_stores`.
///
/// ```
/// use statsig::overrides::RequestOverrides;
///
/// let overrides = RequestOverrides::new()
///     .gate("new_checkout", true)
///     .layer("promo", "title", "Hi")
///     .layer("promo", "discount", 0.3);
/// let names: Vec<_> = overrides.names().map(|name| name.to_string()).collect();
/// assert_eq!(names, ["gate:new_checkout", "layer:promo.discount", "layer:promo.title"]);
///
/// let json = serde_json::to_value(&overrides)?;
/// assert_eq!(json["layers"]["promo"]["title"], "Hi");
/// assert_eq!(serde_json::from_value::<RequestOverrides>(json)?, overrides);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use = "overrides have no effect until a pinned client has them"]
pub struct RequestOverrides {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    gates: BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dynamic_configs: ByEntity,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    experiments: ByEntity,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    layers: ByEntity,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameter_stores: ByEntity,
}

/// The name of a forced gate or parameter. It is shown as `gate:new_checkout` or
/// `layer:promo.title`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverriddenName<'a> {
    /// The kind of the entity.
    pub kind: EntityKind,
    /// The name of the entity.
    pub entity: &'a str,
    /// The parameter; `None` for a gate.
    pub parameter: Option<&'a str>,
}

/// The value of an entity that a request forces.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ForcedValue<'a> {
    Gate(bool),
    Parameters(&'a Arc<Map<String, Value>>),
}

impl RequestOverrides {
    /// No overrides.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forces a gate.
    pub fn gate(mut self, name: impl Into<String>, passes: bool) -> Self {
        self.gates.insert(name.into(), passes);
        self
    }

    /// Forces a parameter of a dynamic config. Does not apply to an experiment of that name.
    pub fn dynamic_config(
        mut self,
        config: impl Into<String>,
        parameter: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        force(&mut self.dynamic_configs, config, parameter, value);
        self
    }

    /// Forces a parameter of an experiment. Does not apply to a dynamic config of that name.
    pub fn experiment(
        mut self,
        experiment: impl Into<String>,
        parameter: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        force(&mut self.experiments, experiment, parameter, value);
        self
    }

    /// Forces a parameter of a layer.
    pub fn layer(
        mut self,
        layer: impl Into<String>,
        parameter: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        force(&mut self.layers, layer, parameter, value);
        self
    }

    /// Forces a parameter of a parameter store. It becomes a constant.
    pub fn parameter_store(
        mut self,
        store: impl Into<String>,
        parameter: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        force(&mut self.parameter_stores, store, parameter, value);
        self
    }

    /// Whether nothing is forced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }

    /// The names of all forced gates and parameters, by kind and name.
    pub fn names(&self) -> impl Iterator<Item = OverriddenName<'_>> {
        let gates = self.gates.keys().map(|entity| OverriddenName {
            kind: EntityKind::Gate,
            entity,
            parameter: None,
        });
        let parameters = [
            (EntityKind::DynamicConfig, &self.dynamic_configs),
            (EntityKind::Experiment, &self.experiments),
            (EntityKind::Layer, &self.layers),
            (EntityKind::ParameterStore, &self.parameter_stores),
        ];
        gates.chain(parameters.into_iter().flat_map(|(kind, entities)| {
            entities.iter().flat_map(move |(entity, parameters)| {
                parameters.keys().map(move |parameter| OverriddenName {
                    kind,
                    entity,
                    parameter: Some(parameter),
                })
            })
        }))
    }

    /// The same overrides without values that are nested too deep, with a warning for each.
    #[doc(hidden)]
    pub fn bounded(mut self) -> Self {
        for entities in [
            &mut self.dynamic_configs,
            &mut self.experiments,
            &mut self.layers,
            &mut self.parameter_stores,
        ] {
            for (entity, parameters) in entities {
                let place = format_args!("the request's override of {entity}");
                *parameters = bounded_shared(Arc::clone(parameters), place);
            }
        }
        self
    }

    pub(crate) fn find(&self, kind: EntityKind, name: &str) -> Option<ForcedValue<'_>> {
        let entities = match kind {
            EntityKind::Gate => {
                let passes = self.gates.get(name);
                return passes.map(|passes| ForcedValue::Gate(*passes));
            }
            EntityKind::DynamicConfig => &self.dynamic_configs,
            EntityKind::Experiment => &self.experiments,
            EntityKind::Layer => &self.layers,
            EntityKind::ParameterStore => &self.parameter_stores,
        };
        let parameters = entities.get(name).filter(|forced| !forced.is_empty());
        parameters.map(ForcedValue::Parameters)
    }
}

fn force(
    entities: &mut ByEntity,
    entity: impl Into<String>,
    parameter: impl Into<String>,
    value: impl Into<Value>,
) {
    let (entity, parameter) = (entity.into(), parameter.into());
    let place = format_args!("the request's override of {entity}, entry {parameter}");
    let value = bounded(value.into(), place);
    if let Some(value) = value {
        Arc::make_mut(entities.entry(entity).or_default()).insert(parameter, value);
    }
}

impl fmt::Display for OverriddenName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            EntityKind::Gate => "gate",
            EntityKind::DynamicConfig => "config",
            EntityKind::Experiment => "experiment",
            EntityKind::Layer => "layer",
            EntityKind::ParameterStore => "store",
        };
        write!(f, "{kind}:{}", self.entity)?;
        match self.parameter {
            Some(parameter) => write!(f, ".{parameter}"),
            None => Ok(()),
        }
    }
}
