//! Explanations as text for people: one line for each rule and condition, indented below its cause.

use std::fmt::{self, Arguments, Display, Formatter};

use serde_json::Value;

use super::{
    BanditChoice, ConditionTried, EntityKind, ExplainedParameter, Explanation, Found, MappingTried,
    MappingTriedEnd, RuleTried, RuleTriedEnd, ShareTried, Step, Visit, VisitEnd,
};

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut lines = Lines { out: f, depth: 0 };
        lines.explanation(self)?;
        if self.is_abridged {
            writeln!(
                lines,
                "(Parts were left out: the path is very long or deep.)"
            )?;
        }
        Ok(())
    }
}

/// Writes lines with their indentation.
struct Lines<'a, 'f> {
    out: &'a mut Formatter<'f>,
    depth: usize,
}

impl Lines<'_, '_> {
    /// Writes one line. `writeln!` calls it.
    fn write_fmt(&mut self, line: Arguments<'_>) -> fmt::Result {
        let indent = self.depth * 2;
        write!(self.out, "{:indent$}{line}", "")
    }

    fn inside(&mut self, write: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }

    fn explanation(&mut self, explanation: &Explanation) -> fmt::Result {
        let Explanation {
            kind, name, result, ..
        } = explanation;
        writeln!(self, "{kind} {name}")?;
        self.inside(|lines| {
            writeln!(lines, "value   {}", result.value)?;
            // A parameter store has no rule.
            if explanation.path.is_some() {
                writeln!(lines, "rule    {}", or_none(&result.rule_id))?;
            }
            if let Some(experiment) = &result.allocated_experiment {
                writeln!(lines, "from    experiment {experiment}")?;
            }
            if let Some(group) = &result.group_name {
                writeln!(lines, "group   {group}")?;
            }
            writeln!(lines, "reason  {}", result.details.reason)
        })?;
        if let Some(path) = &explanation.path {
            writeln!(self, "decision path:")?;
            self.inside(|lines| lines.visit(path))?;
        }
        let mut parameters = explanation.parameters.iter();
        parameters.try_for_each(|(name, parameter)| self.parameter(name, parameter))
    }

    fn parameter(&mut self, name: &str, parameter: &ExplainedParameter) -> fmt::Result {
        let value = parameter.value.as_ref().map(Value::to_string);
        let value = value
            .as_deref()
            .unwrap_or("missing (fallbacks are returned)");
        let Some(refers_to) = &parameter.refers_to else {
            return writeln!(self, "parameter {name}: {value}, a constant");
        };
        let (kind, to) = (refers_to.kind, &refers_to.name);
        match &parameter.parameter {
            Some(of) => writeln!(self, "parameter {name}: {value}, from {of} of {kind} {to}")?,
            None => writeln!(self, "parameter {name}: {value}, by {kind} {to}")?,
        }
        self.inner_visit(refers_to.path.as_ref())
    }

    fn inner_visit(&mut self, visit: Option<&Visit>) -> fmt::Result {
        visit.map_or(Ok(()), |visit| self.inside(|lines| lines.visit(visit)))
    }

    fn visit(&mut self, visit: &Visit) -> fmt::Result {
        writeln!(self, "{} {}", visit.kind, visit.name)?;
        self.inside(|lines| {
            let mut steps = visit.steps.iter();
            steps.try_for_each(|step| lines.step(step, visit))?;
            let rule = or_none(&visit.rule_id);
            match (visit.end, &visit.group_name) {
                (VisitEnd::Decided, Some(group)) => {
                    writeln!(lines, "→ rule {rule}, group {group}")
                }
                (VisitEnd::Decided, None) if visit.kind == EntityKind::Gate => {
                    let verdict = if visit.value { "passes" } else { "fails" };
                    writeln!(lines, "→ {verdict}, rule {rule}")
                }
                (VisitEnd::Decided, None) => writeln!(lines, "→ rule {rule}"),
                (VisitEnd::Unknown, _) => writeln!(lines, "→ no value"),
                (VisitEnd::Unsupported, _) => writeln!(
                    lines,
                    "→ no value: the specs use something that this SDK does not know"
                ),
                (VisitEnd::GivenUp, _) => writeln!(
                    lines,
                    "→ given up: entities refer to each other too deeply or in a circle"
                ),
            }
        })
    }

    fn step(&mut self, step: &Step, visit: &Visit) -> fmt::Result {
        let Visit { kind, name, .. } = visit;
        match step {
            Step::Overridden { by } => {
                writeln!(self, "overridden ({by}): the specs have no effect")
            }
            Step::Mapping(mapping) => self.mapping(mapping),
            Step::Rule(rule) => self.rule(rule),
            Step::TargetingGate(gate) => {
                writeln!(self, "a gate decides which users take part")?;
                self.inside(|lines| lines.visit(gate))
            }
            Step::BanditKeptOut { is_started: false } => {
                writeln!(self, "the bandit has not started: its default is served")
            }
            Step::BanditKeptOut { is_started: true } => {
                writeln!(self, "the user does not take part: the default is served")
            }
            Step::BanditChose(choice) => self.bandit(choice),
            Step::Default { fills_in: true, .. } => {
                writeln!(
                    self,
                    "parameters that no rule supplied: from the default value"
                )
            }
            Step::Default { is_enabled, .. } => {
                let disabled = if *is_enabled {
                    ""
                } else {
                    ", and it is disabled"
                };
                writeln!(self, "no rule applies{disabled}: the default is served")
            }
            Step::SeenBefore => writeln!(self, "already evaluated above"),
            Step::Unknown => writeln!(self, "the specs have no {kind} named {name}"),
        }
    }

    fn bandit(&mut self, choice: &BanditChoice) -> fmt::Result {
        let group = choice.group_name.as_deref().unwrap_or("none");
        let bucket = choice.bucket;
        match (choice.explores_below, choice.is_explored) {
            (Some(below), true) => writeln!(
                self,
                "bucket {bucket} of 10000 < {below}: explores; drawn by chance: group {group}"
            ),
            (Some(below), false) => writeln!(
                self,
                "bucket {bucket} of 10000 ≥ {below}: the best group by what was learnt: {group}"
            ),
            (None, _) => writeln!(
                self,
                "nothing is learnt yet; bucket {bucket} of 10000 is in group {group}"
            ),
        }
    }

    fn mapping(&mut self, mapping: &MappingTried) -> fmt::Result {
        let MappingTried { rule, to, .. } = mapping;
        let end = match mapping.end {
            MappingTriedEnd::NotYet => "does not hold yet",
            MappingTriedEnd::NotMet => "does not hold",
            MappingTriedEnd::LedNowhere => "holds, but that entity could not decide",
            MappingTriedEnd::Answered => "holds: that entity decides",
        };
        writeln!(self, "mapping to {to} under rule {rule}: {end}")?;
        self.inside(|lines| lines.tests(&mapping.conditions, mapping.share.as_ref()))?;
        self.inner_visit(mapping.mapped.as_deref())
    }

    fn rule(&mut self, rule: &RuleTried) -> fmt::Result {
        let end = match rule.end {
            RuleTriedEnd::NotMet => "not met",
            RuleTriedEnd::Unsupported => "uses something that this SDK does not know",
            RuleTriedEnd::Served => "decides",
            RuleTriedEnd::OutOfShare => {
                "decides, but the user is outside of its share: the default is served, and later rules are not tried"
            }
            RuleTriedEnd::Delegated => "decides, by an experiment",
            RuleTriedEnd::PassedOver => "outside of its share",
            RuleTriedEnd::Contributed => "supplies parameters",
            RuleTriedEnd::Ignored => "met, but its experiment came too late or returned nothing",
            RuleTriedEnd::GivenUp => "given up",
        };
        let group = between(" (group ", rule.group_name.as_deref(), ")");
        let name = between(" \"", rule.name.as_deref(), "\"");
        writeln!(self, "rule {}{name}{group}: {end}", rule.id)?;
        self.inside(|lines| {
            lines.tests(&rule.conditions, rule.share.as_ref())?;
            match (&rule.delegate, &rule.delegated, &rule.share) {
                (_, Some(visit), _) => lines.visit(visit),
                // The rule has a delegate and still checked the share, so the delegate does not
                // exist.
                (Some(delegate), None, Some(_)) => writeln!(
                    lines,
                    "the specs have no experiment named {delegate}, so the rule's own value counts"
                ),
                _ => Ok(()),
            }
        })
    }

    fn tests(&mut self, conditions: &[ConditionTried], share: Option<&ShareTried>) -> fmt::Result {
        let mut conditions = conditions.iter();
        conditions.try_for_each(|condition| self.condition(condition))?;
        share.map_or(Ok(()), |share| self.share(share))
    }

    fn share(&mut self, share: &ShareTried) -> fmt::Result {
        let ShareTried {
            pass_percentage: percentage,
            id_type,
            is_in,
            ..
        } = share;
        let mark = mark(Some(*is_in));
        let Some(bucket) = share.bucket else {
            return writeln!(self, "{mark} pass percentage {percentage}");
        };
        let (relation, end) = if *is_in { ("<", "in") } else { ("≥", "out") };
        let threshold = (share.threshold * 1e6).round() / 1e6;
        let id = id_text(share.id.as_deref());
        writeln!(
            self,
            "{mark} pass percentage {percentage}: {id_type} {id} is bucket {bucket} of 10000 {relation} {threshold}: {end}"
        )
    }

    fn condition(&mut self, condition: &ConditionTried) -> fmt::Result {
        let mark = mark(condition.holds);
        let operator = between(" ", condition.operator.as_deref().map(phrase), "");
        let target = between(" ", condition.target.as_deref(), "");
        let found = condition.found.as_ref().map(found_text);
        let found = between(": ", found.as_deref(), "");
        let subject = &condition.subject;
        writeln!(self, "{mark} {subject}{operator}{target}{found}")?;
        self.inner_visit(condition.visit.as_deref())
    }
}

fn or_none(rule_id: &str) -> &str {
    if rule_id.is_empty() { "none" } else { rule_id }
}

/// The mark of a condition that holds or does not hold.
fn mark(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "?",
    }
}

/// The text with a prefix and a suffix, if there is a text.
fn between(prefix: &str, text: Option<&str>, suffix: &str) -> String {
    text.map_or_else(String::new, |text| format!("{prefix}{text}{suffix}"))
}

fn id_text(id: Option<&str>) -> String {
    match id {
        Some(id) => format!("{id:?}"),
        None => "(none, counted as empty)".to_owned(),
    }
}

fn found_text(found: &Found) -> String {
    match found {
        Found::Nothing => "found nothing".to_owned(),
        Found::Private => "found <private>".to_owned(),
        Found::Value(value) => format!("found {value}"),
        Found::Derived { value, from } => format!("found {value:?}, from its {from}"),
        Found::Bucket { bucket, of, id } => {
            format!("{} is bucket {bucket} of {of}", id_text(id.as_deref()))
        }
        Found::Time(time) => format!("it is {time}"),
    }
}

/// The words for an operator. An unknown operator stays as it is.
fn phrase(operator: &str) -> &str {
    match operator {
        "gt" => ">",
        "gte" => "≥",
        "lt" => "<",
        "lte" => "≤",
        "version_gt" => "version >",
        "version_gte" => "version ≥",
        "version_lt" => "version <",
        "version_lte" => "version ≤",
        "version_eq" => "version =",
        "version_neq" => "version ≠",
        "any" => "is any of",
        "none" => "is none of",
        "any_case_sensitive" => "is any (case-sensitive) of",
        "none_case_sensitive" => "is none (case-sensitive) of",
        "str_starts_with_any" => "starts with any of",
        "str_ends_with_any" => "ends with any of",
        "str_contains_any" => "contains any of",
        "str_contains_none" => "contains none of",
        "str_matches" => "matches",
        "before" => "is before",
        "after" => "is after",
        "on" => "is on the day of",
        "eq" => "=",
        "neq" => "≠",
        "in_segment_list" => "is in ID list",
        "not_in_segment_list" => "is not in ID list",
        "array_contains_any" => "contains any of",
        "array_contains_none" => "contains none of",
        "array_contains_all" => "contains all of",
        "not_array_contains_all" => "does not contain all of",
        "" => "(no operator)",
        unknown => unknown,
    }
}
