//! The values that the specs may serve for the parameters of a source.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::document::{ParamDocument, SourceDocument};
use super::report::ServedBy;
use crate::entity_kind::EntityKind;
use crate::specs::compiled::{CompiledSpecs, ParamStore, ParameterTarget, Spec};
use crate::specs::possible_values::{PossibleValues, RuleOrigin, RuleValues, possible_values};

/// The entity of a source in the specs.
pub(super) enum SpecEntity<'a> {
    /// A gate. Its only value is whether it passes.
    Gate(&'a Spec),
    /// A layer, experiment or dynamic config.
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
        match kind {
            EntityKind::Gate => {
                let gate = specs.entry(specs.find(name)?)?.gate?;
                specs.spec(gate).map(Self::Gate)
            }
            EntityKind::Experiment | EntityKind::DynamicConfig | EntityKind::Layer => {
                possible_values(specs, kind, name).map(Self::Rules)
            }
            EntityKind::ParameterStore => {
                let (name, store) = specs.param_stores.get_key_value(name)?;
                Some(Self::Store(Store { name, store, specs }))
            }
        }
    }

    /// The names of all parameters that the source may serve.
    pub(super) fn parameters(&self) -> BTreeSet<&'a str> {
        match self {
            Self::Gate(_) => BTreeSet::new(),
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
    pub(super) fn candidates(&self, parameter: &str) -> Vec<Candidate<'a>> {
        match self {
            Self::Gate(_) => Vec::new(),
            Self::Rules(possible) => in_rules(possible, parameter),
            Self::Store(store) => store.served(parameter),
        }
    }

    /// The name of the entity that a store's parameter refers to. `None` for a constant and outside
    /// of stores.
    pub(super) fn refers_to(&self, parameter: &str) -> Option<&'a str> {
        match self {
            Self::Gate(_) | Self::Rules(_) => None,
            Self::Store(store) => store.reference(parameter).map(|(_, name)| name),
        }
    }

    /// The declared type of a store's parameter, as in the console: `boolean`, `number`, `string`,
    /// `array` or `object`.
    pub(super) fn declared_type(&self, parameter: &str) -> Option<&'a str> {
        match self {
            Self::Gate(_) | Self::Rules(_) => None,
            Self::Store(store) => store.declared_type(parameter),
        }
    }

    /// Every rule of a layer, experiment or dynamic config, and its value for the first of the
    /// parameter's names that it serves.
    pub(super) fn served<'p>(&self, param: &'p ParamDocument) -> Vec<(&'p str, Candidate<'a>)> {
        let Self::Rules(possible) = self else {
            return Vec::new();
        };
        let rules = possible.rules.iter().map(|rule| {
            let value = |name: &'p str| Some((name, rule.value(name)?));
            let found = param.names().find_map(value);
            let name = found.map_or(param.name.as_str(), |(name, _)| name);
            let candidate = Candidate::new(rule, found.map(|(_, value)| value));
            (name, candidate)
        });
        rules.collect()
    }
}

impl<'a> Candidate<'a> {
    fn new(rule: &RuleValues<'a>, value: Option<&'a Value>) -> Self {
        Self {
            served_by: ServedBy::of(&rule.origin),
            value,
            is_outside: rule.is_outside(),
            is_default: rule.origin.rule.is_none(),
        }
    }

    fn constant(kind: EntityKind, name: &str, when: &str, value: &'a Arc<Value>) -> Self {
        Self {
            served_by: ServedBy::constant(kind, name, when),
            value: Some(value),
            is_outside: false,
            is_default: false,
        }
    }
}

impl<'a> Store<'a> {
    pub(super) fn parameters(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.store.parameters.keys().map(AsRef::as_ref)
    }

    pub(super) fn has(&self, parameter: &str) -> bool {
        self.store.parameters.contains_key(parameter)
    }

    pub(super) fn declared_type(&self, parameter: &str) -> Option<&'a str> {
        let found = self.store.parameters.get(parameter)?;
        Some(found.param_type.as_str())
    }

    /// The reference of a parameter, and its entity if the specs have it. `None` for a constant.
    pub(super) fn target(
        &self,
        parameter: &str,
    ) -> Option<(SourceDocument, Option<SpecEntity<'a>>)> {
        let (kind, name) = self.reference(parameter)?;
        let target = SourceDocument {
            kind,
            name: name.to_owned(),
        };
        Some((target, SpecEntity::find(self.specs, kind, name)))
    }

    fn reference(&self, parameter: &str) -> Option<(EntityKind, &'a str)> {
        let (kind, name) = self.store.parameters.get(parameter)?.target.entity()?;
        Some((kind, name))
    }

    /// Every rule that may serve a parameter, and its value.
    pub(super) fn served(&self, parameter: &str) -> Vec<Candidate<'a>> {
        let Some(found) = self.store.parameters.get(parameter) else {
            return Vec::new();
        };
        let (kind, name, parameter) = match &found.target {
            ParameterTarget::Static(value) => {
                let kind = EntityKind::ParameterStore;
                return vec![Candidate::constant(kind, self.name, "constant", value)];
            }
            ParameterTarget::Gate { name, pass, fail } => {
                let kind = EntityKind::Gate;
                return vec![
                    Candidate::constant(kind, name, "passes", pass),
                    Candidate::constant(kind, name, "fails", fail),
                ];
            }
            ParameterTarget::Parameter {
                kind,
                name,
                parameter,
            } => (*kind, name, parameter),
        };
        let possible = possible_values(self.specs, kind, name);
        possible.map_or_else(Vec::new, |possible| in_rules(&possible, parameter))
    }
}

fn in_rules<'a>(possible: &PossibleValues<'a>, parameter: &str) -> Vec<Candidate<'a>> {
    let rules = possible.rules.iter();
    rules
        .map(|rule| Candidate::new(rule, rule.value(parameter)))
        .collect()
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
