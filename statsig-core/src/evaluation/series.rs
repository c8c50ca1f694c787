//! Evaluates many entities for one user with one set of specs. Each nested gate is evaluated once.

use super::evaluate::{Evaluator, Progress};
use super::known_gates::KnownGates;
use super::result::{Evaluation, Outcome};
use crate::entity_kind::EntityKind;
use crate::evaluation::context::EvaluationContext;
use crate::specs::compiled::EntryId;
use crate::user::StatsigUser;

/// Evaluates entities one after the other. Each result equals that of a separate evaluation.
#[derive(Debug)]
pub struct Series<'a>(Evaluator<'a>);

impl<'a> Series<'a> {
    pub(crate) fn new(scope: EvaluationContext<'a>, user: &'a StatsigUser) -> Self {
        let mut evaluator = Evaluator::new(scope, user);
        evaluator.known_gates = KnownGates::of_series(&scope.snapshot.specs);
        Self(evaluator)
    }

    pub(crate) fn evaluate(&mut self, kind: EntityKind, entry: EntryId) -> Evaluation {
        if self.0.scope.forced.is_some() {
            let evaluation = self.unforced(kind, entry);
            return self.0.forced(kind, entry, evaluation);
        }
        self.unforced(kind, entry)
    }

    /// Nested gates are known without the overrides of the request.
    fn unforced(&mut self, kind: EntityKind, entry: EntryId) -> Evaluation {
        let evaluator = &mut self.0;
        evaluator.progress = Progress::default();
        evaluator.looking_up.clear();
        evaluator.redirecting.clear();
        evaluator.known_gates.next();
        if kind != EntityKind::Gate {
            return evaluator.unforced(kind, entry);
        }
        if let Some(known) = evaluator.known_gates.get(entry) {
            return known.clone();
        }
        let evaluation = evaluator.unforced(kind, entry);
        if let Some(gate) = evaluator.specs.entry(entry)
            && gate.is_referred_to
            && evaluation.outcome != Outcome::TooDeep
        {
            let is_contextual = gate.dependencies.contextual;
            let known_gates = &mut evaluator.known_gates;
            known_gates.add(entry, &evaluation, is_contextual, false);
        }
        evaluation
    }
}
