//! Finds what the service would not accept.

use std::collections::BTreeSet;

use serde_json::Value;

use super::condition::{Condition, Operator, Subject};
use super::entity::{Entity, GateKind, segment};
use super::experiment::Experiment;
use super::problem::{Known, Problem};
use super::rule::{Rule, Values};
use super::specs::Specs;
use super::store::{ParameterStore, StoreTarget};

/// A tolerance, greater than the rounding error of a sum of percentages.
const TOLERANCE: f64 = 1e-6;

impl Specs {
    /// What the service would not accept in this project: nothing in most cases.
    ///
    /// ```
    /// use statsig_core::authoring::Specs;
    ///
    /// let specs = Specs::new().gate("beta", |g| g.rule("half").everyone().pass(150));
    /// let problem = specs.problems()[0].to_string();
    /// assert!(problem.starts_with(r#"gate "beta", rule "half": "#));
    /// assert!(problem.contains("expected a pass percentage from 0 to 100, found 150"));
    /// ```
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut check = Check {
            specs: self,
            problems: Vec::new(),
        };
        check.names();
        for gate in &self.gates {
            let kind = match gate.own.kind {
                GateKind::Gate => "gate",
                GateKind::Segment => "segment",
                GateKind::Holdout => "holdout",
            };
            check.entity(&place(kind, &gate.name), gate, Expected::Bool);
        }
        for config in &self.configs {
            let place = place("dynamic config", &config.name);
            check.entity(&place, config, Expected::Object);
        }
        for layer in &self.layers {
            let place = place("layer", &layer.name);
            check.entity(&place, layer, Expected::Object);
            for rule in &layer.rules {
                let of_rule = in_rule(&place, rule);
                check.parameters(&of_rule, rule.value.as_ref(), &layer.name);
            }
            check.allocations(&place, &layer.name);
        }
        for experiment in &self.experiments {
            check.experiment(experiment);
        }
        for store in &self.stores {
            check.store(store);
        }
        check.problems
    }
}

/// What the rules of an entity return.
#[derive(Clone, Copy)]
enum Expected {
    Bool,
    Object,
}

struct Check<'a> {
    specs: &'a Specs,
    problems: Vec<Problem>,
}

impl Check<'_> {
    /// Each name is used once.
    fn names(&mut self) {
        let specs = self.specs;
        let of_gates = specs.gates.iter().map(Entity::wire_name);
        self.unique("the project", "gate", of_gates);
        let experiments = specs.experiments.iter().map(|entity| entity.name.clone());
        let of_configs = specs.configs.iter().map(|entity| entity.name.clone());
        let configs = of_configs.chain(experiments);
        self.unique("the project", "dynamic config or experiment", configs);
        let layers = specs.layers.iter().map(|entity| entity.name.clone());
        self.unique("the project", "layer", layers);
        let stores = specs.stores.iter().map(|store| store.name.clone());
        self.unique("the project", "parameter store", stores);
    }

    fn unique(&mut self, place: &str, what: &'static str, names: impl IntoIterator<Item = String>) {
        let mut seen = BTreeSet::new();
        for name in names {
            let place = place.to_owned();
            if name.is_empty() {
                self.problems.push(Problem::NoName { place, what });
            } else if !seen.insert(name.clone()) {
                self.problems.push(Problem::Duplicate { place, what, name });
            }
        }
    }

    fn entity<T>(&mut self, place: &str, entity: &Entity<T>, expected: Expected) {
        let ids = entity.rules.iter().map(|rule| rule.id().to_owned());
        self.unique(place, "rule", ids);
        for holdout in &entity.holdouts {
            self.gate(place, "holdout", holdout, |kind| kind == GateKind::Holdout);
        }
        for rule in &entity.rules {
            let place = in_rule(place, rule);
            self.percentage(&place, "pass percentage", rule.pass_percentage);
            self.value(&place, rule.value.as_ref(), expected);
            for condition in &rule.conditions {
                self.condition(&place, condition);
            }
            if let Some(experiment) = &rule.delegate {
                self.is_experiment(&place, experiment);
            }
        }
    }

    fn experiment(&mut self, experiment: &Experiment) {
        let place = place("experiment", &experiment.name);
        let own = &experiment.own;
        self.entity(&place, experiment, Expected::Object);
        self.percentage(&place, "allocation", own.allocation);
        for condition in &own.targeting {
            self.condition(&place, condition);
        }
        let names = own.groups.iter().map(|group| group.name.clone());
        self.unique(&place, "group", names);
        if own.is_active && own.groups.is_empty() && experiment.rules.is_empty() {
            let place = place.clone();
            self.problems.push(Problem::NoGroups { place });
        }
        let mut total = 0.0;
        for group in &own.groups {
            let place = format!("{place}, group \"{}\"", group.name);
            if let Some(size) = group.size {
                self.percentage(&place, "size", size);
                total += size;
            }
            self.value(&place, group.value.as_ref(), Expected::Object);
            if let Some(layer) = &own.layer {
                self.parameters(&place, group.value.as_ref(), layer);
            }
        }
        self.at_most_all(&place, "group sizes", total);
        if let Some(layer) = &own.layer
            && self.layer(&place, layer).is_some()
        {
            for parameter in own.defaults.keys() {
                self.parameter(&place, parameter, layer);
            }
            for rule in &experiment.rules {
                let place = in_rule(&place, rule);
                self.parameters(&place, rule.value.as_ref(), layer);
            }
        }
        let named = own.overrides.iter().map(|forced| &forced.group);
        for group in named.chain(&own.launched) {
            if !own.groups.iter().any(|known| known.name == *group) {
                let known = own.groups.iter().map(|known| known.name.clone());
                self.unknown(&place, "group", group, known.collect());
            }
        }
    }

    /// The experiments of a layer do not overlap.
    fn allocations(&mut self, place: &str, layer: &str) {
        let experiments = self.specs.experiments.iter();
        let allocations = experiments
            .filter(|experiment| experiment.own.layer.as_deref() == Some(layer))
            .map(|experiment| experiment.own.allocation);
        self.at_most_all(place, "allocations of its experiments", allocations.sum());
    }

    fn store(&mut self, store: &ParameterStore) {
        let place = place("parameter store", &store.name);
        let names = store
            .parameters
            .iter()
            .map(|parameter| parameter.name.clone());
        self.unique(&place, "parameter", names);
        for parameter in &store.parameters {
            let place = format!("{place}, parameter \"{}\"", parameter.name);
            match &parameter.target {
                StoreTarget::Fixed(_) => {}
                StoreTarget::Gate { gate, .. } => self.gate(&place, "gate", gate, |_| true),
                StoreTarget::DynamicConfig { config, .. } => {
                    let configs = self.specs.configs.iter();
                    let known = configs.map(|known| known.name.clone()).collect();
                    self.known(&place, "dynamic config", config, known);
                }
                StoreTarget::Experiment { experiment, .. } => {
                    self.is_experiment(&place, experiment);
                }
                StoreTarget::Layer { layer, parameter } => self.parameter(&place, parameter, layer),
            }
        }
    }

    fn condition(&mut self, place: &str, condition: &Condition) {
        let compares = match &condition.subject {
            Subject::Everyone => false,
            Subject::PassesGate(gate) | Subject::FailsGate(gate) => {
                self.gate(place, "gate", gate, |_| true);
                false
            }
            Subject::InSegment(name) | Subject::NotInSegment(name) => {
                self.gate(place, "segment", &segment(name), |_| true);
                false
            }
            Subject::ExperimentGroup(experiment) => {
                self.is_experiment(place, experiment);
                true
            }
            _ => true,
        };
        if compares && condition.operator.is_none() {
            let place = place.to_owned();
            self.problems.push(Problem::NoComparison { place });
        }
        if condition.operator == Some(Operator::StrMatches)
            && let Some(pattern) = condition.target.as_str()
            && let Err(problem) = fancy_regex::Regex::new(pattern)
        {
            self.problems.push(Problem::Pattern {
                place: place.to_owned(),
                pattern: pattern.to_owned(),
                problem: problem.to_string(),
            });
        }
    }

    fn gate(
        &mut self,
        place: &str,
        what: &'static str,
        name: &str,
        suits: impl Fn(GateKind) -> bool,
    ) {
        let gates = self.specs.gates.iter();
        let known = gates.filter(|gate| suits(gate.own.kind));
        let known = known.map(Entity::wire_name).collect();
        self.known(place, what, name, known);
    }

    fn is_experiment(&mut self, place: &str, name: &str) {
        let experiments = self.specs.experiments.iter();
        let known = experiments.map(|known| known.name.clone()).collect();
        self.known(place, "experiment", name, known);
    }

    /// The parameters of a layer.
    fn layer(&mut self, place: &str, name: &str) -> Option<&Values> {
        let specs = self.specs;
        let layer = specs.layers.iter().find(|layer| layer.name == name);
        if layer.is_none() {
            let known = specs.layers.iter().map(|known| known.name.clone());
            self.unknown(place, "layer", name, known.collect());
        }
        layer.map(|layer| &layer.own.defaults)
    }

    fn parameters(&mut self, place: &str, value: Option<&Value>, layer: &str) {
        let specs = self.specs;
        if specs.layers.iter().any(|known| known.name == layer) {
            for parameter in value.and_then(Value::as_object).into_iter().flatten() {
                self.parameter(place, parameter.0, layer);
            }
        }
    }

    fn parameter(&mut self, place: &str, parameter: &str, layer: &str) {
        let Some(parameters) = self.layer(place, layer) else {
            return;
        };
        let known: Vec<String> = parameters.keys().cloned().collect();
        let place = format!("{place}, layer \"{layer}\"");
        self.known(&place, "parameter", parameter, known);
    }

    fn known(&mut self, place: &str, what: &'static str, name: &str, known: Vec<String>) {
        if !known.iter().any(|known| known == name) {
            self.unknown(place, what, name, known);
        }
    }

    fn unknown(&mut self, place: &str, what: &'static str, name: &str, mut known: Vec<String>) {
        known.sort();
        known.dedup();
        self.problems.push(Problem::Unknown {
            place: place.to_owned(),
            what,
            name: name.to_owned(),
            known: Known(known),
        });
    }

    fn percentage(&mut self, place: &str, what: &'static str, found: f64) {
        if !(0.0..=100.0).contains(&found) {
            self.problems.push(Problem::Percentage {
                place: place.to_owned(),
                what,
                found: found.to_string(),
            });
        }
    }

    fn at_most_all(&mut self, place: &str, what: &'static str, total: f64) {
        if total > 100.0 + TOLERANCE {
            self.problems.push(Problem::TooMuch {
                place: place.to_owned(),
                what,
                total: total.to_string(),
            });
        }
    }

    fn value(&mut self, place: &str, value: Option<&Value>, expected: Expected) {
        let Some(value) = value else {
            return;
        };
        let (suits, expected) = match expected {
            Expected::Bool => (value.is_boolean(), "true or false"),
            Expected::Object => (value.is_object(), "an object with parameters"),
        };
        if !suits {
            self.problems.push(Problem::Value {
                place: place.to_owned(),
                expected,
                found: value.to_string(),
            });
        }
    }
}

fn place(kind: &str, name: &str) -> String {
    format!("{kind} \"{name}\"")
}

fn in_rule(place: &str, rule: &Rule) -> String {
    format!("{place}, rule \"{}\"", rule.name)
}
