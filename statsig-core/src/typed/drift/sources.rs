//! The values that the specs may serve for the parameters of a source.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::document::SourceDocument;
use super::report::ServedBy;
use crate::entity_kind::EntityKind;
use crate::specs::compiled::{CompiledSpecs, Entity, ParamStore, Parameter, ParameterTarget};
use crate::specs::possible_values::{DecidingEntity, PossibleValues, RuleOrigin, possible_values};

/// The entity of a source in the specs.
pub(super) enum SpecEntity<'a> {
    /// A layer, experiment or dynamic config. Also a gate, which has no parameters.
    Rules(PossibleValues<'a>),
    Store(Store<'a>),
}

/// A parameter store.
pub(super) struct Store<'a> {
    name: &'a str,
    store: &'a ParamStore,
    specs: &'a CompiledSpecs,
}

/// The value that one rule serves for a parameter.
pub(super) struct Candidate<'a> {
    pub(super) served_by: ServedBy,
    /// The parameter's name in the rule. Empty for a constant of a store.
    pub(super) name: &'a str,
    /// `None` if the rule does not serve the parameter.
    pub(super) value: Option<&'a Value>,
    /// Whether users outside of all rules receive it.
    pub(super) is_outside: bool,
    /// Whether it is the default in the console.
    pub(super) is_default: bool,
}

impl<'a> SpecEntity<'a> {
    /// The source in the specs. `None` if the specs have no entity of this name and kind.
    /// Experiments and dynamic configs are interchangeable.
    pub(super) fn find(specs: &'a CompiledSpecs, kind: EntityKind, name: &str) -> Option<Self> {
        let possible = match kind {
            EntityKind::Gate => {
                let entry = specs.entry(specs.find(name)?)?;
                let gate = specs.spec(entry.gate?)?;
                let entity = DecidingEntity {
                    // Whatever the specs call it, they list it among the gates.
                    entity: Entity::FeatureGate,
                    name: specs.text(entry.name),
                    id_type: specs.text(gate.id_type),
                    is_enabled: gate.enabled,
                    is_active: None,
                };
                Some(PossibleValues {
                    entities: vec![entity],
                    ..PossibleValues::default()
                })
            }
            EntityKind::Experiment | EntityKind::DynamicConfig | EntityKind::Layer => {
                possible_values(specs, kind, name)
            }
            EntityKind::ParameterStore => {
                let (name, store) = specs.param_stores.get_key_value(name)?;
                return Some(Self::Store(Store { name, store, specs }));
            }
        };
        possible.map(Self::Rules)
    }

    /// The names of all parameters that the source may serve.
    pub(super) fn parameters(&self) -> BTreeSet<&'a str> {
        match self {
            Self::Rules(possible) => {
                let all = possible.rules.iter().filter_map(|rule| rule.parameters);
                all.flat_map(|parameters| parameters.keys().map(String::as_str))
                    .collect()
            }
            Self::Store(store) => store.store.parameters.keys().map(|name| &**name).collect(),
        }
    }

    /// Every rule that may serve a parameter, and its value. Empty for a parameter that is not in
    /// the store.
    pub(super) fn candidates(&self, parameter: &'a str) -> Vec<Candidate<'a>> {
        match self {
            Self::Rules(possible) => in_rules(possible, &[parameter]),
            Self::Store(store) => store
                .parameter(parameter)
                .map_or_else(Vec::new, |parameter| store.served(parameter)),
        }
    }
}

/// Every rule, and its value for the first of the parameter's names that it serves.
pub(super) fn in_rules<'a>(possible: &PossibleValues<'a>, names: &[&'a str]) -> Vec<Candidate<'a>> {
    let rules = possible.rules.iter().map(|rule| {
        let mut served = names.iter().map(|&name| (name, rule.value(name)));
        let unserved = (names.first().copied().unwrap_or_default(), None);
        let (name, value) = served
            .find(|(_, value)| value.is_some())
            .unwrap_or(unserved);
        Candidate {
            served_by: ServedBy::of(&rule.origin),
            name,
            value,
            is_outside: rule.is_outside(),
            is_default: rule.origin.rule.is_none(),
        }
    });
    rules.collect()
}

impl<'a> Store<'a> {
    pub(super) fn parameters(&self) -> impl Iterator<Item = &'a Parameter> + use<'a> {
        self.store.parameters.values()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&'a Parameter> {
        self.store.parameters.get(name)
    }

    /// The reference of a parameter, and its entity if the specs have it. `None` for a constant.
    pub(super) fn target(
        &self,
        parameter: &Parameter,
    ) -> Option<(SourceDocument, Option<SpecEntity<'a>>)> {
        let (kind, name) = parameter.target.entity()?;
        let entity = SpecEntity::find(self.specs, kind, name);
        let name = name.to_string();
        Some((SourceDocument { kind, name }, entity))
    }

    /// Every rule that may serve a parameter, and its value.
    pub(super) fn served(&self, parameter: &'a Parameter) -> Vec<Candidate<'a>> {
        let constant = |kind, name: &str, when: &str, value: &'a Arc<Value>| Candidate {
            served_by: ServedBy::constant(kind, name, when),
            name: "",
            value: Some(value),
            is_outside: false,
            is_default: false,
        };
        let name = match &parameter.target {
            ParameterTarget::Static(value) => {
                let kind = EntityKind::ParameterStore;
                return vec![constant(kind, self.name, "constant", value)];
            }
            ParameterTarget::Gate { name, pass, fail } => {
                let kind = EntityKind::Gate;
                return vec![
                    constant(kind, name, "passes", pass),
                    constant(kind, name, "fails", fail),
                ];
            }
            ParameterTarget::Parameter { parameter, .. } => parameter,
        };
        match self.target(parameter) {
            Some((_, Some(entity))) => entity.candidates(name),
            _ => Vec::new(),
        }
    }
}

/// The kind of the source with this name, if any.
pub(super) fn kind_of(specs: &CompiledSpecs, name: &str) -> Option<EntityKind> {
    if specs.param_stores.contains_key(name) {
        return Some(EntityKind::ParameterStore);
    }
    let entry = specs.find(name).and_then(|id| specs.entry(id))?;
    if entry.layer.is_some() {
        Some(EntityKind::Layer)
    } else if let Some(config) = entry.config.and_then(|id| specs.spec(id)) {
        Some(config.entity.kind())
    } else if entry.cmab.is_some() {
        Some(EntityKind::Experiment)
    } else {
        entry.gate.map(|_| EntityKind::Gate)
    }
}

impl ServedBy {
    pub(super) fn of(origin: &RuleOrigin<'_>) -> Self {
        Self {
            kind: origin.entity.kind(),
            name: origin.name.to_owned(),
            rule_id: origin.rule.map(str::to_owned),
            group_name: origin.group.map(str::to_owned),
        }
    }

    /// Values without a rule: those of a gate, and the constants of a store.
    pub(super) fn constant(kind: EntityKind, name: &str, when: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            rule_id: None,
            group_name: Some(when.to_owned()),
        }
    }
}
