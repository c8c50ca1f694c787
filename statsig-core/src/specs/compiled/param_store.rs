//! Parameter stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::entity_kind::EntityKind;
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
    /// The declared type of reference. Only the target has an effect.
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
    /// A gate that selects one of two constants.
    Gate {
        /// The referenced entity.
        name: SharedStr,
        /// The value if the gate passes.
        pass: Arc<Value>,
        /// The value if the gate fails.
        fail: Arc<Value>,
    },
    /// A parameter of a dynamic config, an experiment or a layer.
    Parameter {
        /// The kind of the referenced entity.
        kind: EntityKind,
        /// The referenced entity.
        name: SharedStr,
        /// The parameter of the referenced entity.
        parameter: SharedStr,
    },
}

impl ParameterTarget {
    /// The referenced entity. `None` for a constant.
    #[inline]
    #[must_use]
    pub fn entity(&self) -> Option<(EntityKind, &SharedStr)> {
        match self {
            Self::Static(_) => None,
            Self::Gate { name, .. } => Some((EntityKind::Gate, name)),
            Self::Parameter { kind, name, .. } => Some((*kind, name)),
        }
    }
}
