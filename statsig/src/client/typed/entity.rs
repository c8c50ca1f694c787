//! One entity behind a typed struct.

use serde_json::Value;

use crate::client::TypedEvaluationOptions;
use crate::client::decision::OwnedDecision;
use crate::client::evaluated_call::EvaluatedCall;
use crate::client::exposure::Logging;
use crate::client::sticky::StickyOptions;
use crate::client::view::View;
use crate::results::Served;
use crate::typed::DecidedBy;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// A gate, config, experiment or layer: one evaluation, or the user's stored assignment.
#[derive(Debug)]
pub(super) struct Entity {
    decision: OwnedDecision,
    /// The value of a gate, which is its only parameter.
    passes: Option<Value>,
}

impl Entity {
    pub(super) fn new(
        view: View<'_>,
        user: &StatsigUser,
        kind: EntityKind,
        name: &str,
        options: &TypedEvaluationOptions,
    ) -> Self {
        let mut fresh = None;
        let call = view.evaluate(kind, name, user, &mut fresh);
        if let Some(decision) = stored(&call, options) {
            return Self {
                decision,
                passes: None,
            };
        }
        call.report();
        Self::evaluated(&call)
    }

    pub(super) fn evaluated(call: &EvaluatedCall<'_>) -> Self {
        let is_gate = call.kind == EntityKind::Gate && call.is_recognized();
        Self {
            passes: is_gate.then_some(Value::Bool(call.evaluation.value)),
            decision: call.into(),
        }
    }

    pub(super) fn passes(&self) -> bool {
        match &self.decision {
            OwnedDecision::Evaluation(evaluation) => evaluation.call().evaluation.value,
            OwnedDecision::Assignment(assignment) => assignment.stored.value,
        }
    }

    #[inline]
    pub(super) fn value(&self, param: &str) -> Option<&Value> {
        match self.decision.kind() {
            EntityKind::Gate => self.passes.as_ref(),
            _ => self.decision.parameter(param),
        }
    }

    /// Logs the same exposure as an untyped read: a parameter of a layer by its name, every other
    /// entity as a whole.
    pub(super) fn expose(&self, param: &str, logging: Logging) {
        if self.decision.kind() != EntityKind::Layer {
            return self.decision.expose(logging);
        }
        if let OwnedDecision::Evaluation(evaluation) = &self.decision {
            if evaluation.call().overrides_parameter(param) {
                return;
            }
            evaluation.call().expose_looked_up(logging);
        }
        self.decision.expose_parameter(param, logging);
    }

    pub(super) fn is_recognized(&self) -> bool {
        match &self.decision {
            OwnedDecision::Evaluation(evaluation) => evaluation.call().is_recognized(),
            OwnedDecision::Assignment(_) => true,
        }
    }

    pub(super) fn id_type(&self) -> String {
        let id_type = match &self.decision {
            OwnedDecision::Evaluation(evaluation) => evaluation.call().id_type(),
            OwnedDecision::Assignment(assignment) => assignment.id_type.clone(),
        };
        id_type.as_str().to_owned()
    }

    pub(super) fn user(&self) -> &StatsigUser {
        self.decision.user()
    }

    /// For a parameter of a layer, the rule that supplied it.
    pub(super) fn decided_by(&self, param: Option<&str>) -> DecidedBy {
        match &self.decision {
            OwnedDecision::Evaluation(evaluation) => decision_of(&evaluation.call(), param),
            OwnedDecision::Assignment(assignment) => {
                let text = |text: &str| text.to_owned();
                let is_stored = param.is_some_and(|param| !assignment.overrides_parameter(param));
                let (rule_id, details) = if is_stored {
                    (assignment.rule_id.clone(), assignment.details.clone())
                } else {
                    (assignment.shown_rule_id(), assignment.shown_details())
                };
                DecidedBy {
                    rule_id: Some(text(&rule_id)),
                    group_name: assignment.stored.group_name.as_deref().map(text),
                    allocated_experiment: assignment.allocated_experiment().map(|name| text(name)),
                    reason: details.reason.to_string(),
                }
            }
        }
    }
}

fn decision_of(call: &EvaluatedCall<'_>, param: Option<&str>) -> DecidedBy {
    let is_forced = |param| call.kind == EntityKind::Gate || call.overrides_parameter(param);
    let call = match param {
        Some(param) if !is_forced(param) => &call.without_request_overrides(),
        _ => call,
    };
    let rule_id = match (call.kind, param) {
        (EntityKind::Layer, Some(param)) if call.evaluation.parameters.get(param).is_some() => {
            call.text(call.rule_of(param))
        }
        _ => call.rule_id(),
    };
    DecidedBy {
        rule_id: Some(rule_id.into()),
        group_name: call.group_name().map(String::from),
        allocated_experiment: call.allocated_experiment().map(String::from),
        reason: call.details().reason.to_string(),
    }
}

/// The user's stored assignment, if it is served. Subscribers get the same event as for an untyped
/// read.
#[inline]
fn stored(call: &EvaluatedCall<'_>, options: &TypedEvaluationOptions) -> Option<OwnedDecision> {
    options.user_persisted_values.as_ref()?;
    let assignment = call.assignment(StickyOptions::from(options))?;
    if assignment.kind == EntityKind::Layer {
        call.report_stored_layer(&assignment.clone().layer(Logging::Automatic));
    } else {
        call.report_stored_experiment(&assignment.experiment(Served::default()));
    }
    Some(OwnedDecision::Assignment(assignment))
}
