//! An evaluation within the call that made it, and one that outlives the call.

use std::ops::Deref;
use std::sync::Arc;

use statsig_core::evaluation::NamedEvaluation;

use super::ClientInner;
use super::view::View;
use crate::evaluation::{Evaluation, Outcome};
use crate::shared::Published;
use crate::specs::compiled::{CompiledSpecs, EntryId};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// An evaluation within the call that made it.
#[derive(Clone, Copy)]
pub(super) struct EvaluatedCall<'a> {
    pub(super) view: View<'a>,
    pub(super) user: &'a StatsigUser,
    pub(super) kind: EntityKind,
    pub(super) named: NamedEvaluation<'a>,
}

impl<'a> Deref for EvaluatedCall<'a> {
    type Target = NamedEvaluation<'a>;

    #[inline]
    fn deref(&self) -> &NamedEvaluation<'a> {
        &self.named
    }
}

impl<'a> EvaluatedCall<'a> {
    #[inline]
    pub(super) fn specs(&self) -> &'a CompiledSpecs {
        &self.view.published.specs
    }

    /// The rule that supplied a parameter.
    pub(super) fn rule_of(&self, parameter: &str) -> Symbol {
        let rules = self.evaluation.parameter_rules.as_deref();
        rules
            .and_then(|rules| rules.iter().find(|(name, _)| name == parameter))
            .map_or(self.evaluation.rule_symbol(), |(_, rule)| *rule)
    }

    pub(super) fn is_recognized(&self) -> bool {
        self.evaluation.outcome == Outcome::Recognized || self.evaluation.override_reason.is_some()
    }

    /// Whether the request overrides this parameter.
    #[inline]
    pub(super) fn overrides_parameter(&self, parameter: &str) -> bool {
        let forced = self.evaluation.forced();
        forced.is_some_and(|forced| forced.parameters.contains_key(parameter))
    }

    /// This evaluation without the overrides of the request.
    pub(super) fn without_request_overrides(&self) -> Self {
        let base = self.evaluation.forced().map(|forced| &forced.base);
        Self {
            named: NamedEvaluation {
                evaluation: base.unwrap_or(self.evaluation),
                ..self.named
            },
            ..*self
        }
    }

    /// The evaluation that decided a parameter, or the whole.
    pub(super) fn decider(&self, parameter: Option<&str>) -> Self {
        match parameter {
            Some(parameter) if !self.overrides_parameter(parameter) => {
                self.without_request_overrides()
            }
            _ => *self,
        }
    }

    /// The experiments whose group a condition requested, in order.
    pub(super) fn looked_up(&self) -> impl Iterator<Item = EvaluatedCall<'a>> {
        let call = *self;
        call.named.looked_up().map(move |named| EvaluatedCall {
            kind: EntityKind::Experiment,
            named,
            ..call
        })
    }
}

/// An evaluation that outlives the call that made it.
#[derive(Debug, Clone)]
pub(crate) struct OwnedEvaluation {
    client: Arc<ClientInner>,
    published: Arc<Published>,
    user: StatsigUser,
    kind: EntityKind,
    name: SharedStr,
    entry: Option<EntryId>,
    evaluation: Evaluation,
}

impl From<&EvaluatedCall<'_>> for OwnedEvaluation {
    fn from(call: &EvaluatedCall<'_>) -> Self {
        Self {
            client: Arc::clone(call.view.client),
            published: Arc::clone(call.view.published),
            user: call.user.clone(),
            kind: call.kind,
            name: call.shared_name(),
            entry: call.entry,
            evaluation: call.evaluation.clone(),
        }
    }
}

impl OwnedEvaluation {
    #[inline]
    pub(super) fn call(&self) -> EvaluatedCall<'_> {
        EvaluatedCall {
            view: View {
                client: &self.client,
                published: &self.published,
            },
            user: &self.user,
            kind: self.kind,
            named: NamedEvaluation {
                snapshot: &self.published,
                name: &self.name,
                entry: self.entry,
                evaluation: &self.evaluation,
            },
        }
    }
}
