//! Explains an entity: its path and its result.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Explainer, conclude, visit};
use crate::entity_kind::EntityKind;
use crate::evaluation::NamedEvaluation;
use crate::evaluation::{Evaluation, EvaluationContext, Evaluator, evaluate_unknown, open_store};
use crate::results::explanation::{ExplainedParameter, ExplainedResult, Explanation, Step};
use crate::specs::compiled::ParameterTarget;
use crate::text::SharedStr;
use crate::user::StatsigUser;

/// Evaluates an entity and explains the result.
#[must_use]
pub fn explain(
    context: EvaluationContext<'_>,
    user: &StatsigUser,
    kind: EntityKind,
    name: &str,
) -> Explanation {
    if kind == EntityKind::ParameterStore {
        return explain_store(context, user, name);
    }
    explain_evaluation(context, user, kind, name).0
}

/// Explains each parameter of a store by the entity that it refers to.
fn explain_store(context: EvaluationContext<'_>, user: &StatsigUser, name: &str) -> Explanation {
    let opened = open_store(&context, user, name);
    let parameters = opened.store.iter().flat_map(|store| &store.parameters);
    let parameters: BTreeMap<_, _> = parameters
        .map(|(name, parameter)| {
            let explained = explain_parameter(context, user, &parameter.target);
            (name.clone(), explained)
        })
        .collect();
    let values = parameters.iter().map(|(name, parameter)| {
        let value = parameter.value.clone().unwrap_or(Value::Null);
        (name.to_string(), value)
    });
    Explanation {
        kind: EntityKind::ParameterStore,
        name: opened.name,
        result: ExplainedResult {
            value: Value::Object(values.collect()),
            rule_id: SharedStr::default(),
            group_name: None,
            allocated_experiment: None,
            id_type: SharedStr::default(),
            details: opened.details,
        },
        path: None,
        is_abridged: parameters
            .values()
            .filter_map(|parameter| parameter.refers_to.as_ref())
            .any(|explanation| explanation.is_abridged),
        parameters,
    }
}

fn explain_evaluation(
    context: EvaluationContext<'_>,
    user: &StatsigUser,
    kind: EntityKind,
    name: &str,
) -> (Explanation, Evaluation) {
    let entry = context.snapshot.specs.find(name);
    let (evaluation, path, is_abridged) = match entry {
        Some(entry) => {
            let mut evaluator = Evaluator::traced(context, user, Explainer::new(context, user));
            let evaluation = evaluator.evaluate(kind, entry);
            let (mut path, is_abridged) = evaluator.finish().finish();
            if let (Some(path), Some(_)) = (&mut path, evaluation.forced()) {
                let by = evaluation.override_reason.unwrap_or_default();
                path.steps.push(Step::Overridden { by });
                conclude(path, &context.snapshot.specs, &evaluation);
            }
            (evaluation, path, is_abridged)
        }
        None => {
            // Only an override can decide.
            let evaluation = evaluate_unknown(&context, kind, name, user);
            let mut path = visit(kind, name.into());
            path.steps.push(match evaluation.override_reason {
                Some(by) => Step::Overridden { by },
                None => Step::Unknown,
            });
            conclude(&mut path, &context.snapshot.specs, &evaluation);
            (evaluation, Some(path), false)
        }
    };
    let named = NamedEvaluation {
        snapshot: context.snapshot,
        name,
        entry,
        evaluation: &evaluation,
    };
    let explanation = Explanation {
        kind,
        name: named.shared_name(),
        result: result(&named, kind),
        path,
        parameters: BTreeMap::new(),
        is_abridged,
    };
    (explanation, evaluation)
}

fn explain_parameter(
    context: EvaluationContext<'_>,
    user: &StatsigUser,
    target: &ParameterTarget,
) -> ExplainedParameter {
    let explained = target
        .entity()
        .map(|(kind, name)| explain_evaluation(context, user, kind, name));
    let evaluation = explained.as_ref().map(|(_, evaluation)| evaluation);
    let (value, parameter) = match target {
        ParameterTarget::Static(value) => (Some(&**value), None),
        ParameterTarget::Gate { pass, fail, .. } => {
            let passes = evaluation.is_some_and(|evaluation| evaluation.value);
            (Some(if passes { &**pass } else { &**fail }), None)
        }
        ParameterTarget::Parameter { parameter, .. } => {
            let value = evaluation.and_then(|evaluation| evaluation.parameters.get(parameter));
            (value, Some(parameter.clone()))
        }
    };
    ExplainedParameter {
        value: value.cloned(),
        parameter,
        refers_to: explained.map(|(explanation, _)| Box::new(explanation)),
    }
}

fn result(named: &NamedEvaluation<'_>, kind: EntityKind) -> ExplainedResult {
    let value = match kind {
        EntityKind::Gate => Value::Bool(named.evaluation.value),
        _ => match named.parameters().0 {
            Some(parameters) => Value::Object((*parameters).clone()),
            None => Value::Null,
        },
    };
    let allocated = named.allocated_experiment();
    ExplainedResult {
        value,
        rule_id: named.rule_id(),
        group_name: named.group_name(),
        allocated_experiment: allocated.filter(|_| kind == EntityKind::Layer),
        id_type: named.id_type(),
        details: named.details(),
    }
}
