//! One entity behind a typed struct.

use serde_json::Value;

use crate::client::TypedEvaluationOptions;
use crate::client::decision::OwnedDecision;
use crate::client::evaluated_call::EvaluatedCall;
use crate::client::exposure::Logging;
use crate::client::sticky::StickyOptions;
use crate::client::view::View;
use crate::text::SharedStr;
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
        match &self.decision {
            OwnedDecision::Evaluation(evaluation) => evaluation.call().expose_read(param, logging),
            OwnedDecision::Assignment(assignment) => assignment.expose_read(param, logging),
        }
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
                let (rule_id, details) = assignment.decided(param);
                let text = |text: &SharedStr| text.as_str().to_owned();
                DecidedBy {
                    rule_id: Some(rule_id.into()),
                    group_name: assignment.stored.group_name.as_ref().map(text),
                    allocated_experiment: assignment.allocated_experiment().map(text),
                    reason: details.reason.to_string(),
                }
            }
        }
    }
}

fn decision_of(call: &EvaluatedCall<'_>, param: Option<&str>) -> DecidedBy {
    let param = param.filter(|_| call.kind != EntityKind::Gate);
    let call = call.decider(param);
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
    call.report_stored(&assignment);
    Some(OwnedDecision::Assignment(assignment))
}
