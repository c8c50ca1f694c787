//! All combinations of values that a rule serves.

use serde_json::{Map, Value};

use super::report::ServedBy;
use super::sources::{Candidate, SpecEntity};
use crate::entity_kind::EntityKind;
use crate::specs::compiled::CompiledSpecs;

/// The form of an entity for some users.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The rule or the default that serves the variant.
    pub served_by: ServedBy,
    /// The served value.
    pub value: VariantValue,
}

/// The value of a variant.
#[derive(Debug, Clone, PartialEq)]
pub enum VariantValue {
    /// For a gate, whether it passes.
    Gate(bool),
    /// For other entities, the parameters.
    Parameters(Map<String, Value>),
}

/// The variants of an entity. A gate passes or fails. A layer, experiment or config has a variant
/// for each rule and for its default. A store has a variant for each variant of each referenced
/// entity, while the other parameters keep their first value.
///
/// Empty if the specs have no such entity.
pub fn variants(specs: &CompiledSpecs, kind: EntityKind, name: &str) -> Vec<Variant> {
    let Some(source) = SpecEntity::find(specs, kind, name) else {
        return Vec::new();
    };
    if kind == EntityKind::Gate {
        let gate = |passes: bool, word| Variant {
            served_by: ServedBy::constant(kind, name, word),
            value: VariantValue::Gate(passes),
        };
        return vec![gate(true, "passes"), gate(false, "fails")];
    }
    let parameters: Vec<_> = source
        .parameters()
        .into_iter()
        .map(|parameter| (parameter, source.candidates(parameter)))
        .collect();
    let base: Map<_, _> = match source {
        SpecEntity::Store(_) => parameters.iter().filter_map(first).collect(),
        SpecEntity::Rules(_) => Map::new(),
    };
    let mut found: Vec<(ServedBy, Map<String, Value>)> = Vec::new();
    for (parameter, candidates) in parameters {
        for candidate in candidates {
            let known = found
                .iter()
                .position(|(served_by, _)| *served_by == candidate.served_by);
            let position = known.unwrap_or_else(|| {
                found.push((candidate.served_by, base.clone()));
                found.len() - 1
            });
            let Some((_, values)) = found.get_mut(position) else {
                continue;
            };
            match candidate.value {
                Some(value) => drop(values.insert(parameter.to_owned(), value.clone())),
                None => drop(values.remove(parameter)),
            }
        }
    }
    let variants = found.into_iter().map(|(served_by, values)| Variant {
        served_by,
        value: VariantValue::Parameters(values),
    });
    variants.collect()
}

fn first((parameter, candidates): &(&str, Vec<Candidate<'_>>)) -> Option<(String, Value)> {
    let value = candidates.iter().find_map(|candidate| candidate.value)?;
    Some(((*parameter).to_owned(), value.clone()))
}
