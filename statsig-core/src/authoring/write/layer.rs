//! Writes layers, and how their experiments share the users.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::rules::{Rules, object, spec, with_holdouts};
use crate::authoring::condition::{Condition, Operator, bucket, everyone};
use crate::authoring::experiment::Experiment;
use crate::authoring::layer::Layer;
use crate::authoring::rule::Rule;
use crate::authoring::specs::Specs;

/// The number of buckets for each percent.
const PER_PERCENT: f64 = 10.0;

pub(super) fn written(rules: &mut Rules, specs: &Specs, layer: &Layer) -> Value {
    let own = &layer.own;
    let default = object(&own.defaults);
    let mut all = with_holdouts(layer, &default);
    for (experiment, range) in experiments(specs, layer) {
        let condition = match range {
            Range::ALL => everyone(),
            range => range.condition(Operator::Any, layer.own_salt()),
        };
        let mut assignment = Rule::when("experimentAssignment", condition);
        assignment.delegate = Some(experiment.name.clone());
        assignment.value = Some(default.clone());
        all.push(assignment);
    }
    let base = if own.merges_rules {
        &json!({})
    } else {
        &default
    };
    let rules = rules.written(layer, &all, base);
    let merges_rules = own.merges_rules.then_some(true);
    let own_fields = json!({"useNewLayerEval": merges_rules});
    spec(layer, "layer", default, rules, own_fields)
}

/// Buckets from the first up to, but not including, the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range(u16, u16);

impl Range {
    pub(super) const ALL: Self = Self(0, 1_000);

    /// The buckets between two percentages. Both are rounded to a bucket.
    pub(super) fn between(start: f64, end: f64) -> Self {
        let bucket =
            |percentage: f64| (percentage * PER_PERCENT).round().clamp(0.0, 1_000.0) as u16;
        Self(bucket(start), bucket(end))
    }

    /// The end, as a number for `lt`.
    pub(super) fn end(self) -> u16 {
        self.1
    }

    /// Whether a user's bucket by this salt is one of these, or none of them.
    pub(super) fn condition(self, operator: Operator, salt: &str) -> Condition {
        let buckets = (self.0..self.1).map(|bucket| (bucket.to_string(), json!(true)));
        let buckets: serde_json::Map<_, _> = buckets.collect();
        bucket(salt).by(operator, buckets)
    }
}

/// The experiments of a layer with their buckets: one after the other. Without those to which a
/// rule of the layer delegates.
pub(super) fn experiments<'a>(
    specs: &'a Specs,
    layer: &Layer,
) -> impl Iterator<Item = (&'a Experiment, Range)> {
    let mut start = 0.0;
    let delegates = layer.rules.iter().filter_map(|rule| rule.delegate.clone());
    let delegates: BTreeSet<String> = delegates.collect();
    specs
        .experiments_in(layer)
        .filter(move |experiment| !delegates.contains(&experiment.name))
        .map(move |experiment| {
            let end = start + experiment.own.allocation;
            let range = Range::between(start, end);
            start = end;
            (experiment, range)
        })
}
