//! The possible values of an entity, for tools.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::report::ServedBy;
use super::sources::SpecEntity;
use crate::entity_kind::EntityKind;
use crate::specs::compiled::CompiledSpecs;

/// A parameter and its possible values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PossibleParameter {
    /// The parameter's name in Statsig.
    pub name: String,
    /// For a store's parameter, the type that the console declares.
    pub declared_type: Option<String>,
    /// All values, in the order of the rules. Equal values may repeat.
    pub values: Vec<PossibleValue>,
    /// The rules that serve other parameters, but not this parameter.
    pub lacking: Vec<ServedBy>,
}

/// A value, and the rule that serves it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PossibleValue {
    /// The value.
    pub value: Value,
    /// The rule that serves it.
    pub served_by: ServedBy,
    /// Whether it is the default in the console, of the entity or of the entity that a store's
    /// parameter refers to.
    pub is_default: bool,
}

/// `None` if the specs have no such entity.
pub fn possible_parameters(
    specs: &CompiledSpecs,
    kind: EntityKind,
    name: &str,
) -> Option<Vec<PossibleParameter>> {
    let source = SpecEntity::find(specs, kind, name)?;
    let parameters = source.parameters().into_iter().map(|parameter| {
        let in_store = match &source {
            SpecEntity::Store(store) => store.parameter(parameter).map(|found| (store, found)),
            SpecEntity::Rules(_) => None,
        };
        let mut found = PossibleParameter {
            name: parameter.to_owned(),
            declared_type: in_store.map(|(_, found)| found.param_type.to_string()),
            values: Vec::new(),
            lacking: Vec::new(),
        };
        let target = in_store.and_then(|(store, found)| store.target(found));
        let owner = target.map_or(name.to_owned(), |(target, _)| target.name);
        for candidate in source.candidates(parameter) {
            let is_default = candidate.is_default && candidate.served_by.name == owner;
            match candidate.value {
                Some(value) => found.values.push(PossibleValue {
                    value: value.clone(),
                    served_by: candidate.served_by,
                    is_default,
                }),
                None if candidate.is_outside => {}
                None => found.lacking.push(candidate.served_by),
            }
        }
        found
    });
    Some(parameters.collect())
}

/// The possible values of ID types, sorted. Empty if the specs have no such entity.
pub fn possible_id_types(specs: &CompiledSpecs, kind: EntityKind, name: &str) -> BTreeSet<String> {
    let sources = match SpecEntity::find(specs, kind, name) {
        Some(SpecEntity::Store(store)) => {
            let targets = store.parameters().map(|parameter| store.target(parameter));
            targets.filter_map(|target| target?.1).collect()
        }
        source => Vec::from_iter(source),
    };
    let mut found = BTreeSet::new();
    for source in sources {
        if let SpecEntity::Rules(possible) = source {
            let entities = possible.entities.iter();
            found.extend(entities.map(|entity| entity.id_type.to_owned()));
        }
    }
    found
}
