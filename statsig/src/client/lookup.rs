//! From a name and a user to an evaluation.
//!
//! Each read inlines its lookup. Otherwise the compiler writes the call to memory and reads it
//! again, which takes longer than a memo lookup.

use std::sync::Arc;

use statsig_core::evaluation::NamedEvaluation;

use super::evaluated_call::EvaluatedCall;
use super::view::{Specs, View};
use super::{ClientInner, Statsig};
use crate::evaluation::memo::Key;
use crate::evaluation::{Evaluation, EvaluationContext, Evaluator, Outcome, evaluate_unknown};
use crate::overrides::OverrideAdapter;
use crate::specs::compiled::{Entry, EntryId};
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// The data that one read borrows: its specs, and an evaluation that the memo does not hold.
pub(super) struct Read<'a> {
    client: &'a Arc<ClientInner>,
    specs: Specs<'a>,
    fresh: Option<Evaluation>,
}

impl Statsig {
    /// Starts to read one entity.
    #[inline(always)]
    pub(super) fn read(&self) -> Read<'_> {
        Read {
            client: &self.inner,
            specs: self.specs(),
            fresh: None,
        }
    }
}

impl Read<'_> {
    #[inline(always)]
    pub(super) fn evaluate<'a>(
        &'a mut self,
        kind: EntityKind,
        name: &'a str,
        user: &'a StatsigUser,
    ) -> EvaluatedCall<'a> {
        let view = View {
            client: self.client,
            published: &self.specs,
        };
        view.evaluate(kind, name, user, &mut self.fresh)
    }
}

impl<'a> View<'a> {
    /// Evaluates an entity. `fresh` takes the evaluation if the memo does not hold it.
    #[inline(always)]
    pub(super) fn evaluate(
        self,
        kind: EntityKind,
        name: &'a str,
        user: &'a StatsigUser,
        fresh: &'a mut Option<Evaluation>,
    ) -> EvaluatedCall<'a> {
        let specs = &self.published.specs;
        let found = specs.find(name);
        let known = found.and_then(|id| Some((id, specs.entry(id)?)));
        let evaluation = match known {
            Some((id, entry)) => self.evaluation(kind, id, entry, user, fresh),
            None => fresh.insert(self.evaluate_unknown(kind, name, user)),
        };
        EvaluatedCall {
            view: self,
            user,
            kind,
            named: NamedEvaluation {
                snapshot: self.published,
                name,
                entry: known.map(|(id, _)| id),
                evaluation,
            },
        }
    }

    /// The evaluation of a known name, from the memo or new.
    #[inline(always)]
    fn evaluation(
        self,
        kind: EntityKind,
        id: EntryId,
        entry: &Entry,
        user: &StatsigUser,
        fresh: &'a mut Option<Evaluation>,
    ) -> &'a Evaluation {
        let memo = &self.published.memo;
        // Asked once: an evaluation that an override decided must not get into the memo.
        let overrides = self.client.shared.overrides.active();
        if overrides.is_none() {
            if entry.dependencies.is_constant()
                && let Some(constant) =
                    memo.constant(kind, id, || self.evaluate_now(kind, id, entry, user, None))
            {
                return constant;
            }
            if entry.dependencies.is_memoisable() {
                let key = Key {
                    fingerprint: user.fingerprint(),
                    entry: id,
                    kind,
                };
                if let Some(remembered) = memo.get(key) {
                    return remembered;
                }
                let evaluation = fresh.insert(self.evaluate_now(kind, id, entry, user, None));
                memo.add(key, evaluation);
                return evaluation;
            }
        }
        fresh.insert(self.evaluate_now(kind, id, entry, user, overrides))
    }

    #[inline(never)]
    fn evaluate_now(
        self,
        kind: EntityKind,
        id: EntryId,
        entry: &Entry,
        user: &StatsigUser,
        overrides: Option<&dyn OverrideAdapter>,
    ) -> Evaluation {
        let shared = &self.client.shared;
        let now_ms = if entry.dependencies.time {
            shared.clock.now_ms()
        } else {
            0
        };
        let seed = if entry.dependencies.volatile {
            fastrand::u64(..)
        } else {
            0
        };
        let context = EvaluationContext::of(self.published, now_ms, seed).with_overrides(overrides);
        let evaluation = Evaluator::new(context, user).evaluate(kind, id);
        if evaluation.outcome == Outcome::Unrecognized {
            let name = self.published.specs.text(entry.name);
            self.client.warn_of_unknown(self.published, kind, name);
        }
        evaluation
    }

    /// Evaluates a name that the specs do not have: only an override can give it a value.
    #[cold]
    fn evaluate_unknown(self, kind: EntityKind, name: &str, user: &StatsigUser) -> Evaluation {
        let context = EvaluationContext::of(self.published, 0, 0)
            .with_overrides(self.client.shared.overrides.active());
        let evaluation = evaluate_unknown(&context, kind, name, user);
        if evaluation.outcome == Outcome::Unrecognized {
            self.client.warn_of_unknown(self.published, kind, name);
        }
        evaluation
    }
}
