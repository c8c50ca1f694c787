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

/// Applies the override. It sets only value, rule and reason. Returns `None` without an override.
pub(super) fn overridden(
    overrides: &dyn OverrideAdapter,
    user: &StatsigUser,
    kind: EntityKind,
    name: &str,
    spec: Option<(&CompiledSpecs, &Spec)>,
    result: &mut Evaluation,
) -> Option<()> {
    let parameters = match kind {
        EntityKind::Gate => {
            result.value = overrides.gate(user, name)?;
            None
        }
        EntityKind::DynamicConfig => Some(overrides.dynamic_config(user, name)?),
        EntityKind::Experiment => match overrides.experiment(user, name)? {
            ExperimentOverride::Parameters(parameters) => Some(parameters),
            ExperimentOverride::Group(group) => {
                result.parameters = of_group(spec, &group);
                None
            }
        },
        EntityKind::Layer => Some(overrides.layer(user, name)?),
        EntityKind::ParameterStore => return None,
    };
    if let Some(parameters) = parameters {
        result.parameters = ParametersRef::Shared(parameters);
    }
    result.rule_id = Some(Symbol::OVERRIDE);
    result.override_reason = Some(LOCAL_OVERRIDE);
    result.outcome = Outcome::Recognized;
    Some(())
}

/// The parameters of the first rule with this group.
fn of_group(spec: Option<(&CompiledSpecs, &Spec)>, group: &str) -> ParametersRef {
    let rule = spec.and_then(|(specs, spec)| {
        let is_meant = |name| *specs.text(name) == *group;
        let mut rules = spec.rules.iter();
        rules.find(|rule| rule.group_name.is_some_and(is_meant))
    });
    rule.map_or(ParametersRef::Nothing, |rule| (&rule.return_value).into())
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
