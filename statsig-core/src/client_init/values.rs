//! The values of configs and layers.

use std::sync::Arc;

use super::evaluated::Evaluated;
use super::json::Json;
use crate::evaluation::ParametersRef;
use crate::hash::FastMap;
use crate::specs::compiled::CompiledSpecs;

/// Writes one value. Values in the specs are rendered once.
pub(super) fn write_value(json: &mut Json, specs: &CompiledSpecs, parameters: &ParametersRef) {
    match parameters {
        ParametersRef::Nothing | ParametersRef::Null => json.raw("null"),
        ParametersRef::Bool(value) => json.bool(*value),
        ParametersRef::Shared(parameters) => match specs.json_of(parameters) {
            Some(rendered) => json.raw(rendered),
            None => json.value(&**parameters),
        },
    }
}

/// The identity of a value: `null`, a boolean, or the shared parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ValueId {
    Null,
    Bool(bool),
    Shared(usize),
}

impl From<&ParametersRef> for ValueId {
    fn from(parameters: &ParametersRef) -> Self {
        match parameters {
            ParametersRef::Nothing | ParametersRef::Null => Self::Null,
            ParametersRef::Bool(value) => Self::Bool(*value),
            ParametersRef::Shared(parameters) => Self::Shared(Arc::as_ptr(parameters).addr()),
        }
    }
}

/// The values of a whole response, numbered in the order of first use (InitV2).
#[derive(Debug)]
pub(super) struct ValueTable<'a> {
    specs: &'a CompiledSpecs,
    keys: FastMap<ValueId, Box<str>>,
    in_order: Vec<&'a ParametersRef>,
}

impl<'a> ValueTable<'a> {
    pub(super) fn new(specs: &'a CompiledSpecs, evaluated: &'a Evaluated) -> Self {
        let mut table = Self {
            specs,
            keys: FastMap::default(),
            in_order: Vec::new(),
        };
        for item in evaluated.configs.iter().chain(&evaluated.layers) {
            let parameters = &item.evaluation.parameters;
            let number = table.in_order.len();
            table.keys.entry(parameters.into()).or_insert_with(|| {
                table.in_order.push(parameters);
                format!("\"{number}\"").into()
            });
        }
        table
    }

    /// The number of a value, in quotes.
    pub(super) fn key(&self, parameters: &ParametersRef) -> &str {
        let key = self.keys.get(&ValueId::from(parameters));
        key.map_or("\"\"", |key| key)
    }

    /// Writes the table of values by number.
    pub(super) fn write(&self, json: &mut Json) {
        json.open();
        for parameters in &self.in_order {
            json.quoted_key(self.key(parameters));
            write_value(json, self.specs, parameters);
        }
        json.close();
    }
}
