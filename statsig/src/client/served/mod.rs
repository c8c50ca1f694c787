//! Exposing what was served later than it was fetched.

use std::sync::Arc;

use serde_json::Value;

use super::evaluated_call::{EvaluatedCall, Logging, OwnedEvaluation};
use super::sticky::Assigned;
use super::view::View;
use crate::evaluation::Kind;
use crate::events::event::ExposureSubject;
use crate::results::{EvaluationDetails, Origin, Served};

/// An evaluation that was fetched with exposure logging disabled.
#[derive(Debug)]
struct Unexposed {
    kind: Kind,
    owned: OwnedEvaluation,
}

impl View<'_> {
    /// What a config or experiment remembers. One that was exposed only needs to know whom to warn.
    #[inline]
    pub(super) fn served(self, kind: Kind, call: &EvaluatedCall<'_>, logging: Logging) -> Served {
        if logging == Logging::Disabled {
            return self.to_be_exposed(kind, call, logging);
        }
        Served(Some(self.inner().warnings()))
    }

    /// What is kept of an evaluation that was not exposed.
    #[inline]
    pub(super) fn to_be_exposed(
        self,
        kind: Kind,
        call: &EvaluatedCall<'_>,
        logging: Logging,
    ) -> Served {
        let hold = || Unexposed {
            kind,
            owned: OwnedEvaluation::new(self.statsig, call),
        };
        Served((logging == Logging::Disabled).then(|| Arc::new(hold()) as Arc<dyn Origin>))
    }
}

impl Assigned {
    /// What a stored experiment remembers.
    pub(super) fn served(self: Arc<Self>, logging: Logging) -> Served {
        Served(Some(if logging == Logging::Disabled {
            self
        } else {
            self.statsig.inner.warnings()
        }))
    }
}

impl OwnedEvaluation {
    /// Logs the exposure of a gate, config or experiment.
    pub(super) fn expose(&self, kind: Kind, logging: Logging) {
        let (statsig, call) = (&self.statsig, self.call());
        match kind {
            Kind::Gate => statsig.expose_gate(&call, logging),
            Kind::DynamicConfig => statsig.expose_dynamic_config(&call, logging),
            Kind::Experiment => {
                let subject = ExposureSubject::Experiment;
                statsig.inner.expose(&call, subject, logging);
            }
            // Layers are exposed by parameter.
            Kind::Layer => {}
        }
    }
}

impl Origin for Unexposed {
    fn log_exposure(&self) {
        self.owned.expose(self.kind, Logging::Manual);
    }

    fn warn_of_misread(
        &self,
        entity: &str,
        details: &EvaluationDetails,
        parameter: &str,
        expected: &str,
        found: &Value,
    ) {
        let warnings = &self.owned.statsig.inner.warnings;
        warnings.warn_of_misread(entity, details, parameter, expected, found);
    }
}

/// Held by a stored experiment that was fetched with exposure logging disabled.
impl Origin for Assigned {
    fn log_exposure(&self) {
        self.expose_experiment(Logging::Manual);
    }

    fn warn_of_misread(
        &self,
        entity: &str,
        details: &EvaluationDetails,
        parameter: &str,
        expected: &str,
        found: &Value,
    ) {
        let warnings = &self.statsig.inner.warnings;
        warnings.warn_of_misread(entity, details, parameter, expected, found);
    }
}

#[cfg(test)]
mod tests;
