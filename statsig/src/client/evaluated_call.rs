//! From a name and a user to an evaluation, to what callers get and to what is logged: the path that every call takes.

use std::ops::Deref;
use std::sync::Arc;

use statsig_core::decision::Decision;

use super::unknown::Asked;
use super::{ClientInner, Statsig};
use crate::evaluation::memo::Key;
use crate::evaluation::{
    Evaluation, EvaluationContext, Evaluator, Kind, NestedGate, Outcome, evaluate_unknown,
};
use crate::events::event::{
    Exposure, ExposureSubject, QueuedEvent, SamplingInputs, SecondaryExposure, SecondaryExposures,
};
use crate::hash::{mix, text_hash};
use crate::results::{EvaluationDetails, Reason, SpecsSource};
use crate::shared::Published;
use crate::specs::compiled::EntryId;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;
use crate::user::StatsigUser;

/// An evaluation within the call that made it.
#[derive(Debug, Clone, Copy)]
pub(super) struct EvaluatedCall<'a> {
    pub(super) published: &'a Arc<Published>,
    pub(super) user: &'a StatsigUser,
    pub(super) decision: Decision<'a>,
}

impl<'a> Deref for EvaluatedCall<'a> {
    type Target = Decision<'a>;

    fn deref(&self) -> &Decision<'a> {
        &self.decision
    }
}

/// How an exposure came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logging {
    /// By reading a value.
    Automatic,
    /// On request.
    Manual,
    /// Suppressed: only counted.
    Disabled,
}

impl Logging {
    pub(super) fn unless(disabled: bool) -> Self {
        if disabled {
            Self::Disabled
        } else {
            Self::Automatic
        }
    }
}

/// What makes an exposure a repeat of another, and what sampling decides by.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExposureKey {
    pub(super) spec_and_rule: u64,
    pub(super) whole: u64,
}

impl ExposureKey {
    /// `extra` is what else tells two exposures of an entity apart; so does the ID of the entity's type, if it is to count.
    #[inline]
    pub(super) fn new(
        call: &EvaluatedCall<'_>,
        rule: Symbol,
        extra: u64,
        counts_id_type: bool,
    ) -> Self {
        Self::of(
            call.name_hash(),
            call.published.specs.symbols.hash(rule),
            call.user_hash(counts_id_type),
            extra,
        )
    }

    /// The key of these parts, each of them hashed.
    #[inline]
    pub(super) fn of(name: u64, rule: u64, user: u64, extra: u64) -> Self {
        let spec_and_rule = mix(name, rule);
        Self {
            spec_and_rule,
            whole: mix(mix(spec_and_rule, user), extra),
        }
    }
}

/// A gate that an evaluation went through, to be logged as an exposure of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct NestedExposure<'a> {
    pub(super) gate: &'a SharedStr,
    pub(super) gate_hash: u64,
    pub(super) rule_id: &'a SharedStr,
    pub(super) rule_hash: u64,
    pub(super) value: bool,
}

impl ClientInner {
    /// Evaluates with these specs.
    #[inline]
    pub(super) fn evaluate_in<R>(
        &self,
        published: &Arc<Published>,
        kind: Kind,
        name: &str,
        user: &StatsigUser,
        read: impl FnOnce(EvaluatedCall<'_>) -> R,
    ) -> R {
        let overrides = self.shared.overrides.active();
        let found = published.specs.find(name);
        let Some((id, entry)) = found.and_then(|id| Some((id, published.specs.entry(id)?))) else {
            let scope = EvaluationContext::of(published, 0, 0).with_overrides(overrides);
            let evaluation = &evaluate_unknown(&scope, kind, name, user);
            if evaluation.outcome == Outcome::Unrecognized {
                self.warn_of_unknown(published, Asked::Entity(kind), name);
            }
            return read(EvaluatedCall::new(published, user, name, None, evaluation));
        };
        let call = |evaluation: &Evaluation| {
            read(EvaluatedCall::new(
                published,
                user,
                name,
                Some(id),
                evaluation,
            ))
        };
        let evaluate = || {
            let now_ms = if entry.traits.time {
                self.shared.clock.now_ms()
            } else {
                0
            };
            let seed = if entry.traits.volatile {
                fastrand::u64(..)
            } else {
                0
            };
            let scope = EvaluationContext::of(published, now_ms, seed).with_overrides(overrides);
            let evaluation = Evaluator::new(scope, user).evaluate(kind, id);
            if evaluation.outcome == Outcome::Unrecognized {
                self.warn_of_unknown(published, Asked::Entity(kind), name);
            }
            evaluation
        };
        if overrides.is_some() {
            return call(&evaluate());
        }
        if entry.traits.is_constant()
            && let Some(evaluation) = published.memo.constant(kind, id, evaluate)
        {
            return call(evaluation);
        }
        if !entry.traits.is_memoisable() {
            return call(&evaluate());
        }
        let key = Key {
            fingerprint: user.fingerprint(),
            entry: id,
            kind,
        };
        published.memo.read(key, evaluate, call)
    }

    /// Logs the exposure of a gate, config or experiment, and before it those of experiments that conditions asked for.
    #[inline]
    pub(super) fn expose(
        &self,
        call: &EvaluatedCall<'_>,
        subject: ExposureSubject,
        logging: Logging,
    ) {
        self.expose_looked_up_only(call, logging);
        let extra = match &subject {
            ExposureSubject::Gate { value } | ExposureSubject::NestedGate { value } => {
                u64::from(*value)
            }
            ExposureSubject::DynamicConfig { rule_passed } => u64::from(*rule_passed == Some(true)),
            ExposureSubject::Experiment => u64::from(call.evaluation.is_experiment_group),
            ExposureSubject::LayerParameter { parameter, .. } => text_hash(parameter),
        };
        let rule = call.evaluation.rule_symbol();
        let secondary = Some(&*call.evaluation.nested_gates);
        self.log(call, || subject, rule, secondary, extra, logging);
    }

    /// Logs the exposures of experiments that conditions asked for, and not the entity's own.
    #[inline]
    pub(super) fn expose_looked_up_only(&self, call: &EvaluatedCall<'_>, logging: Logging) {
        if call.evaluation.looked_up.is_some() {
            self.expose_looked_up(call, logging);
        }
    }

    /// A condition that asks for an experiment's group exposes that experiment like a call of its own.
    #[cold]
    fn expose_looked_up(&self, call: &EvaluatedCall<'_>, logging: Logging) {
        // A manual exposure is about the entity that it names; the experiments behind it are read as ever.
        let logging = if logging == Logging::Manual {
            Logging::Automatic
        } else {
            logging
        };
        for inner in call.looked_up() {
            self.expose(&inner, ExposureSubject::Experiment, logging);
        }
    }

    /// Deduplicates and queues one exposure. `secondary` is `None` for no list at all.
    #[inline]
    pub(super) fn log(
        &self,
        call: &EvaluatedCall<'_>,
        subject: impl FnOnce() -> ExposureSubject,
        rule: Symbol,
        secondary: Option<&[NestedGate]>,
        extra: u64,
        logging: Logging,
    ) {
        let shared = &self.shared;
        if shared.options.disable_all_logging {
            return;
        }
        if logging == Logging::Disabled {
            self.count_check_of(call);
            return;
        }
        // A manual exposure is known by another key, so that an automatic one does not suppress it.
        let key = ExposureKey::new(call, rule, extra, logging == Logging::Automatic);
        let rule_id = call.published.specs.text(rule);
        let is_manual = logging == Logging::Manual;
        self.log_once(key, call, subject, rule_id, secondary, is_manual);
    }

    /// Queues one exposure, unless one with this key was logged before.
    #[inline]
    pub(super) fn log_once(
        &self,
        key: ExposureKey,
        call: &EvaluatedCall<'_>,
        subject: impl FnOnce() -> ExposureSubject,
        rule_id: &SharedStr,
        secondary: Option<&[NestedGate]>,
        is_manual: bool,
    ) {
        let shared = &self.shared;
        if shared.events.exposes_nested_gates(call.published) {
            self.log_with_nested_gates(key, call, subject(), rule_id, secondary, is_manual);
            return;
        }
        if !self.is_new(&key) {
            return;
        }
        let evaluation = call.evaluation;
        let sampling = SamplingInputs {
            rate: evaluation.sampling_rate,
            forward_all: evaluation.forward_all_exposures,
            has_seen_analytical_gates: evaluation.has_seen_analytical_gates,
            spec_rule_hash: key.spec_and_rule,
            key_hash: key.whole,
        };
        self.queue(QueuedEvent::Exposure(Exposure {
            user: call.user.clone(),
            name: call.shared_name(),
            rule_id: rule_id.clone(),
            subject: subject(),
            details: call.details(),
            secondary: call.secondary(secondary),
            is_manual,
            override_config_name: evaluation.mapped_to.map(|name| call.text(name)),
            sampling,
            time_ms: shared.clock.now_ms(),
        }));
    }

    /// Like [`log_once`](Self::log_once), with the nested gates as exposures of their own behind it, even if it is a repeat itself.
    #[cold]
    fn log_with_nested_gates(
        &self,
        key: ExposureKey,
        call: &EvaluatedCall<'_>,
        subject: ExposureSubject,
        rule_id: &SharedStr,
        secondary: Option<&[NestedGate]>,
        is_manual: bool,
    ) {
        let evaluation = call.evaluation;
        let specs = &call.published.specs;
        let time_ms = self.shared.clock.now_ms();
        if self.is_new(&key) {
            self.queue(QueuedEvent::Exposure(Exposure {
                user: call.user.clone(),
                name: call.shared_name(),
                rule_id: rule_id.clone(),
                subject,
                details: call.details(),
                secondary: call.secondary(secondary.map(|_| &[][..])),
                is_manual,
                override_config_name: evaluation.mapped_to.map(|name| call.text(name)),
                sampling: SamplingInputs {
                    rate: evaluation.sampling_rate,
                    forward_all: evaluation.forward_all_exposures,
                    has_seen_analytical_gates: false,
                    spec_rule_hash: key.spec_and_rule,
                    key_hash: key.whole,
                },
                time_ms,
            }));
        }
        for nested in secondary.unwrap_or_default() {
            let nested = NestedExposure {
                gate: specs.text(nested.gate),
                gate_hash: specs.symbols.hash(nested.gate),
                rule_id: specs.text(nested.rule_id),
                rule_hash: specs.symbols.hash(nested.rule_id),
                value: nested.value,
            };
            self.expose_nested_gate(call.user, &nested, time_ms);
        }
    }

    /// Logs a gate that an evaluation went through as an exposure of its own.
    pub(super) fn expose_nested_gate(
        &self,
        user: &StatsigUser,
        nested: &NestedExposure<'_>,
        time_ms: u64,
    ) {
        let key = ExposureKey::of(
            nested.gate_hash,
            nested.rule_hash,
            user.exposure_hash_by(None),
            u64::from(nested.value),
        );
        if !self.is_new(&key) {
            return;
        }
        self.queue(QueuedEvent::Exposure(Exposure {
            user: user.clone(),
            name: nested.gate.clone(),
            rule_id: nested.rule_id.clone(),
            subject: ExposureSubject::NestedGate {
                value: nested.value,
            },
            details: EvaluationDetails::without_specs(Reason::NoSpecs(SpecsSource::NoValues)),
            secondary: SecondaryExposures::Empty,
            is_manual: false,
            override_config_name: None,
            sampling: SamplingInputs {
                spec_rule_hash: key.spec_and_rule,
                key_hash: key.whole,
                ..SamplingInputs::default()
            },
            time_ms,
        }));
    }

    /// Whether no exposure with this key was logged in the current window. A repeat is counted.
    #[inline]
    pub(super) fn is_new(&self, key: &ExposureKey) -> bool {
        let is_new = self.shared.events.dedupe.is_new(key.whole);
        if !is_new {
            self.shared.events.counters.add_deduplicated();
        }
        is_new
    }

    /// Counts a check of an entity whose exposure is suppressed.
    pub(super) fn count_check_of(&self, call: &EvaluatedCall<'_>) {
        self.count_check(call.name_hash(), || call.shared_name());
    }

    /// Counts a check that causes no exposure, by the name and its hash.
    pub(super) fn count_check(&self, hash: u64, name: impl FnOnce() -> SharedStr) {
        // The counts have locks, which a fork may have inherited.
        if !self.shared.options.disable_all_logging && self.shared.home.is_here() {
            self.shared.events.non_exposed.add(hash, name);
        }
    }

    /// Puts an event into the queue, or counts it as lost.
    pub(super) fn queue(&self, event: QueuedEvent) {
        if self.shared.events.record(event) {
            self.nudge();
        }
    }
}

impl<'a> EvaluatedCall<'a> {
    #[inline]
    pub(super) fn new(
        published: &'a Arc<Published>,
        user: &'a StatsigUser,
        name: &'a str,
        entry: Option<EntryId>,
        evaluation: &'a Evaluation,
    ) -> Self {
        Self {
            published,
            user,
            decision: Decision {
                snapshot: published,
                name,
                entry,
                evaluation,
            },
        }
    }

    /// The experiments that conditions asked for, in order.
    pub(super) fn looked_up(&self) -> impl Iterator<Item = EvaluatedCall<'a>> {
        let call = *self;
        call.decision
            .looked_up()
            .map(move |decision| EvaluatedCall { decision, ..call })
    }

    #[inline]
    fn name_hash(&self) -> u64 {
        let specs = &self.published.specs;
        match self.entry.and_then(|entry| specs.entry(entry)) {
            Some(entry) => specs.symbols.hash(entry.name),
            None => text_hash(self.name),
        }
    }

    /// Identifies the user for deduplication, by the ID of the entity's type too if that is to count.
    #[inline]
    pub(super) fn user_hash(&self, counts_id_type: bool) -> u64 {
        let id_type = self
            .evaluation
            .id_type
            .filter(|_| counts_id_type)
            .map(|id_type| self.published.specs.symbols.get(id_type));
        match id_type {
            Some(id_type) if id_type.is_user_id => self.user.exposure_hash_by_user_id(),
            id_type => self
                .user
                .exposure_hash_by(id_type.map(|id_type| id_type.text.as_str())),
        }
    }

    fn secondary(&self, gates: Option<&[NestedGate]>) -> SecondaryExposures {
        let Some(gates) = gates.filter(|_| self.evaluation.outcome != Outcome::TooDeep) else {
            return SecondaryExposures::Absent;
        };
        if gates.is_empty() {
            return SecondaryExposures::Empty;
        }
        let shared = gates.iter().map(|nested| SecondaryExposure {
            gate: self.text(nested.gate),
            value: nested.value,
            rule_id: self.text(nested.rule_id),
        });
        SecondaryExposures::List(shared.collect())
    }
}

/// An evaluation that outlives the call that made it, with what it takes to expose it later.
#[derive(Debug, Clone)]
pub(crate) struct OwnedEvaluation {
    pub(super) statsig: Statsig,
    pub(super) published: Arc<Published>,
    user: StatsigUser,
    name: SharedStr,
    entry: Option<EntryId>,
    pub(super) evaluation: Evaluation,
}

impl OwnedEvaluation {
    pub(super) fn new(statsig: &Statsig, call: &EvaluatedCall<'_>) -> Self {
        Self {
            statsig: statsig.clone(),
            published: Arc::clone(call.published),
            user: call.user.clone(),
            name: call.shared_name(),
            entry: call.entry,
            evaluation: call.evaluation.clone(),
        }
    }

    pub(super) fn user(&self) -> &StatsigUser {
        &self.user
    }

    pub(super) fn call(&self) -> EvaluatedCall<'_> {
        EvaluatedCall::new(
            &self.published,
            &self.user,
            &self.name,
            self.entry,
            &self.evaluation,
        )
    }
}
