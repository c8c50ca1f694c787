//! Receives the events of an evaluation and builds a tree.

mod found;
mod report;

pub use report::explain;

use self::found::tells;
use super::operators::Observed;
use super::result::{Evaluation, Outcome};
use super::trace::Trace;
use crate::entity_kind::EntityKind;
use crate::evaluation::context::EvaluationContext;
use crate::results::explanation::{
    BanditChoice, ConditionTried, Found, MappingTried, MappingTriedEnd, RuleTried, RuleTriedEnd,
    Step, Visit, VisitEnd,
};
use crate::specs::compiled::condition::{Condition, Subject, Test};
use crate::specs::compiled::{
    Cmab, CmabGroup, CompiledSpecs, Entry, EntryId, Mapping, MappingRule, Rule, Share, Spec,
    UnitIdType,
};
use crate::specs::describe::Describer;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;
use crate::user::StatsigUser;

/// The maximum number of rules, conditions and names in one explanation.
const MAX_RECORDED: usize = 5_000;
/// The maximum nesting of names. Deeper names appear without their steps. All JSON parsers accept
/// this depth.
const MAX_DEPTH: usize = 16;

/// Records an evaluation.
#[derive(Debug)]
pub struct Explainer<'a> {
    scope: EvaluationContext<'a>,
    user: &'a StatsigUser,
    /// The events that have begun and not ended, outermost first.
    open: Vec<Open>,
    /// The number of open events at the beginning of each open name or mapping. If a limit stops
    /// the evaluation inside it, these events end with it.
    levels: Vec<usize>,
    /// The nesting depth of names.
    depth: usize,
    recorded: usize,
    path: Option<Visit>,
    is_abridged: bool,
}

/// An event that has begun.
#[derive(Debug)]
enum Open {
    Visit(Visit),
    Mapping(MappingTried),
    Rule(RuleTried),
    /// Contains whether the evaluation was unsupported before the condition, and whether the
    /// condition itself is unsupported.
    Condition {
        condition: ConditionTried,
        was_unsupported: bool,
        is_unknown: bool,
    },
    /// Not recorded, including all events inside.
    LeftOut,
}

impl<'a> Explainer<'a> {
    pub(crate) fn new(scope: EvaluationContext<'a>, user: &'a StatsigUser) -> Self {
        Self {
            scope,
            user,
            open: Vec::new(),
            levels: Vec::new(),
            depth: 0,
            recorded: 0,
            path: None,
            is_abridged: false,
        }
    }

    /// The path, and whether it is incomplete.
    #[must_use]
    pub fn finish(self) -> (Option<Visit>, bool) {
        (self.path, self.is_abridged)
    }

    fn specs(&self) -> &'a CompiledSpecs {
        &self.scope.snapshot.specs
    }

    fn text(&self, symbol: Symbol) -> SharedStr {
        self.specs().text(symbol).clone()
    }

    fn name(&self, entry: EntryId) -> SharedStr {
        let entry = self.specs().entry(entry);
        entry.map_or_else(SharedStr::default, |entry| self.text(entry.name))
    }

    /// Begins an event, unless the limit is reached or an outer event is left out.
    fn begin(&mut self, make: impl FnOnce(&Self) -> Open) {
        if matches!(self.open.last(), Some(Open::LeftOut)) || self.recorded >= MAX_RECORDED {
            self.is_abridged = true;
            self.open.push(Open::LeftOut);
            return;
        }
        self.recorded += 1;
        let open = make(self);
        self.open.push(open);
    }

    /// Ends the innermost event and adds it to its parent.
    fn end(&mut self) {
        let Some(ended) = self.open.pop() else {
            return;
        };
        match (ended, self.open.last_mut()) {
            (Open::Visit(visit), None) => self.path = Some(visit),
            (Open::Visit(visit), Some(Open::Condition { condition, .. })) => {
                condition.visit = Some(Box::new(visit));
            }
            (Open::Visit(visit), Some(Open::Rule(rule))) => rule.delegated = Some(Box::new(visit)),
            (Open::Visit(visit), Some(Open::Mapping(mapping))) => {
                mapping.mapped = Some(Box::new(visit));
            }
            (Open::Visit(gate), Some(Open::Visit(visit))) => {
                visit.steps.push(Step::TargetingGate(gate));
            }
            (Open::Mapping(mapping), Some(Open::Visit(visit))) => {
                visit.steps.push(Step::Mapping(mapping));
            }
            (Open::Rule(rule), Some(Open::Visit(visit))) => visit.steps.push(Step::Rule(rule)),
            (Open::Condition { condition, .. }, Some(Open::Rule(rule))) => {
                rule.conditions.push(condition);
            }
            (Open::Condition { condition, .. }, Some(Open::Mapping(mapping))) => {
                mapping.conditions.push(condition);
            }
            _ => {}
        }
    }

    /// Ends all events that began inside the innermost name or mapping.
    fn unwind(&mut self) {
        let level = self.levels.pop().unwrap_or(0);
        while self.open.len() > level + 1 {
            self.end();
        }
    }

    fn step(&mut self, step: Step) {
        if let Some(Open::Visit(visit)) = self.open.last_mut() {
            visit.steps.push(step);
        }
    }
}

/// A visit before its steps.
fn visit(kind: EntityKind, name: SharedStr) -> Visit {
    Visit {
        kind,
        name,
        steps: Vec::new(),
        end: VisitEnd::GivenUp,
        value: false,
        rule_id: SharedStr::default(),
        group_name: None,
    }
}

fn conclude(visit: &mut Visit, specs: &CompiledSpecs, result: &Evaluation) {
    visit.end = match result.outcome {
        Outcome::Recognized => VisitEnd::Decided,
        Outcome::Unrecognized => VisitEnd::Unknown,
        Outcome::Unsupported => VisitEnd::Unsupported,
        Outcome::TooDeep => VisitEnd::GivenUp,
    };
    visit.value = result.value;
    visit.rule_id = specs.text(result.rule_symbol()).clone();
    visit.group_name = result.group_name.map(|group| specs.text(group).clone());
}

impl Trace for Explainer<'_> {
    fn entered(&mut self, kind: EntityKind, entry: &Entry) {
        self.depth += 1;
        self.levels.push(self.open.len());
        self.begin(|this| Open::Visit(visit(kind, this.text(entry.name))));
        if self.depth > MAX_DEPTH && matches!(self.open.last(), Some(Open::Visit(_))) {
            // The explanation shows its name and result, and no steps inside.
            self.is_abridged = true;
            self.open.push(Open::LeftOut);
        }
    }

    fn left(&mut self, result: Option<&Evaluation>) {
        self.unwind();
        self.depth -= 1;
        let specs = self.specs();
        if let (Some(Open::Visit(visit)), Some(result)) = (self.open.last_mut(), result) {
            conclude(visit, specs, result);
        }
        self.end();
    }

    fn unknown(&mut self) {
        self.step(Step::Unknown);
    }

    fn overridden(&mut self, result: &Evaluation) {
        let by = result.override_reason.unwrap_or_default();
        self.step(Step::Overridden { by });
    }

    fn known(&mut self, gate: EntryId, result: &Evaluation) {
        let Some(entry) = self.specs().entry(gate) else {
            return;
        };
        self.entered(EntityKind::Gate, entry);
        self.step(Step::SeenBefore);
        self.left(Some(result));
    }

    fn mapping_began(&mut self, mapping: &Mapping, rule: &MappingRule) {
        self.levels.push(self.open.len());
        self.begin(|this| {
            Open::Mapping(MappingTried {
                rule: this.text(rule.name),
                to: this.name(mapping.to),
                start_time: rule.start_time,
                conditions: Vec::new(),
                share: None,
                mapped: None,
                end: MappingTriedEnd::LedNowhere,
            })
        });
    }

    fn mapping_ended(&mut self, end: MappingTriedEnd) {
        self.unwind();
        if let Some(Open::Mapping(mapping)) = self.open.last_mut() {
            mapping.end = end;
        }
        self.end();
    }

    fn rule_began(&mut self, rule: &Rule) {
        self.begin(|this| {
            Open::Rule(RuleTried {
                id: this.text(rule.id),
                name: (rule.name != rule.id).then(|| this.text(rule.name)),
                group_name: rule.group_name.map(|group| this.text(group)),
                conditions: Vec::new(),
                share: None,
                delegate: rule.delegate.map(|delegate| this.name(delegate)),
                delegated: None,
                end: RuleTriedEnd::GivenUp,
            })
        });
    }

    fn rule_ended(&mut self, end: RuleTriedEnd) {
        if let Some(Open::Rule(rule)) = self.open.last_mut() {
            rule.end = end;
        }
        self.end();
    }

    fn share_tried(&mut self, share: &Share, unit: &UnitIdType, is_in: bool) {
        // Nothing is described for rules that are left out: there may be tens of thousands.
        if !matches!(self.open.last(), Some(Open::Rule(_) | Open::Mapping(_))) {
            return;
        }
        let tried = self.share(share, unit, is_in);
        match self.open.last_mut() {
            Some(Open::Rule(rule)) => rule.share = Some(tried),
            Some(Open::Mapping(mapping)) => mapping.share = Some(tried),
            _ => {}
        }
    }

    fn condition_began(&mut self, condition: Option<&Condition>, result: &Evaluation) {
        let was_unsupported = result.outcome == Outcome::Unsupported;
        self.begin(|this| {
            let (subject, is_unknown) = match condition {
                None => ("a condition that the specs lack".to_owned(), true),
                Some(Condition::Public) => ("everybody".to_owned(), false),
                Some(Condition::Gate { gate, passes }) => {
                    let verb = if *passes { "passes" } else { "fails" };
                    let name = gate.map(|gate| this.name(gate)).unwrap_or_default();
                    (format!("{verb} gate {name}"), false)
                }
                Some(Condition::Compare { subject, test, .. }) => {
                    let subject = subject.describe(|entry| this.name(entry).into());
                    (subject, matches!(test, Test::Unsupported))
                }
                Some(Condition::Unsupported(kind)) => (format!("a condition of type {kind}"), true),
            };
            Open::Condition {
                condition: ConditionTried {
                    subject,
                    operator: None,
                    target: None,
                    found: None,
                    holds: None,
                    visit: None,
                },
                was_unsupported,
                is_unknown,
            }
        });
    }

    fn observed(&mut self, subject: &Subject, operator: Symbol, test: &Test, found: &Observed<'_>) {
        if !matches!(self.open.last(), Some(Open::Condition { .. })) {
            return;
        }
        let private = self.private_source(subject, found);
        let hides = |text: &str| private.is_some_and(|source| tells(source, found, text));
        let operator = self.text(operator).to_string();
        let target = Describer { hides: &hides }.target(test);
        let found = match private {
            Some(_) => Found::Private,
            None => self.found(subject, found),
        };
        if let Some(Open::Condition { condition, .. }) = self.open.last_mut() {
            condition.operator = Some(operator);
            condition.target = target;
            condition.found = Some(found);
        }
    }

    fn condition_ended(&mut self, result: &Evaluation) {
        if let Some(Open::Condition {
            condition,
            was_unsupported,
            is_unknown,
        }) = self.open.last_mut()
        {
            // After an unsupported condition, the outcome no longer describes the current
            // condition.
            let is_unsupported = if *was_unsupported {
                let visit = condition.visit.as_ref();
                *is_unknown || visit.is_some_and(|visit| visit.end == VisitEnd::Unsupported)
            } else {
                result.outcome == Outcome::Unsupported
            };
            condition.holds = (!is_unsupported).then_some(result.value);
        }
        self.end();
    }

    fn default_served(&mut self, spec: &Spec) {
        let fills_in = spec.use_new_layer_eval
            && matches!(self.open.last(), Some(Open::Visit(visit)) if visit.kind == EntityKind::Layer);
        let is_enabled = spec.enabled;
        self.step(Step::Default {
            is_enabled,
            fills_in,
        });
    }

    fn bandit_kept_out(&mut self, is_started: bool) {
        self.step(Step::BanditKeptOut { is_started });
    }

    fn bandit_chose(
        &mut self,
        cmab: &Cmab,
        bucket: u64,
        group: Option<&CmabGroup>,
        is_explored: bool,
    ) {
        let choice = BanditChoice {
            bucket,
            explores_below: cmab.has_weights.then_some(cmab.explore_below),
            is_explored,
            group_name: group.map(|group| self.text(group.name)),
        };
        self.step(Step::BanditChose(choice));
    }
}
