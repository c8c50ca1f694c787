//! Parameter stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::text::SharedStr;

/// A parameter store.
#[derive(Debug, Default)]
pub struct ParamStore {
    /// The parameters by name.
    pub parameters: BTreeMap<SharedStr, Parameter>,
    pub(crate) target_app_ids: Option<Vec<SharedStr>>,
}

/// One parameter of a store.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// As declared; what counts is the target.
    pub ref_type: SharedStr,
    /// Informational: `boolean`, `number`, `string`, `array`, `object`.
    pub param_type: SharedStr,
    /// What the parameter refers to.
    pub target: ParameterTarget,
}

/// Where a parameter's value comes from.
#[derive(Debug, Clone)]
pub enum ParameterTarget {
    /// A constant.
    Static(Arc<Value>),
    /// One of two constants, by a gate.
    Gate {
        /// The entity that the parameter refers to.
        name: SharedStr,
        /// The value if the gate passes.
        pass: Arc<Value>,
        /// The value if the gate fails.
        fail: Arc<Value>,
    },
    /// A parameter of a dynamic config.
    DynamicConfig {
        /// The entity that the parameter refers to.
        name: SharedStr,
        /// The parameter of that entity.
        parameter: SharedStr,
    },
    /// A parameter of an experiment.
    Experiment {
        /// The entity that the parameter refers to.
        name: SharedStr,
        /// The parameter of that entity.
        parameter: SharedStr,
    },
    /// A parameter of a layer.
    Layer {
        /// The entity that the parameter refers to.
        name: SharedStr,
        /// The parameter of that entity.
        parameter: SharedStr,
    },
}
