//! Overrides win over everything else, also for nested gates and delegates.

use super::forced::forced;
use super::result::{Evaluation, Outcome, ParametersRef};
use crate::entity_kind::EntityKind;
use crate::evaluation::context::EvaluationContext;
use crate::overrides::{ExperimentOverride, OverrideAdapter};
use crate::specs::compiled::{CompiledSpecs, Spec};
use crate::specs::symbols::Symbol;
use crate::user::StatsigUser;

/// The reason in the details of an overridden evaluation.
const LOCAL_OVERRIDE: &str = "LocalOverride";

/// Applies the override, if there is one. It sets only value, rule and reason.
pub(super) fn overridden(
    overrides: &dyn OverrideAdapter,
    user: &StatsigUser,
    kind: EntityKind,
    name: &str,
    spec: Option<(&CompiledSpecs, &Spec)>,
    result: &mut Evaluation,
) -> bool {
    let parameters = match kind {
        EntityKind::Gate => {
            let Some(value) = overrides.gate(user, name) else {
                return false;
            };
            result.value = value;
            None
        }
        EntityKind::DynamicConfig => match overrides.dynamic_config(user, name) {
            Some(parameters) => Some(ParametersRef::Shared(parameters)),
            None => return false,
        },
        EntityKind::Experiment => match overrides.experiment(user, name) {
            Some(ExperimentOverride::Parameters(parameters)) => {
                Some(ParametersRef::Shared(parameters))
            }
            Some(ExperimentOverride::Group(group)) => Some(of_group(spec, &group)),
            None => return false,
        },
        EntityKind::Layer => match overrides.layer(user, name) {
            Some(parameters) => Some(ParametersRef::Shared(parameters)),
            None => return false,
        },
        EntityKind::ParameterStore => return false,
    };
    if let Some(parameters) = parameters {
        result.parameters = parameters;
    }
    result.rule_id = Some(Symbol::OVERRIDE);
    result.override_reason = Some(LOCAL_OVERRIDE);
    result.outcome = Outcome::Recognized;
    true
}

/// The parameters of the first rule with this group.
fn of_group(spec: Option<(&CompiledSpecs, &Spec)>, group: &str) -> ParametersRef {
    let rule = spec.and_then(|(specs, spec)| {
        spec.rules.iter().find(|rule| {
            rule.group_name
                .is_some_and(|name| *specs.text(name) == group)
        })
    });
    rule.map_or(ParametersRef::Nothing, |rule| {
        ParametersRef::from(&rule.return_value)
    })
}

/// Evaluates a name that is not in the specs. Only an override can decide.
#[must_use]
pub fn evaluate_unknown(
    scope: &EvaluationContext<'_>,
    kind: EntityKind,
    name: &str,
    user: &StatsigUser,
) -> Evaluation {
    let mut result = Evaluation::default();
    if let Some(overrides) = scope.overrides {
        overridden(overrides, user, kind, name, None, &mut result);
    }
    match scope.forced {
        Some(overrides) => forced(overrides, kind, name, result),
        None => result,
    }
}
