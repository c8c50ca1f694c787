//! Writes experiments, with the rules that the service makes of groups, allocation and targeting.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::layer::{Range, experiments};
use super::rules::{Rules, object, put, spec, with_holdouts};
use crate::authoring::condition::{
    Condition, Operator, Subject, bucket, everyone, fails_gate, not_in_segment,
};
use crate::authoring::entity::{Gate, GateKind};
use crate::authoring::experiment::{Experiment, Group};
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
    let mut all: Vec<Rule> = overrides(experiment).collect();
    all.extend(with_holdouts(experiment, &default));
    if own.is_active {
        all.extend(exclusions(specs, experiment, layer));
        all.extend(groups(experiment));
    }
    let mut written = rules.written(experiment, &all, &default);
    for rule in &mut written {
        if rule.get("groupName").is_some() {
            put(rule, "isExperimentGroup", true);
        }
    }
    if !own.is_active {
        let launched = own.launched.as_deref();
        let launched = launched.and_then(|name| group(experiment, name));
        let name = launched.map_or("prestart", |_| "launchedGroup");
        let mut rule = Rule::when(name, everyone());
        rule.group_name = launched.map(|group| group.name.clone());
        rule.value = launched.and_then(|group| group.value.clone());
        written.extend(rules.written(experiment, &[rule], &default));
    }

    let own_fields = json!({
        "isActive": own.is_active,
        "explicitParameters": parameters(experiment),
        "hasSharedParams": own.layer.as_ref().map(|_| true),
    });
    spec(experiment, "experiment", default, written, own_fields)
}

/// The gate that alone decides who may take part.
fn targeting_gate(experiment: &Experiment) -> Option<&str> {
    match experiment.own.targeting.as_slice() {
        [
            Condition {
                subject: Subject::PassesGate(gate),
                ..
            },
        ] => Some(gate),
        _ => None,
    }
}

/// The segment of the users who may take part, unless a gate decides that.
pub(super) fn targeting_segment(experiment: &Experiment) -> Option<Gate> {
    if experiment.own.targeting.is_empty() || targeting_gate(experiment).is_some() {
        return None;
    }
    let name = format!("{}.targeting", experiment.name);
    let mut segment = Gate::of(name, GateKind::Segment);
    segment.id_type = experiment.id_type.clone();
    let mut rule = Rule::new("inlineTargetingRules");
    rule.conditions = experiment.own.targeting.clone();
    segment.rules.push(rule);
    Some(segment)
}

/// The rules for users who do not take part.
fn exclusions(specs: &Specs, experiment: &Experiment, layer: Option<&Layer>) -> Vec<Rule> {
    let mut exclusions = Vec::new();
    let (range, salt) = match layer {
        Some(layer) => {
            let mut all = experiments(specs, layer);
            let found = all.find(|(known, _)| known.name == experiment.name);
            let range = found.map_or(Range::ALL, |(_, range)| range);
            (range, layer.own_salt().to_owned())
        }
        None => {
            let range = Range::between(0.0, experiment.own.allocation);
            (range, format!("{}.allocation", experiment.own_salt()))
        }
    };
    if range != Range::ALL {
        let others = range.condition(Operator::None, &salt);
        exclusions.push(Rule::when("layerAssignment", others));
    }
    if let Some(gate) = targeting_gate(experiment) {
        exclusions.push(Rule::when("targetingGate", fails_gate(gate)));
    } else if let Some(segment) = targeting_segment(experiment) {
        let others = not_in_segment(segment.name);
        exclusions.push(Rule::when("inlineTargetingRules", others));
    }
    exclusions
}

/// The rules for users with a fixed group.
fn overrides(experiment: &Experiment) -> impl Iterator<Item = Rule> {
    experiment.own.overrides.iter().map(|forced| {
        let name = format!("{}:{}:id_override", forced.group, experiment.id_type);
        let has_id = Condition::of(Subject::UnitId).any(forced.ids.iter().cloned());
        let mut rule = Rule::when(name, has_id);
        rule.group_name = Some(forced.group.clone());
        rule.value = group(experiment, &forced.group).and_then(|group| group.value.clone());
        rule
    })
}

/// The rules of the groups. Each takes the buckets up to its end. If the sizes add up to 100, the
/// last one takes all that are left.
fn groups(experiment: &Experiment) -> impl Iterator<Item = Rule> {
    let groups = &experiment.own.groups;
    let sizes = groups.iter().filter_map(|group| group.size);
    let unsized_groups = groups.iter().filter(|group| group.size.is_none()).count();
    let share = (100.0 - sizes.sum::<f64>()).max(0.0) / unsized_groups.max(1) as f64;
    let mut end = 0.0;
    groups.iter().map(move |group| {
        end += group.size.unwrap_or(share);
        let condition = match Range::between(0.0, end) {
            Range::ALL => everyone(),
            range => bucket(experiment.own_salt()).lt(range.end()),
        };
        let mut rule = Rule::when(&group.name, condition);
        rule.id.clone_from(&group.id);
        rule.group_name = Some(group.name.clone());
        rule.value.clone_from(&group.value);
        rule
    })
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
