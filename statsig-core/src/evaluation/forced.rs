//! Overrides of a request change the result of the entity that the application reads. Nested gates
//! and delegates are evaluated without them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::result::{Aside, Evaluation, Forced, Outcome, ParametersRef};
use crate::entity_kind::EntityKind;
use crate::request_overrides::{ForcedValue, RequestOverrides};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// The reason in the details of what a request overrides.
pub const REQUEST_OVERRIDE: &str = "RequestOverride";

/// Applies the overrides of a request to the evaluation of an entity.
pub(super) fn forced(
    overrides: &RequestOverrides,
    kind: EntityKind,
    name: &str,
    base: Evaluation,
) -> Evaluation {
    let (mut result, parameters) = match overrides.find(kind, name) {
        None => return base,
        Some(ForcedValue::Gate(passes)) => {
            let result = Evaluation {
                value: passes,
                ..what_stays(kind, &base)
            };
            (result, Arc::default())
        }
        Some(ForcedValue::Parameters(parameters)) => {
            let of_base = base.parameters.shared().map(|parameters| &**parameters);
            let result = Evaluation {
                parameters: ParametersRef::Shared(over(of_base, parameters)),
                parameter_rules: rules_over(&base, parameters),
                ..what_stays(kind, &base)
            };
            (result, Arc::clone(parameters))
        }
    };
    result.outcome = Outcome::Recognized;
    result.rule_id = Some(Symbol::OVERRIDE);
    result.override_reason = Some(REQUEST_OVERRIDE);
    result.aside.get_or_insert_default().forced = Some(Forced { base, parameters });
    result
}

/// A layer is exposed by parameter, so all parts that the other parameters need stay. Any other
/// entity is exposed as a whole: an overridden one has no group and no nested gates.
fn what_stays(kind: EntityKind, base: &Evaluation) -> Evaluation {
    if kind == EntityKind::Layer {
        return Evaluation {
            group_name: None,
            ..base.clone()
        };
    }
    Evaluation {
        value: base.value,
        id_type: base.id_type,
        version: base.version,
        is_experiment_active: base.is_experiment_active,
        is_in_layer: base.is_in_layer,
        explicit_parameters_of: base.explicit_parameters_of,
        aside: Some(Box::new(Aside::default())),
        ..Evaluation::default()
    }
}

/// Which rule supplied each parameter, if the entity is a layer that records it.
fn rules_over(
    base: &Evaluation,
    forced: &Map<String, Value>,
) -> Option<Arc<Vec<(SharedStr, Symbol)>>> {
    let rules = base.parameter_rules.as_ref()?.iter();
    let others = rules.filter(|(name, _)| !forced.contains_key(name.as_str()));
    let forced = forced.keys();
    let forced = forced.map(|name| (name.as_str().into(), Symbol::OVERRIDE));
    Some(Arc::new(others.cloned().chain(forced).collect()))
}

/// All parameters, with the forced ones in place of the evaluated ones.
#[must_use]
pub fn over(
    base: Option<&Map<String, Value>>,
    forced: &Arc<Map<String, Value>>,
) -> Arc<Map<String, Value>> {
    let Some(base) = base else {
        return Arc::clone(forced);
    };
    let mut parameters = base.clone();
    let forced = forced.iter();
    parameters.extend(forced.map(|(name, value)| (name.clone(), value.clone())));
    Arc::new(parameters)
}
