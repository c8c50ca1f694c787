//! Explanations as text for people: one line for each rule and condition, indented below its cause.

use std::fmt::{self, Arguments, Display, Formatter};

use serde_json::Value;

use super::{
    BanditChoice, ConditionTried, ExplainedParameter, Explanation, Found, MappingTried,
    MappingTriedEnd, RuleTried, RuleTriedEnd, ShareTried, Step, Visit, VisitEnd,
};

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut lines = Lines { out: f, depth: 0 };
        lines.explanation(self)?;
        if self.is_abridged {
            lines.line(format_args!(
                "(Parts were left out: the path is very long or deep.)"
            ))?;
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
    fn line(&mut self, text: Arguments<'_>) -> fmt::Result {
        let indent = self.depth * 2;
        writeln!(self.out, "{:indent$}{text}", "")
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
        self.line(format_args!("{kind} {name}"))?;
        self.inside(|lines| {
            lines.line(format_args!("value   {}", result.value))?;
            let is_store = explanation.path.is_none();
            if !is_store {
                lines.line(format_args!("rule    {}", or_none(&result.rule_id)))?;
            }
            if let Some(experiment) = &result.allocated_experiment {
                lines.line(format_args!("from    experiment {experiment}"))?;
            }
            if let Some(group) = &result.group_name {
                lines.line(format_args!("group   {group}"))?;
            }
            lines.line(format_args!("reason  {}", result.details.reason))
        })?;
        if let Some(path) = &explanation.path {
            self.line(format_args!("how it came about:"))?;
            self.inside(|lines| lines.visit(path))?;
        }
        explanation
            .parameters
            .iter()
            .try_for_each(|(name, parameter)| self.parameter(name, parameter))
    }

    fn parameter(&mut self, name: &str, parameter: &ExplainedParameter) -> fmt::Result {
        let value = parameter.value.as_ref().map(Value::to_string);
        let value = value
            .as_deref()
            .unwrap_or("missing (fallbacks are returned)");
        let Some(refers_to) = &parameter.refers_to else {
            return self.line(format_args!("parameter {name}: {value}, a constant"));
        };
        let (kind, to) = (refers_to.kind, &refers_to.name);
        let of = Attached("", parameter.parameter.as_deref(), " of ");
        let by = if parameter.parameter.is_some() {
            "from"
        } else {
            "by"
        };
        self.line(format_args!(
            "parameter {name}: {value}, {by} {of}{kind} {to}"
        ))?;
        match &refers_to.path {
            Some(path) => self.inside(|lines| lines.visit(path)),
            None => Ok(()),
        }
    }

    fn visit(&mut self, visit: &Visit) -> fmt::Result {
        self.line(format_args!("{} {}", visit.kind, visit.name))?;
        self.inside(|lines| {
            visit
                .steps
                .iter()
                .try_for_each(|step| lines.step(step, visit))?;
            match visit.end {
                VisitEnd::Decided => {
                    let rule = or_none(&visit.rule_id);
                    match &visit.group_name {
                        Some(group) => lines.line(format_args!("→ rule {rule}, group {group}")),
                        None if is_gate(visit) => {
                            let verdict = if visit.value { "passes" } else { "fails" };
                            lines.line(format_args!("→ {verdict}, rule {rule}"))
                        }
                        None => lines.line(format_args!("→ rule {rule}")),
                    }
                }
                VisitEnd::Unknown => lines.line(format_args!("→ no value")),
                VisitEnd::Unsupported => lines.line(format_args!(
                    "→ no value: the specs use something that this SDK does not know"
                )),
                VisitEnd::GivenUp => lines.line(format_args!(
                    "→ given up: entities refer to each other too deeply or in a circle"
                )),
            }
        })
    }

    fn step(&mut self, step: &Step, visit: &Visit) -> fmt::Result {
        let Visit { kind, name, .. } = visit;
        match step {
            Step::Overridden { by } => {
                self.line(format_args!("overridden ({by}): the specs are not asked"))
            }
            Step::Mapping(mapping) => self.mapping(mapping),
            Step::Rule(rule) => self.rule(rule),
            Step::TargetingGate(gate) => {
                self.line(format_args!("who takes part is decided by a gate"))?;
                self.inside(|lines| lines.visit(gate))
            }
            Step::BanditKeptOut { is_started: false } => self.line(format_args!(
                "the bandit has not started: its default is served"
            )),
            Step::BanditKeptOut { is_started: true } => self.line(format_args!(
                "the user does not take part: the default is served"
            )),
            Step::BanditChose(choice) => self.bandit(choice),
            Step::Default { fills_in: true, .. } => self.line(format_args!(
                "parameters that no rule supplied: from the default value"
            )),
            Step::Default { is_enabled, .. } => {
                let disabled = if *is_enabled {
                    ""
                } else {
                    ", and it is disabled"
                };
                self.line(format_args!(
                    "no rule applies{disabled}: the default is served"
                ))
            }
            Step::SeenBefore => self.line(format_args!("evaluated above already")),
            Step::Unknown => self.line(format_args!("the specs have no {kind} named {name}")),
        }
    }

    fn bandit(&mut self, choice: &BanditChoice) -> fmt::Result {
        let group = choice.group_name.as_deref().unwrap_or("none");
        let bucket = choice.bucket;
        match (choice.explores_below, choice.is_explored) {
            (Some(below), true) => self.line(format_args!(
                "bucket {bucket} of 10000 < {below}: explores; drawn by chance: group {group}"
            )),
            (Some(below), false) => self.line(format_args!(
                "bucket {bucket} of 10000 ≥ {below}: the best group by what was learnt: {group}"
            )),
            (None, _) => self.line(format_args!(
                "nothing is learnt yet; bucket {bucket} of 10000 is in group {group}"
            )),
        }
    }

    fn mapping(&mut self, mapping: &MappingTried) -> fmt::Result {
        let MappingTried { rule, to, .. } = mapping;
        let end = match mapping.end {
            MappingTriedEnd::NotYet => "does not hold yet",
            MappingTriedEnd::NotMet => "does not hold",
            MappingTriedEnd::LedNowhere => "holds, but the other could not answer",
            MappingTriedEnd::Answered => "holds: the other answers",
        };
        self.line(format_args!("mapping to {to} under rule {rule}: {end}"))?;
        self.inside(|lines| {
            lines.conditions(&mapping.conditions)?;
            lines.share(mapping.share.as_ref())?;
            mapping
                .mapped
                .as_ref()
                .map_or(Ok(()), |visit| lines.visit(visit))
        })
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
        let group = Attached(" (group ", rule.group_name.as_deref(), ")");
        let name = Attached(" \"", rule.name.as_deref(), "\"");
        self.line(format_args!("rule {}{name}{group}: {end}", rule.id))?;
        self.inside(|lines| {
            lines.conditions(&rule.conditions)?;
            lines.share(rule.share.as_ref())?;
            match (&rule.delegate, &rule.delegated, &rule.share) {
                (_, Some(visit), _) => lines.visit(visit),
                // The rule has a delegate and still checked the share, so the delegate does not
                // exist.
                (Some(delegate), None, Some(_)) => lines.line(format_args!(
                    "the specs have no experiment named {delegate}, so the rule's own value counts"
                )),
                _ => Ok(()),
            }
        })
    }

    fn share(&mut self, share: Option<&ShareTried>) -> fmt::Result {
        let Some(share) = share else {
            return Ok(());
        };
        let mark = Mark(Some(share.is_in));
        let percentage = share.pass_percentage;
        let Some(bucket) = share.bucket else {
            return self.line(format_args!("{mark} pass percentage {percentage}"));
        };
        let (relation, end) = if share.is_in {
            ("<", "in")
        } else {
            ("≥", "out")
        };
        let id_type = &share.id_type;
        let threshold = (share.threshold * 1e6).round() / 1e6;
        let id = Id(share.id.as_deref());
        self.line(format_args!(
            "{mark} pass percentage {percentage}: {id_type} {id} is bucket {bucket} of 10000 {relation} {threshold}: {end}"
        ))
    }

    fn conditions(&mut self, conditions: &[ConditionTried]) -> fmt::Result {
        conditions
            .iter()
            .try_for_each(|condition| self.condition(condition))
    }

    fn condition(&mut self, condition: &ConditionTried) -> fmt::Result {
        let mark = Mark(condition.holds);
        let operator = condition.operator.as_deref().map(phrase);
        let operator = Attached(" ", operator, "");
        let target = Attached(" ", condition.target.as_deref(), "");
        let found = FoundText(condition.found.as_ref());
        let subject = &condition.subject;
        self.line(format_args!("{mark} {subject}{operator}{target}{found}"))?;
        match &condition.visit {
            Some(visit) => self.inside(|lines| lines.visit(visit)),
            None => Ok(()),
        }
    }
}

fn is_gate(visit: &Visit) -> bool {
    visit.kind == super::EntityKind::Gate
}

fn or_none(rule_id: &str) -> &str {
    if rule_id.is_empty() { "none" } else { rule_id }
}

/// The mark of a condition that holds or does not hold.
struct Mark(Option<bool>);

impl Display for Mark {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "?",
        })
    }
}

/// An optional text between a prefix and a suffix.
struct Attached<'a>(&'static str, Option<&'a str>, &'static str);

impl Display for Attached<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(text) => write!(f, "{}{text}{}", self.0, self.2),
            None => Ok(()),
        }
    }
}

struct Id<'a>(Option<&'a str>);

impl Display for Id<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, "{id:?}"),
            None => f.write_str("(none, counted as empty)"),
        }
    }
}

struct FoundText<'a>(Option<&'a Found>);

impl Display for FoundText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(Found::Nothing) => f.write_str(": found nothing"),
            Some(Found::Private) => f.write_str(": found <private>"),
            Some(Found::Value(value)) => write!(f, ": found {value}"),
            Some(Found::Derived { value, from }) => write!(f, ": found {value:?}, from its {from}"),
            Some(Found::Bucket { bucket, of, id }) => {
                write!(f, ": {} is bucket {bucket} of {of}", Id(id.as_deref()))
            }
            Some(Found::Time(time)) => write!(f, ": it is {time}"),
        }
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
