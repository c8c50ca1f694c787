//! Why the answer is what it is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Statsig;
use super::evaluated_call::{EvaluatedCall, Logging};
use super::layers::allocated_experiment;
use super::param_stores::in_parameters;
use super::view::View;
use crate::evaluation::explain::{Explainer, explain_unknown};
use crate::evaluation::{Evaluation, Evaluator, Kind, evaluate_unknown};
use crate::results::explanation::{ExplainKind, ExplainedParameter, ExplainedResult, Explanation};
use crate::specs::compiled::ParameterTarget;
use crate::text::SharedStr;
use crate::user::StatsigUser;

impl Statsig {
    /// Why a gate, config, experiment, layer or parameter store is what it is for a user: every rule and condition that was
    /// tried, what it found, and what came of it.
    ///
    /// For people who look into a surprising answer: print it. It evaluates as every check does, with the same specs,
    /// overrides and time, and ends in the same result; only contextual bandits that draw groups by chance may draw
    /// another. Stored assignments are given with a call and play no part here. It logs no exposure, and takes far longer than
    /// a check.
    ///
    /// The user's private attributes do not appear in it; other fields that a condition looks at do.
    ///
    /// ```
    /// use statsig::{ExplainKind, StatsigUser};
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let user = StatsigUser::with_user_id("a-user");
    /// let explanation = statsig.explain(&user, ExplainKind::Gate, "a_gate");
    /// println!("{explanation}");
    /// assert_eq!(explanation.result.value, statsig.check_gate(&user, "a_gate"));
    /// ```
    #[must_use]
    pub fn explain(&self, user: &StatsigUser, kind: ExplainKind, name: &str) -> Explanation {
        self.view(&self.current()).explain(user, kind, name)
    }
}

impl View<'_> {
    pub(super) fn explain(self, user: &StatsigUser, kind: ExplainKind, name: &str) -> Explanation {
        let kind = match kind {
            ExplainKind::Gate => Kind::Gate,
            ExplainKind::DynamicConfig => Kind::DynamicConfig,
            ExplainKind::Experiment => Kind::Experiment,
            ExplainKind::Layer => Kind::Layer,
            ExplainKind::ParameterStore => return self.explain_store(user, name),
        };
        self.explain_evaluation(user, kind, name).0
    }

    fn explain_evaluation(
        self,
        user: &StatsigUser,
        kind: Kind,
        name: &str,
    ) -> (Explanation, Evaluation) {
        let published = self.published;
        let scope = self.scope();
        let entry = published.specs.find(name);
        let (evaluation, path, is_abridged) = match entry {
            Some(entry) => {
                let mut evaluator = Evaluator::traced(scope, user, Explainer::new(scope, user));
                let evaluation = evaluator.evaluate(kind, entry);
                let (path, is_abridged) = evaluator.finish().finish();
                (evaluation, path, is_abridged)
            }
            None => {
                let evaluation = evaluate_unknown(&scope, kind, name, user);
                let path = explain_unknown(&scope, kind, name, &evaluation);
                (evaluation, Some(path), false)
            }
        };
        let call = EvaluatedCall {
            published,
            user,
            name,
            entry,
            evaluation: &evaluation,
        };
        let explanation = Explanation {
            kind: kind.into(),
            name: call.shared_name(),
            result: result(&call, kind),
            path,
            parameters: BTreeMap::new(),
            is_abridged,
        };
        (explanation, evaluation)
    }

    fn explain_store(self, user: &StatsigUser, name: &str) -> Explanation {
        let store = self.open_parameter_store(user, name, Logging::Disabled);
        let parameters: BTreeMap<_, _> = store
            .parameters()
            .map(|(name, parameter)| {
                let explained = self.explain_parameter(user, &parameter.target);
                (name.clone(), explained)
            })
            .collect();
        let values = parameters.iter().map(|(name, parameter)| {
            let value = parameter.value.clone().unwrap_or(Value::Null);
            (name.to_string(), value)
        });
        Explanation {
            kind: ExplainKind::ParameterStore,
            name: store.name.clone(),
            result: ExplainedResult {
                value: Value::Object(values.collect()),
                rule_id: SharedStr::default(),
                group_name: None,
                allocated_experiment: None,
                id_type: SharedStr::default(),
                details: store.details.clone(),
            },
            path: None,
            is_abridged: parameters
                .values()
                .filter_map(|parameter| parameter.refers_to.as_ref())
                .any(|explanation| explanation.is_abridged),
            parameters,
        }
    }

    fn explain_parameter(self, user: &StatsigUser, target: &ParameterTarget) -> ExplainedParameter {
        let explain = |kind, name| self.explain_evaluation(user, kind, name);
        let (kind, name, parameter) = match target {
            ParameterTarget::Static(value) => {
                return ExplainedParameter {
                    value: Some((**value).clone()),
                    parameter: None,
                    refers_to: None,
                };
            }
            ParameterTarget::Gate { name, pass, fail } => {
                let (explanation, evaluation) = explain(Kind::Gate, name);
                let value = if evaluation.value { pass } else { fail };
                return ExplainedParameter {
                    value: Some((**value).clone()),
                    parameter: None,
                    refers_to: Some(Box::new(explanation)),
                };
            }
            ParameterTarget::DynamicConfig { name, parameter } => {
                (Kind::DynamicConfig, name, parameter)
            }
            ParameterTarget::Experiment { name, parameter } => (Kind::Experiment, name, parameter),
            ParameterTarget::Layer { name, parameter } => (Kind::Layer, name, parameter),
        };
        let (explanation, evaluation) = explain(kind, name);
        ExplainedParameter {
            value: in_parameters(&evaluation.parameters, parameter).cloned(),
            parameter: Some(parameter.clone()),
            refers_to: Some(Box::new(explanation)),
        }
    }
}

fn result(call: &EvaluatedCall<'_>, kind: Kind) -> ExplainedResult {
    let evaluation = call.evaluation;
    let value = match kind {
        Kind::Gate => Value::Bool(evaluation.value),
        _ => call.parameters().0.map_or(Value::Null, |parameters| {
            Value::Object((*parameters).clone())
        }),
    };
    let is_layer = kind == Kind::Layer;
    ExplainedResult {
        value,
        rule_id: call.rule_id(),
        group_name: evaluation.group_name.map(|name| call.text(name)),
        allocated_experiment: allocated_experiment(evaluation)
            .filter(|_| is_layer)
            .map(|name| call.text(name)),
        id_type: call.id_type(),
        details: call.details(),
    }
}
