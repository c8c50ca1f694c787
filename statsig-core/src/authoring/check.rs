//! Finds what the service would not accept.

use std::collections::BTreeSet;

use serde_json::Value;

use super::condition::{Condition, Operator, Subject};
use super::entity::{Entity, GateKind, segment};
use super::experiment::Experiment;
use super::layer::Layer;
use super::problem::{Known, Problem};
use super::rule::Rule;
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
            check.entity(&place(kind, &gate.name), gate, BOOL);
        }
        for config in &self.configs {
            check.entity(&place("dynamic config", &config.name), config, OBJECT);
        }
        for layer in &self.layers {
            check.layer(layer);
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

/// What the rules of an entity return: the test of a value, and its description.
type Expected = (fn(&Value) -> bool, &'static str);
const BOOL: Expected = (Value::is_boolean, "true or false");
const OBJECT: Expected = (Value::is_object, "an object with parameters");

struct Check<'a> {
    specs: &'a Specs,
    problems: Vec<Problem>,
}

impl<'a> Check<'a> {
    /// Checks that each name is used once.
    fn names(&mut self) {
        let specs = self.specs;
        let project = "the project";
        self.unique(project, "gate", specs.gates.iter().map(Entity::wire_name));
        let configs = names(&specs.configs).chain(names(&specs.experiments));
        self.unique(project, "dynamic config or experiment", configs);
        self.unique(project, "layer", names(&specs.layers));
        let stores = specs.stores.iter().map(|store| store.name.clone());
        self.unique(project, "parameter store", stores);
    }

    fn unique(&mut self, place: &str, what: &'static str, names: impl Iterator<Item = String>) {
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
            let gates = self.specs.gates.iter();
            let holdouts = gates.filter(|gate| gate.own.kind == GateKind::Holdout);
            self.known(place, "holdout", holdout, holdouts.map(Entity::wire_name));
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

    fn layer(&mut self, layer: &Layer) {
        let place = place("layer", &layer.name);
        self.entity(&place, layer, OBJECT);
        for rule in &layer.rules {
            self.parameters(&in_rule(&place, rule), layer, names_in(&rule.value));
        }
        let allocations = self.specs.experiments_in(layer);
        let total = allocations
            .map(|experiment| experiment.own.allocation)
            .sum();
        self.at_most_all(&place, "allocations of its experiments", total);
    }

    fn experiment(&mut self, experiment: &Experiment) {
        let place = place("experiment", &experiment.name);
        let own = &experiment.own;
        self.entity(&place, experiment, OBJECT);
        self.percentage(&place, "allocation", own.allocation);
        for condition in &own.targeting {
            self.condition(&place, condition);
        }
        let group_names = || own.groups.iter().map(|group| group.name.clone());
        self.unique(&place, "group", group_names());
        if own.is_active && own.groups.is_empty() && experiment.rules.is_empty() {
            let place = place.clone();
            self.problems.push(Problem::NoGroups { place });
        }
        let layer = own.layer.as_ref();
        let layer = layer.and_then(|layer| self.known_layer(&place, layer));
        let mut total = 0.0;
        for group in &own.groups {
            let place = format!("{place}, group \"{}\"", group.name);
            if let Some(size) = group.size {
                self.percentage(&place, "size", size);
                total += size;
            }
            self.value(&place, group.value.as_ref(), OBJECT);
            if let Some(layer) = layer {
                self.parameters(&place, layer, names_in(&group.value));
            }
        }
        self.at_most_all(&place, "group sizes", total);
        if let Some(layer) = layer {
            self.parameters(&place, layer, own.defaults.keys());
            for rule in &experiment.rules {
                self.parameters(&in_rule(&place, rule), layer, names_in(&rule.value));
            }
        }
        let forced = own.overrides.iter().map(|forced| &forced.group);
        for group in forced.chain(&own.launched) {
            self.known(&place, "group", group, group_names());
        }
    }

    fn store(&mut self, store: &ParameterStore) {
        let place = place("parameter store", &store.name);
        let parameters = store.parameters.iter();
        let names_of_parameters = parameters.map(|parameter| parameter.name.clone());
        self.unique(&place, "parameter", names_of_parameters);
        for parameter in &store.parameters {
            let place = format!("{place}, parameter \"{}\"", parameter.name);
            match &parameter.target {
                StoreTarget::Fixed(_) => {}
                StoreTarget::Gate { gate, .. } => self.is_gate(&place, "gate", gate),
                StoreTarget::DynamicConfig { config, .. } => {
                    self.known(&place, "dynamic config", config, names(&self.specs.configs));
                }
                StoreTarget::Experiment { experiment, .. } => {
                    self.is_experiment(&place, experiment);
                }
                StoreTarget::Layer { layer, parameter } => {
                    if let Some(layer) = self.known_layer(&place, layer) {
                        self.parameters(&place, layer, [parameter]);
                    }
                }
            }
        }
    }

    fn condition(&mut self, place: &str, condition: &Condition) {
        let compares = match &condition.subject {
            Subject::Everyone => false,
            Subject::PassesGate(gate) | Subject::FailsGate(gate) => {
                self.is_gate(place, "gate", gate);
                false
            }
            Subject::InSegment(name) | Subject::NotInSegment(name) => {
                self.is_gate(place, "segment", &segment(name));
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

    fn is_gate(&mut self, place: &str, what: &'static str, name: &str) {
        let gates = self.specs.gates.iter();
        self.known(place, what, name, gates.map(Entity::wire_name));
    }

    fn is_experiment(&mut self, place: &str, name: &str) {
        self.known(place, "experiment", name, names(&self.specs.experiments));
    }

    fn known_layer(&mut self, place: &str, name: &str) -> Option<&'a Layer> {
        let layers = &self.specs.layers;
        self.known(place, "layer", name, names(layers));
        layers.iter().find(|layer| layer.name == name)
    }

    /// Checks that a layer has parameters with these names.
    fn parameters<'n>(
        &mut self,
        place: &str,
        layer: &Layer,
        names: impl IntoIterator<Item = &'n String>,
    ) {
        let place = format!("{place}, layer \"{}\"", layer.name);
        for name in names {
            let known = layer.own.defaults.keys().cloned();
            self.known(&place, "parameter", name, known);
        }
    }

    fn known(
        &mut self,
        place: &str,
        what: &'static str,
        name: &str,
        known: impl Iterator<Item = String>,
    ) {
        let known: BTreeSet<String> = known.collect();
        if !known.contains(name) {
            self.problems.push(Problem::Unknown {
                place: place.to_owned(),
                what,
                name: name.to_owned(),
                known: Known(known.into_iter().collect()),
            });
        }
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

    fn value(&mut self, place: &str, value: Option<&Value>, (suits, expected): Expected) {
        if let Some(value) = value.filter(|value| !suits(value)) {
            self.problems.push(Problem::Value {
                place: place.to_owned(),
                expected,
                found: value.to_string(),
            });
        }
    }
}

fn names<T>(entities: &[Entity<T>]) -> impl Iterator<Item = String> {
    entities.iter().map(|entity| entity.name.clone())
}

/// The names of the parameters in a value.
fn names_in(value: &Option<Value>) -> impl Iterator<Item = &String> {
    let parameters = value.as_ref().and_then(Value::as_object);
    parameters.into_iter().flat_map(|values| values.keys())
}

fn place(kind: &str, name: &str) -> String {
    format!("{kind} \"{name}\"")
}

fn in_rule(place: &str, rule: &Rule) -> String {
    format!("{place}, rule \"{}\"", rule.name)
}
