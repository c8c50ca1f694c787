//! Decisions that outlive their call, so that a later exposure logs the served values.

use std::sync::Arc;

use serde_json::Value;

use super::ClientInner;
use super::evaluated_call::{EvaluatedCall, OwnedEvaluation};
use super::exposure::Logging;
use super::sticky::StickyAssignment;
use crate::results::{EvaluationDetails, Origin, Served};
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// The served values of a gate, config, experiment or layer for a user.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are evaluations: boxing them would cost an allocation each"
)]
pub(super) enum OwnedDecision {
    Evaluation(OwnedEvaluation),
    /// From persistent storage.
    Assignment(Arc<StickyAssignment>),
}

impl From<&EvaluatedCall<'_>> for OwnedDecision {
    fn from(call: &EvaluatedCall<'_>) -> Self {
        Self::Evaluation(call.into())
    }
}

impl OwnedDecision {
    pub(super) fn client(&self) -> &ClientInner {
        match self {
            Self::Evaluation(evaluation) => evaluation.call().view.client,
            Self::Assignment(assignment) => &assignment.client,
        }
    }

    pub(super) fn user(&self) -> &StatsigUser {
        match self {
            Self::Evaluation(evaluation) => evaluation.call().user,
            Self::Assignment(assignment) => &assignment.user,
        }
    }

    pub(super) fn kind(&self) -> EntityKind {
        match self {
            Self::Evaluation(evaluation) => evaluation.call().kind,
            Self::Assignment(assignment) => assignment.kind,
        }
    }

    /// The value of a parameter of a config, experiment or layer.
    #[inline]
    pub(super) fn parameter(&self, parameter: &str) -> Option<&Value> {
        match self {
            Self::Evaluation(evaluation) => {
                evaluation.call().named.evaluation.parameters.get(parameter)
            }
            Self::Assignment(assignment) => assignment.parameter(parameter),
        }
    }

    /// Logs the exposure of a gate, config or experiment.
    pub(super) fn expose(&self, logging: Logging) {
        match self {
            Self::Evaluation(evaluation) => evaluation.call().expose(logging),
            Self::Assignment(assignment) => assignment.expose(logging),
        }
    }

    /// Logs the exposure of a layer's parameter.
    pub(super) fn expose_parameter(&self, parameter: &str, logging: Logging) {
        match self {
            Self::Evaluation(evaluation) => evaluation.call().expose_parameter(parameter, logging),
            Self::Assignment(assignment) => assignment.expose_parameter(parameter, logging),
        }
    }
}

/// A decision that was fetched with exposure logging disabled.
impl Origin for OwnedDecision {
    fn log_exposure(&self) {
        self.expose(Logging::Manual);
    }

    fn warn_of_misread(
        &self,
        entity: &str,
        details: &EvaluationDetails,
        parameter: &str,
        expected: &str,
        found: &Value,
    ) {
        let warnings = &self.client().warnings;
        warnings.warn_of_misread(entity, details, parameter, expected, found);
    }
}

impl EvaluatedCall<'_> {
    /// The origin that a result keeps: the decision, if it is not exposed yet. Otherwise only the
    /// means to warn of misread parameters.
    #[inline]
    pub(super) fn served(&self, logging: Logging) -> Served {
        match (logging, self.kind) {
            (Logging::Disabled, _) => Served(Some(Arc::new(OwnedDecision::from(self)))),
            (_, EntityKind::Gate) => Served::default(),
            _ => Served(Some(self.view.client.warnings())),
        }
    }
}

impl StickyAssignment {
    /// The origin that the result of a stored experiment keeps.
    pub(super) fn served(self: &Arc<Self>, logging: Logging) -> Served {
        Served(Some(match logging {
            Logging::Disabled => Arc::new(OwnedDecision::Assignment(Arc::clone(self))),
            _ => self.client.warnings(),
        }))
    }
}

#[cfg(test)]
mod tests;
