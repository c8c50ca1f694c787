//! Compiles a parameter store.

use std::sync::Arc;

use super::left_out::LeftOut;
use super::{bytes_of, shared};
use crate::entity_kind::EntityKind;
use crate::specs::compiled::{ParamStore, Parameter, ParameterTarget};
use crate::specs::{lenient, model};
use crate::text::SharedStr;

/// Compiles a store. Parameters of unknown shape are left out.
pub(super) fn param_store(store: &model::ParamStore<'_>, left_out: &LeftOut) -> ParamStore {
    let parameters = store.parameters.0.iter().filter_map(|(name, raw)| {
        let parameter = left_out.read::<model::Parameter<'_>>(bytes_of(raw), "parameter", name)?;
        let compiled = compile_parameter(&parameter);
        if compiled.is_none() {
            left_out.add("parameter of an unknown shape", name, &&*parameter.ref_type);
        }
        Some((SharedStr::from(&**name), compiled?))
    });
    ParamStore {
        parameters: parameters.collect(),
        target_app_ids: store.target_app_ids.as_deref().map(shared),
    }
}

impl ParamStore {
    /// Makes a store from values. A value with the shape of a parameter is a parameter. Any other
    /// value is a constant.
    #[must_use]
    pub fn of_values(values: &serde_json::Map<String, serde_json::Value>) -> Self {
        let parameters = values.iter().map(|(name, value)| {
            let shaped = serde_json::to_string(value).ok().and_then(|text| {
                let parameter = serde_json::from_str::<model::Parameter<'_>>(&text).ok()?;
                compile_parameter(&parameter)
            });
            (
                SharedStr::from(name.as_str()),
                shaped.unwrap_or_else(|| Parameter::constant(value)),
            )
        });
        Self {
            parameters: parameters.collect(),
            target_app_ids: None,
        }
    }
}

impl Parameter {
    /// A constant, regardless of the shape of the value.
    pub(crate) fn constant(value: &serde_json::Value) -> Self {
        Self {
            ref_type: "static".into(),
            param_type: kind_of(value).into(),
            target: ParameterTarget::Static(Arc::new(value.clone())),
        }
    }
}

fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "boolean",
        serde_json::Value::Number(_) => "number",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Array(_) => "array",
        serde_json::Value::Object(_) => "object",
    }
}

/// Compiles the first of the five shapes whose fields are all present. `ref_type` has no effect.
pub(super) fn compile_parameter(parameter: &model::Parameter<'_>) -> Option<Parameter> {
    let text = |text: &lenient::Text<'_>| SharedStr::from(&**text);
    let named = |kind: EntityKind, name: &Option<lenient::Text<'_>>| {
        Some(ParameterTarget::Parameter {
            kind,
            name: text(name.as_ref()?),
            parameter: text(parameter.param_name.as_ref()?),
        })
    };
    let target = if let Some(value) = &parameter.value {
        ParameterTarget::Static(Arc::new(value.clone()))
    } else if let (Some(gate), Some(pass), Some(fail)) = (
        &parameter.gate_name,
        &parameter.pass_value,
        &parameter.fail_value,
    ) {
        ParameterTarget::Gate {
            name: text(gate),
            pass: Arc::new(pass.clone()),
            fail: Arc::new(fail.clone()),
        }
    } else {
        named(EntityKind::DynamicConfig, &parameter.config_name)
            .or_else(|| named(EntityKind::Experiment, &parameter.experiment_name))
            .or_else(|| named(EntityKind::Layer, &parameter.layer_name))?
    };
    Some(Parameter {
        ref_type: text(&parameter.ref_type),
        param_type: text(&parameter.param_type),
        target,
    })
}
