//! Parameter stores. Client SDKs resolve them.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::names::Names;
use super::selection::Selection;
use crate::entity_kind::EntityKind;
use crate::specs::compiled::{ParamStore, Parameter, ParameterTarget};
use crate::text::SharedStr;

/// The stores of a response by hashed name.
#[derive(Debug)]
pub(super) struct ParamStores<'a> {
    stores: BTreeMap<&'a str, &'a ParamStore>,
    names: Names<'a>,
}

impl<'a> ParamStores<'a> {
    pub(super) fn new(names: Names<'a>, selection: &Selection<'_>) -> Self {
        let stores = names.specs.param_stores.iter();
        let stores = stores
            .filter(|(name, store)| selection.includes_store(name, store))
            .map(|(name, store)| (name.as_str(), &**store))
            .collect();
        Self { stores, names }
    }

    pub(super) fn none(names: Names<'a>) -> Self {
        Self {
            stores: BTreeMap::new(),
            names,
        }
    }
}

impl Serialize for ParamStores<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = self.names;
        let stores = self.stores.iter();
        serializer.collect_map(stores.map(|(name, store)| {
            let parameters = store.parameters.iter().map(|(name, parameter)| {
                let shown = Shown {
                    name,
                    parameter,
                    names,
                };
                (name, shown)
            });
            (names.hashed(name), parameters.collect::<BTreeMap<_, _>>())
        }))
    }
}

/// One parameter, with the fields for its target.
struct Shown<'a> {
    name: &'a SharedStr,
    parameter: &'a Parameter,
    names: Names<'a>,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("ref_type", &self.parameter.ref_type)?;
        map.serialize_entry("param_type", &self.parameter.param_type)?;
        match &self.parameter.target {
            ParameterTarget::Static(value) => map.serialize_entry("value", value)?,
            ParameterTarget::Gate { name, pass, fail } => {
                map.serialize_entry("gate_name", &self.names.hashed(name))?;
                map.serialize_entry("pass_value", pass)?;
                map.serialize_entry("fail_value", fail)?;
            }
            ParameterTarget::Parameter {
                kind,
                name,
                parameter,
            } => {
                let key = match kind {
                    EntityKind::Experiment => "experiment_name",
                    EntityKind::Layer => "layer_name",
                    _ => "config_name",
                };
                map.serialize_entry(key, &self.names.hashed(name))?;
                map.serialize_entry("param_name", parameter)?;
            }
        }
        map.end()
    }
}
