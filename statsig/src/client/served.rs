//! Exposing what was served later than it was fetched.

use std::sync::Arc;

use serde_json::Value;

use super::reading::{Held, Logging, Reading};
use super::sticky::Assigned;
use super::view::View;
use crate::evaluation::Kind;
use crate::events::event::ExposureSubject;
use crate::results::{EvaluationDetails, Origin, Served};

/// An evaluation that was fetched with exposure logging disabled.
#[derive(Debug)]
struct Unexposed {
    kind: Kind,
    held: Held,
}

impl View<'_> {
    /// What a config or experiment remembers. One that was exposed only needs to know whom to warn.
    #[inline]
    pub(super) fn served(self, kind: Kind, reading: &Reading<'_>, logging: Logging) -> Served {
        if logging == Logging::Disabled {
            return self.to_be_exposed(kind, reading, logging);
        }
        Served(Some(self.core().warnings()))
    }

    /// What is held of an evaluation that was not exposed.
    #[inline]
    pub(super) fn to_be_exposed(
        self,
        kind: Kind,
        reading: &Reading<'_>,
        logging: Logging,
    ) -> Served {
        let hold = || Unexposed {
            kind,
            held: Held::new(self.statsig, reading),
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
            self.statsig.core.warnings()
        }))
    }
}

impl Held {
    /// Logs the exposure of a gate, config or experiment.
    pub(super) fn expose(&self, kind: Kind, logging: Logging) {
        let (statsig, reading) = (&self.statsig, self.reading());
        match kind {
            Kind::Gate => statsig.expose_gate(&reading, logging),
            Kind::DynamicConfig => statsig.expose_dynamic_config(&reading, logging),
            Kind::Experiment => {
                let subject = ExposureSubject::Experiment;
                statsig.core.expose(&reading, subject, logging);
            }
            // Layers are exposed by parameter.
            Kind::Layer => {}
        }
    }
}

impl Origin for Unexposed {
    fn log_exposure(&self) {
        self.held.expose(self.kind, Logging::Manual);
    }

    fn warn_of_misread(
        &self,
        entity: &str,
        details: &EvaluationDetails,
        parameter: &str,
        expected: &str,
        found: &Value,
    ) {
        let warnings = &self.held.statsig.core.warnings;
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
        let warnings = &self.statsig.core.warnings;
        warnings.warn_of_misread(entity, details, parameter, expected, found);
    }
}

#[cfg(test)]
mod tests;
