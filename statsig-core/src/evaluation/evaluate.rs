//! The order of evaluation: override, redirection, bandit, rules, default.

use smallvec::SmallVec;

use super::bucket::{KnownBuckets, is_in_share};
use super::context::EvaluationContext;
use super::forced::forced;
use super::known_gates::KnownGates;
use super::overridden::overridden;
use super::result::{Evaluation, Outcome, ParametersRef, Undelegated};
use super::trace::{NoTrace, Trace};
use crate::entity_kind::EntityKind;
use crate::results::explanation::RuleTriedEnd;
use crate::specs::compiled::{
    CompiledSpecs, ConditionId, Entry, EntryId, Rule, Share, Spec, SpecId, UnitIdType,
};
use crate::specs::symbols::Symbol;
use crate::user::StatsigUser;

/// The maximum depth of nested gates.
const MAX_NESTED_GATES_DEPTH: usize = 64;
/// The maximum length of a chain of delegates.
const MAX_DELEGATIONS: usize = 300;
/// The maximum of all recursion together, so that no specs can overflow the stack.
const MAX_FRAMES: usize = 400;
/// The maximum number of rules in one evaluation, so that evaluations end after a few milliseconds
/// with any specs.
const MAX_RULES: usize = 50_000;
/// The maximum number of nested gates and looked-up experiments in one evaluation, including
/// repeats, so that no specs can exhaust the memory.
const MAX_RECORDED: usize = 100_000;

/// A limit was reached, and the evaluation stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooDeep;

/// The counters for the limits.
#[derive(Debug, Default)]
pub(super) struct Progress {
    nested_gates_depth: usize,
    nested_gates_evaluated: usize,
    frames: usize,
    rules_tried: usize,
    recorded: usize,
    /// The number of delegates around the current evaluation.
    pub(super) delegations: usize,
}

/// Evaluates entities for one user with one set of specs.
#[derive(Debug)]
pub struct Evaluator<'a, T: Trace = NoTrace> {
    pub(super) specs: &'a CompiledSpecs,
    pub(super) user: &'a StatsigUser,
    pub(super) scope: EvaluationContext<'a>,
    pub(super) trace: T,
    /// Experiments whose group lookup is in progress.
    pub(super) looking_up: SmallVec<[EntryId; 2]>,
    /// Names whose redirection is in progress.
    pub(super) redirecting: SmallVec<[EntryId; 2]>,
    pub(super) known_gates: KnownGates,
    pub(super) known_buckets: KnownBuckets,
    pub(super) progress: Progress,
    pub(super) draws: fastrand::Rng,
}

impl<'a> Evaluator<'a> {
    /// Evaluates without a trace.
    #[must_use]
    pub fn new(scope: EvaluationContext<'a>, user: &'a StatsigUser) -> Self {
        Self::traced(scope, user, NoTrace)
    }
}

impl<'a, T: Trace> Evaluator<'a, T> {
    pub(crate) fn traced(scope: EvaluationContext<'a>, user: &'a StatsigUser, trace: T) -> Self {
        Self {
            specs: &scope.snapshot.specs,
            user,
            scope,
            trace,
            looking_up: SmallVec::new(),
            redirecting: SmallVec::new(),
            known_gates: KnownGates::default(),
            known_buckets: KnownBuckets::default(),
            progress: Progress::default(),
            draws: fastrand::Rng::with_seed(scope.seed),
        }
    }

    /// Returns the trace with its events.
    pub fn finish(self) -> T {
        self.trace
    }

    /// Evaluates an entity. It never fails: reaching a limit is an outcome.
    pub fn evaluate(&mut self, kind: EntityKind, entry: EntryId) -> Evaluation {
        // Decides before evaluating: a choice between two results would copy each of them.
        if self.scope.forced.is_some() {
            return self.with_request_overrides(kind, entry);
        }
        self.unforced(kind, entry)
    }

    #[cold]
    fn with_request_overrides(&mut self, kind: EntityKind, entry: EntryId) -> Evaluation {
        let result = self.unforced(kind, entry);
        self.forced(kind, entry, result)
    }

    /// Applies the overrides of the request.
    #[cold]
    pub(super) fn forced(&self, kind: EntityKind, id: EntryId, result: Evaluation) -> Evaluation {
        match (self.scope.forced, self.specs.entry(id)) {
            (Some(overrides), Some(entry)) => {
                forced(overrides, kind, self.specs.text(entry.name), result)
            }
            _ => result,
        }
    }

    /// Evaluates an entity without the overrides of the request.
    #[inline(always)]
    pub(super) fn unforced(&mut self, kind: EntityKind, entry: EntryId) -> Evaluation {
        if kind == EntityKind::Experiment {
            self.looking_up.push(entry);
        }
        let mut result = Evaluation::default();
        if self.entry(kind, entry, &mut result) == Err(TooDeep) {
            result = Evaluation {
                outcome: Outcome::TooDeep,
                ..Evaluation::default()
            };
        }
        result
    }

    /// Evaluates into a separate result.
    pub(super) fn isolated(
        &mut self,
        kind: EntityKind,
        entry: EntryId,
    ) -> Result<Evaluation, TooDeep> {
        let mut result = Evaluation::default();
        let delegations = std::mem::take(&mut self.progress.delegations);
        let evaluated = self.entry(kind, entry, &mut result);
        self.progress.delegations = delegations;
        evaluated.map(|()| result)
    }

    /// Evaluates a gate that another entity refers to.
    pub(super) fn nested(&mut self, gate: EntryId) -> Result<Evaluation, TooDeep> {
        if let Some(known) = self.known_gates.get(gate) {
            self.trace.known(gate, known);
            return Ok(known.clone());
        }
        if self.progress.nested_gates_depth >= MAX_NESTED_GATES_DEPTH {
            return Err(TooDeep);
        }
        self.progress.nested_gates_evaluated += 1;
        let evaluated_before = self.progress.nested_gates_evaluated;
        self.progress.nested_gates_depth += 1;
        let evaluated = self.isolated(EntityKind::Gate, gate);
        self.progress.nested_gates_depth -= 1;
        let evaluation = evaluated?;
        let leads_to_others = self.progress.nested_gates_evaluated > evaluated_before;
        let is_contextual =
            (self.specs.entry(gate)).is_none_or(|entry| entry.dependencies.contextual);
        self.known_gates
            .add(gate, &evaluation, is_contextual, leads_to_others);
        Ok(evaluation)
    }

    /// Adds a nested gate and its own nested gates to the parent's result.
    pub(super) fn join(
        &mut self,
        nested: &Evaluation,
        result: &mut Evaluation,
    ) -> Result<(), TooDeep> {
        let looked_up = nested.looked_up();
        self.count_recorded(nested.nested_gates.len() + looked_up.len() + 1)?;
        result.nested_gates.extend_from_slice(&nested.nested_gates);
        if !looked_up.is_empty() {
            let aside = result.aside.get_or_insert_default();
            aside.looked_up.extend_from_slice(looked_up);
        }
        result.id_list = nested.id_list.or(result.id_list);
        result.has_seen_analytical_gates |= nested.has_seen_analytical_gates;
        if nested.outcome == Outcome::Unsupported {
            result.outcome = Outcome::Unsupported;
        }
        Ok(())
    }

    pub(super) fn count_recorded(&mut self, count: usize) -> Result<(), TooDeep> {
        self.progress.recorded += count;
        if self.progress.recorded > MAX_RECORDED {
            Err(TooDeep)
        } else {
            Ok(())
        }
    }

    /// Evaluates into a result that may already contain parts of a layer.
    pub(super) fn entry(
        &mut self,
        kind: EntityKind,
        id: EntryId,
        result: &mut Evaluation,
    ) -> Result<(), TooDeep> {
        let Some(entry) = self.specs.entry(id) else {
            return Ok(());
        };
        self.progress.frames += 1;
        if self.progress.frames > MAX_FRAMES {
            return Err(TooDeep);
        }
        self.trace.entered(kind, entry);
        let evaluated = self.entry_steps(kind, id, entry, result);
        self.trace.left(evaluated.is_ok().then_some(&*result));
        self.progress.frames -= 1;
        evaluated
    }

    fn entry_steps(
        &mut self,
        kind: EntityKind,
        id: EntryId,
        entry: &'a Entry,
        result: &mut Evaluation,
    ) -> Result<(), TooDeep> {
        let spec_id = entry.spec(kind);
        let spec = spec_id.and_then(|id| Some((id, self.specs.spec(id)?)));
        if let Some(overrides) = self.scope.overrides {
            let spec = spec.map(|(_, spec)| (self.specs, spec));
            let name = self.specs.text(entry.name);
            if overridden(overrides, self.user, kind, name, spec, result).is_some() {
                self.trace.overridden(result);
                return Ok(());
            }
        }
        if entry.mapping.is_some() && self.redirected(kind, id, result)? {
            return Ok(());
        }
        if kind == EntityKind::Experiment
            && let Some(cmab) = entry.cmab.and_then(|cmab| self.specs.cmab(cmab))
        {
            return self.bandit(cmab, result);
        }
        let Some((spec_id, spec)) = spec else {
            self.trace.unknown();
            result.outcome = Outcome::Unrecognized;
            return Ok(());
        };
        begin(spec_id, spec, result);
        if spec.use_new_layer_eval && kind == EntityKind::Layer {
            self.layer_by_parameter(spec, result)
        } else {
            self.rules(spec, result)
        }
    }

    /// The first rule whose conditions pass decides, even if the user is outside its share.
    fn rules(&mut self, spec: &'a Spec, result: &mut Evaluation) -> Result<(), TooDeep> {
        for rule in &spec.rules {
            self.rule(rule, result)?;
            if result.outcome == Outcome::Unsupported {
                self.trace.rule_ended(RuleTriedEnd::Unsupported);
                return Ok(());
            }
            if !result.value {
                self.trace.rule_ended(RuleTriedEnd::NotMet);
                continue;
            }
            if self.delegate(rule, result)? {
                self.trace.rule_ended(RuleTriedEnd::Delegated);
                self.conclude(spec, None, result);
                return Ok(());
            }
            let value = if self.is_in_share(&rule.share, &rule.unit) {
                self.trace.rule_ended(RuleTriedEnd::Served);
                result.value = rule.return_value.is_not_false();
                &rule.return_value
            } else {
                self.trace.rule_ended(RuleTriedEnd::OutOfShare);
                result.value = spec.default_value.is_true();
                &spec.default_value
            };
            result.parameters = ParametersRef::from(value);
            result.rule_id = Some(rule.id);
            result.group_name = rule.group_name;
            result.is_experiment_group = rule.is_experiment_group;
            result.is_experiment_active = spec.is_active.unwrap_or(false);
            self.conclude(spec, Some(rule), result);
            return Ok(());
        }
        self.trace.default_served(spec);
        result.value = spec.default_value.is_true();
        result.parameters = ParametersRef::from(&spec.default_value);
        result.rule_id = Some(if spec.enabled {
            Symbol::DEFAULT
        } else {
            Symbol::DISABLED
        });
        self.conclude(spec, None, result);
        Ok(())
    }

    /// Sets `result.value` to whether all conditions hold. It evaluates all conditions, because
    /// nested gates are exposures.
    pub(super) fn rule(&mut self, rule: &'a Rule, result: &mut Evaluation) -> Result<(), TooDeep> {
        self.trace.rule_began(rule);
        self.conditions(&rule.conditions, result)
    }

    /// Whether the user is in a share.
    pub(super) fn is_in_share(&mut self, share: &Share, unit: &UnitIdType) -> bool {
        let is_in = is_in_share(share, unit, self.user);
        self.trace.share_tried(share, unit, is_in);
        is_in
    }

    /// Sets `result.value` to whether all of them hold.
    pub(super) fn conditions(
        &mut self,
        conditions: &'a [Option<ConditionId>],
        result: &mut Evaluation,
    ) -> Result<(), TooDeep> {
        self.progress.rules_tried += 1;
        if self.progress.rules_tried > MAX_RULES {
            return Err(TooDeep);
        }
        let mut all_pass = true;
        for condition in conditions {
            let Some(condition) = condition.and_then(|id| self.specs.condition(id)) else {
                self.trace.condition_began(None, result);
                result.outcome = Outcome::Unsupported;
                self.trace.condition_ended(result);
                return Ok(());
            };
            self.trace.condition_began(Some(condition), result);
            self.condition(condition, result)?;
            self.trace.condition_ended(result);
            all_pass &= result.value;
        }
        result.value = all_pass;
        Ok(())
    }

    /// Lets the rule's delegate decide, if the rule has an existing delegate. The rule's share then
    /// has no effect.
    pub(super) fn delegate(
        &mut self,
        rule: &Rule,
        result: &mut Evaluation,
    ) -> Result<bool, TooDeep> {
        let Some(id) = rule.delegate else {
            return Ok(false);
        };
        let Some(entry) = self.specs.entry(id) else {
            return Ok(false);
        };
        let Some(spec) = entry.config else {
            return Ok(false);
        };
        result.undelegated = Undelegated::First(result.nested_gates.len());
        result.value = false;
        result.parameters = ParametersRef::Nothing;
        self.progress.delegations += 1;
        if self.progress.delegations > MAX_DELEGATIONS {
            return Err(TooDeep);
        }
        self.entry(EntityKind::Experiment, id, result)?;
        result.explicit_parameters_of = Some(spec);
        result.delegate = Some(entry.name);
        Ok(true)
    }

    /// Sets the fields for sampling, and the list of nested gates before delegation.
    fn conclude(&mut self, spec: &Spec, rule: Option<&Rule>, result: &mut Evaluation) {
        result.sampling_rate = rule.and_then(|rule| rule.sampling_rate);
        result.forward_all_exposures = spec.forward_all_exposures;
        if self.progress.delegations > 0 {
            self.progress.delegations -= 1;
        } else if result.undelegated == Undelegated::None && !result.nested_gates.is_empty() {
            result.undelegated = Undelegated::First(result.nested_gates.len());
        }
    }
}

/// Sets the fields that do not depend on a rule. A layer that delegates keeps its own ID type and
/// version.
fn begin(id: SpecId, spec: &Spec, result: &mut Evaluation) {
    if result.outcome == Outcome::Unrecognized {
        result.outcome = Outcome::Recognized;
    }
    result.id_type.get_or_insert(spec.id_type);
    if result.version.is_none() {
        result.version = spec.version;
    }
    if let Some(is_active) = spec.is_active {
        result.is_experiment_active = is_active;
    }
    if let Some(is_in_layer) = spec.has_shared_params {
        result.is_in_layer = is_in_layer;
    }
    if spec.explicit_parameters.is_some() {
        result.explicit_parameters_of = Some(id);
    }
}
