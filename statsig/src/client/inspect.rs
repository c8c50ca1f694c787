//! The steps of an evaluation, for comparisons of this SDK with others.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Statsig;
use super::evaluated_call::EvaluatedCall;
use crate::evaluation::{NestedGate, Outcome};
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// The parts of an evaluation that the public results do not show.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Inspected {
    /// All parameters, also of a layer; `None` when the evaluation returned none.
    pub parameters: Option<Arc<Map<String, Value>>>,
    /// Whether the experiment shares its parameters with a layer.
    pub is_in_layer: bool,
    /// The parameters that the experiment itself sets. For a layer, those of the allocated
    /// experiment.
    pub explicit_parameters: Vec<SharedStr>,
    /// The nested gates, in the order in which events carry them.
    pub secondary_exposures: Vec<InspectedGate>,
    /// The nested gates that a layer evaluated before it delegated; `None` when there is no such
    /// list.
    pub undelegated_secondary_exposures: Option<Vec<InspectedGate>>,
    /// The rule that supplied each parameter of a layer (new layer evaluation only).
    pub parameter_rule_ids: Option<BTreeMap<SharedStr, SharedStr>>,
}

/// A nested gate of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InspectedGate {
    /// The gate's name.
    pub gate: SharedStr,
    /// Whether it passed.
    pub value: bool,
    /// The rule that decided.
    pub rule_id: SharedStr,
}

impl Statsig {
    /// Evaluates like every read, and logs nothing.
    pub(crate) fn inspect(&self, kind: EntityKind, user: &StatsigUser, name: &str) -> Inspected {
        let mut read = self.read();
        inspected(&read.evaluate(kind, name, user))
    }
}

fn inspected(call: &EvaluatedCall<'_>) -> Inspected {
    let evaluation = call.evaluation;
    if evaluation.outcome == Outcome::TooDeep {
        return Inspected::default();
    }
    let specs = call.specs();
    let gates = |gates: &[NestedGate]| {
        let shown = gates.iter().map(|nested| InspectedGate {
            gate: call.text(nested.gate),
            value: nested.value,
            rule_id: call.text(nested.rule_id),
        });
        shown.collect()
    };
    Inspected {
        parameters: call.parameters().0,
        is_in_layer: evaluation.is_in_layer,
        explicit_parameters: evaluation
            .explicit_parameters(specs)
            .cloned()
            .unwrap_or_default(),
        secondary_exposures: gates(&evaluation.nested_gates),
        undelegated_secondary_exposures: evaluation.undelegated_gates().map(gates),
        parameter_rule_ids: evaluation.parameter_rules.as_ref().map(|rules| {
            let shown = rules
                .iter()
                .map(|(parameter, rule)| (parameter.clone(), call.text(*rule)));
            shown.collect()
        }),
    }
}
