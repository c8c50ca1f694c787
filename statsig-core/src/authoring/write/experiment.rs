//! Writes experiments, with the rules that the service makes of groups, allocation and targeting.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::layer::{Range, experiments};
use super::rules::{Rules, laid_over, object, put, spec};
use crate::authoring::condition::{
    Condition, Operator, Subject, bucket, everyone, fails_gate, not_in_segment,
};
use crate::authoring::entity::{Gate, GateKind};
use crate::authoring::experiment::{Experiment, Group, GroupOverride};
use crate::authoring::layer::Layer;
use crate::authoring::rule::{Rule, Values};
use crate::authoring::specs::Specs;

pub(super) fn written(rules: &mut Rules, specs: &Specs, experiment: &Experiment) -> Value {
    let own = &experiment.own;
    let mut layers = specs.layers.iter();
    let layer = layers.find(|layer| own.layer.as_ref() == Some(&layer.name));
    let mut defaults = layer.map_or_else(Values::new, |layer| layer.own.defaults.clone());
    defaults.extend(own.defaults.clone());
    let default = object(&defaults);

    let mut all = overrides(rules, experiment, &defaults);
    let mut own_rules = rules.of(experiment, &default, |value| laid_over(&defaults, value));
    for rule in &mut own_rules {
        if rule.get("groupName").is_some() {
            put(rule, "isExperimentGroup", true);
        }
    }
    all.extend(own_rules);
    if own.is_active {
        for rule in exclusions(specs, experiment, layer) {
            all.push(rules.rule(experiment, &rule, default.clone()));
        }
        all.extend(groups(rules, experiment, &defaults));
    } else {
        let launched = own
            .launched
            .as_deref()
            .and_then(|name| group(experiment, name));
        let mut rule = Rule::new(match launched {
            Some(_) => "launchedGroup",
            None => "prestart",
        });
        rule.conditions.push(everyone());
        rule.group_name = launched.map(|group| group.name.clone());
        let value = launched.and_then(|group| group.value.clone());
        all.push(rules.rule(experiment, &rule, laid_over(&defaults, value)));
    }

    let mut spec = spec(experiment, "dynamic_config", "experiment", default, all);
    put(&mut spec, "isActive", own.is_active);
    put(
        &mut spec,
        "explicitParameters",
        json!(parameters(experiment)),
    );
    if own.layer.is_some() {
        put(&mut spec, "hasSharedParams", true);
    }
    spec
}

/// The segment of the users who may take part, unless a gate decides that.
pub(super) fn targeting_segment(experiment: &Experiment) -> Option<Gate> {
    match experiment.own.targeting.as_slice() {
        [] => None,
        [one] if matches!(one.subject, Subject::PassesGate(_)) => None,
        conditions => {
            let mut rule = Rule::new("inlineTargetingRules");
            rule.conditions = conditions.to_vec();
            let mut segment = Gate::of(targeting_name(experiment), GateKind::Segment);
            segment.id_type = experiment.id_type.clone();
            segment.rules.push(rule);
            Some(segment)
        }
    }
}

fn targeting_name(experiment: &Experiment) -> String {
    format!("{}.targeting", experiment.name)
}

/// The rules for users who do not take part.
fn exclusions(specs: &Specs, experiment: &Experiment, layer: Option<&Layer>) -> Vec<Rule> {
    let own = &experiment.own;
    let mut exclusions = Vec::new();
    let (range, salt) = match layer {
        Some(layer) => {
            let mut all = experiments(specs, layer);
            let found = all.find(|(known, _)| known.name == experiment.name);
            let range = found.map_or(Range::ALL, |(_, range)| range);
            (range, layer.own_salt().to_owned())
        }
        None => {
            let range = Range::between(0.0, own.allocation);
            (range, format!("{}.allocation", experiment.own_salt()))
        }
    };
    if range != Range::ALL {
        let mut rule = Rule::new("layerAssignment");
        rule.conditions.push(range.condition(Operator::None, &salt));
        exclusions.push(rule);
    }
    let targeting = match own.targeting.as_slice() {
        [] => None,
        [
            Condition {
                subject: Subject::PassesGate(gate),
                ..
            },
        ] => Some(("targetingGate", fails_gate(gate))),
        _ => Some((
            "inlineTargetingRules",
            not_in_segment(targeting_name(experiment)),
        )),
    };
    if let Some((name, condition)) = targeting {
        let mut rule = Rule::new(name);
        rule.conditions.push(condition);
        exclusions.push(rule);
    }
    exclusions
}

/// The rules for users with a fixed group.
fn overrides(rules: &mut Rules, experiment: &Experiment, defaults: &Values) -> Vec<Value> {
    let overrides = experiment.own.overrides.iter();
    let rule = |forced: &GroupOverride| {
        let mut rule = Rule::new(format!(
            "{}:{}:id_override",
            forced.group, experiment.id_type
        ));
        let ids = forced.ids.iter().cloned();
        rule.conditions
            .push(Condition::of(Subject::UnitId).any(ids));
        rule.group_name = Some(forced.group.clone());
        let value = group(experiment, &forced.group).and_then(|group| group.value.clone());
        let mut written = rules.rule(experiment, &rule, laid_over(defaults, value));
        put(&mut written, "isExperimentGroup", true);
        written
    };
    overrides.map(rule).collect()
}

/// The rules of the groups. Each takes the buckets up to its end. If the sizes add up to 100, the
/// last one takes all that are left.
fn groups(rules: &mut Rules, experiment: &Experiment, defaults: &Values) -> Vec<Value> {
    let groups = &experiment.own.groups;
    let sizes = groups.iter().filter_map(|group| group.size);
    let unsized_groups = groups.iter().filter(|group| group.size.is_none()).count();
    let share = (100.0 - sizes.sum::<f64>()).max(0.0) / unsized_groups.max(1) as f64;
    let mut end = 0.0;
    let mut written = Vec::new();
    for group in groups {
        end += group.size.unwrap_or(share);
        let mut rule = Rule::new(&group.name);
        rule.id.clone_from(&group.id);
        rule.group_name = Some(group.name.clone());
        rule.conditions.push(match Range::between(0.0, end) {
            Range::ALL => everyone(),
            range => bucket(experiment.own_salt()).lt(range.end()),
        });
        let value = laid_over(defaults, group.value.clone());
        let mut rule = rules.rule(experiment, &rule, value);
        put(&mut rule, "isExperimentGroup", true);
        written.push(rule);
    }
    written
}

fn group<'a>(experiment: &'a Experiment, name: &str) -> Option<&'a Group> {
    let mut groups = experiment.own.groups.iter();
    groups.find(|group| group.name == name)
}

/// The parameters that the experiment itself decides.
fn parameters(experiment: &Experiment) -> BTreeSet<&str> {
    let own = &experiment.own;
    if let Some(explicit) = &own.explicit_parameters {
        return explicit.iter().map(String::as_str).collect();
    }
    let of_rules = experiment.rules.iter().map(|rule| &rule.value);
    let values = own.groups.iter().map(|group| &group.value).chain(of_rules);
    let objects = values.filter_map(|value| value.as_ref()?.as_object());
    let names = objects.flat_map(|values| values.keys());
    names
        .chain(own.defaults.keys())
        .map(String::as_str)
        .collect()
}
