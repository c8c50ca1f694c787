//! Complete evaluations of small specs.

mod agreement;
mod bandits;
mod experiment_groups;
mod explained;
mod explained_ends;
mod gates;
mod incremental;
mod layers;
mod limits;
mod redirections;
mod selected;
mod series;
mod shares;
mod totality;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::explain::explain;
use super::memo::{Key, Memo, MemoHome};
use super::{
    Evaluation, EvaluationContext, Evaluator, NestedGate, Outcome, ParametersRef, evaluate_unknown,
};
use crate::authoring;
use crate::country::{Countries, CountryCode, CountryLookup};
use crate::entity_kind::EntityKind;
use crate::evaluation::NamedEvaluation;
use crate::overrides::{OverrideAdapter, OverrideSet, OverrideValue};
use crate::results::SpecsSource;
use crate::results::explanation::Explanation;
use crate::specs::compiled::EntryId;
use crate::specs::snapshot::{Loaded, Snapshot};
use crate::specs::symbols::Symbol;
use crate::user::StatsigUser;

/// The time of all evaluations in these tests.
const NOW_MS: u64 = 1_750_000_000_000;

/// Specs under construction.
#[derive(Debug, Clone)]
struct Specs(Value);

impl Specs {
    fn new() -> Self {
        let empty = authoring::Specs::new().time(1);
        Self(empty.to_value().expect("valid specs"))
    }

    fn gate(self, name: &str, rules: impl IntoIterator<Item = Value>) -> Self {
        self.with("feature_gates", name, spec(json!(false), rules))
    }

    fn config(self, name: &str, default: Value, rules: impl IntoIterator<Item = Value>) -> Self {
        self.with("dynamic_configs", name, spec(default, rules))
    }

    fn layer(self, name: &str, default: Value, rules: impl IntoIterator<Item = Value>) -> Self {
        self.with("layer_configs", name, spec(default, rules))
    }

    /// Adds an entry to a section. Creates the section if it is missing.
    fn with(mut self, section: &str, name: &str, entry: Value) -> Self {
        self.0[section][name] = entry;
        self
    }

    /// Changes a key of an entry.
    fn set(mut self, kind: EntityKind, name: &str, key: &str, value: Value) -> Self {
        let section = match kind {
            EntityKind::Gate => "feature_gates",
            EntityKind::DynamicConfig | EntityKind::Experiment => "dynamic_configs",
            EntityKind::Layer => "layer_configs",
            EntityKind::ParameterStore => "param_stores",
        };
        self.0[section][name][key] = value;
        self
    }

    /// The specs, with a condition for each name in the rules.
    fn finish(mut self) -> Value {
        let mut names = Vec::new();
        for section in ["feature_gates", "dynamic_configs", "layer_configs"] {
            for spec in self.0[section]
                .as_object()
                .into_iter()
                .flat_map(Map::values)
            {
                spec["rules"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .for_each(|rule| {
                        names.extend(rule["conditions"].as_array().cloned().unwrap_or_default());
                    });
            }
        }
        for rule in self.0["override_rules"]
            .as_object()
            .into_iter()
            .flat_map(Map::values)
        {
            names.extend(rule["conditions"].as_array().cloned().unwrap_or_default());
        }
        for name in names {
            let name = name.as_str().unwrap_or_default();
            if let Some(condition) = condition(name) {
                self.0["condition_map"][name] = condition;
            }
        }
        self.0
    }

    fn snapshot(self) -> Snapshot {
        snapshot(&self.finish().to_string()).expect("valid specs")
    }

    fn evaluate(self, kind: EntityKind, name: &str, user: &StatsigUser) -> Shown {
        evaluate(&self.snapshot(), kind, name, user)
    }
}

fn spec(default: Value, rules: impl IntoIterator<Item = Value>) -> Value {
    json!({
        "type": "any", "entity": "any", "salt": "salt", "enabled": true, "idType": "userID", "version": 7,
        "defaultValue": default, "rules": rules.into_iter().collect::<Value>(),
    })
}

/// A rule for all users that meet the conditions. The names are those of [`condition`].
fn rule<'a>(id: &str, conditions: impl IntoIterator<Item = &'a str>, return_value: Value) -> Value {
    json!({
        "name": id, "id": id, "salt": id, "passPercentage": 100, "idType": "userID",
        "conditions": conditions.into_iter().collect::<Value>(), "returnValue": return_value,
    })
}

/// The same rule with another value of one key.
fn but(mut rule: Value, key: &str, value: impl Into<Value>) -> Value {
    rule[key] = value.into();
    rule
}

/// Makes a condition from `everyone`, `nobody`, `unsupported`, `pass:GATE`, `fail:GATE` or
/// `in:EXPERIMENT:GROUP`. Any other name has no condition.
fn condition(name: &str) -> Option<Value> {
    let of = |kind: &str, field: Option<&str>, operator: &str, target: Value| {
        json!({
            "type": kind, "targetValue": target, "operator": operator, "field": field,
            "additionalValues": {}, "idType": "userID",
        })
    };
    Some(match name.split(':').collect::<Vec<_>>()[..] {
        ["everyone"] => of("public", None, "", Value::Null),
        ["nobody"] => of("user_field", Some("email"), "any", json!(["no@body"])),
        ["unsupported"] => of("user_field", Some("email"), "sounds_like", Value::Null),
        ["pass", ..] => of("pass_gate", None, "", json!(&name["pass:".len()..])),
        ["fail", ..] => of("fail_gate", None, "", json!(&name["fail:".len()..])),
        ["in", experiment, group] => {
            of("experiment_group", Some(experiment), "any", json!([group]))
        }
        _ => return None,
    })
}

/// A snapshot without specs.
fn empty() -> Snapshot {
    let countries = Countries::built_in(Arc::new(Hungary));
    Snapshot::uninitialized(None, Arc::default(), countries)
}

/// A lookup that puts every address into Hungary.
#[derive(Debug)]
struct Hungary;

impl CountryLookup for Hungary {
    fn country_of(&self, _: IpAddr) -> Option<CountryCode> {
        CountryCode::new("HU")
    }
}

fn snapshot(specs: &str) -> Option<Snapshot> {
    let empty = empty();
    match empty.load(specs.as_bytes(), u64::MAX) {
        Ok(Loaded::New(specs)) => Some(empty.with_specs(*specs, SpecsSource::Bootstrap, None, 1)),
        Ok(Loaded::Unchanged | Loaded::Older { .. }) | Err(_) => None,
    }
}

/// One generation of specs with its evaluation cache and overrides.
struct Engine {
    snapshot: Snapshot,
    memo: Memo,
    home: MemoHome,
    overrides: OverrideSet,
}

impl Engine {
    fn of(snapshot: Snapshot) -> Self {
        let home = MemoHome::default();
        Self {
            memo: home.next(&snapshot.specs),
            snapshot,
            home,
            overrides: OverrideSet::default(),
        }
    }

    fn new(specs: &Value) -> Option<Self> {
        Some(Self::of(snapshot(&specs.to_string())?))
    }

    /// Loads other specs. Returns `None` if they are malformed or not newer.
    fn load(&mut self, specs: &Value) -> Option<()> {
        let loaded = self.snapshot.load(specs.to_string().as_bytes(), u64::MAX);
        let Ok(Loaded::New(specs)) = loaded else {
            return None;
        };
        let next = self
            .snapshot
            .with_specs(*specs, SpecsSource::Bootstrap, None, 1);
        self.memo = self.home.next(&next.specs);
        self.snapshot = next;
        Some(())
    }

    fn context(&self) -> EvaluationContext<'_> {
        let overrides: Option<&dyn OverrideAdapter> = if self.overrides.is_empty() {
            None
        } else {
            Some(&self.overrides)
        };
        EvaluationContext::of(&self.snapshot, NOW_MS, 1).with_overrides(overrides)
    }

    fn explain(&self, user: &StatsigUser, kind: EntityKind, name: &str) -> Explanation {
        explain(self.context(), user, kind, name)
    }

    /// Evaluates through the cache, like clients.
    fn decide(&self, user: &StatsigUser, kind: EntityKind, name: &str) -> Evaluation {
        let context = self.context();
        let Some(id) = self.snapshot.specs.find(name) else {
            return evaluate_unknown(&context, kind, name, user);
        };
        let dependencies = self
            .snapshot
            .specs
            .entry(id)
            .expect("an entry")
            .dependencies;
        let evaluate = || Evaluator::new(context, user).evaluate(kind, id);
        if dependencies.is_constant()
            && let Some(evaluation) = self.memo.constant(kind, id, evaluate)
        {
            return evaluation.clone();
        }
        if !dependencies.is_memoisable() {
            return evaluate();
        }
        let key = Key {
            fingerprint: user.fingerprint(),
            entry: id,
            kind,
        };
        if let Some(remembered) = self.memo.get(key) {
            return remembered.clone();
        }
        let evaluation = evaluate();
        self.memo.add(key, &evaluation);
        evaluation
    }
}

/// The parts of an evaluation that these tests check, with resolved symbols.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    outcome: Outcome,
    value: bool,
    rule: String,
    parameters: Value,
    group: Option<String>,
    delegate: Option<String>,
    mapped_to: Option<String>,
    id_type: Option<String>,
    version: Option<u32>,
    is_in_group: bool,
    is_active: bool,
    explicit: Vec<String>,
    /// Nested gates as `name=value@rule`.
    nested: Vec<String>,
    undelegated: Option<Vec<String>>,
    parameter_rules: BTreeMap<String, String>,
    /// Experiments that conditions looked up.
    looked_up: Vec<String>,
}

fn evaluate(snapshot: &Snapshot, kind: EntityKind, name: &str, user: &StatsigUser) -> Shown {
    let id = snapshot.specs.find(name).expect("a name in the specs");
    shown(snapshot, &raw(snapshot, kind, id, user))
}

fn raw(snapshot: &Snapshot, kind: EntityKind, entry: EntryId, user: &StatsigUser) -> Evaluation {
    Evaluator::new(EvaluationContext::of(snapshot, NOW_MS, 1), user).evaluate(kind, entry)
}

fn shown(snapshot: &Snapshot, evaluation: &Evaluation) -> Shown {
    let specs = &snapshot.specs;
    let text = |symbol: Symbol| specs.text(symbol).to_string();
    let gate = |nested: &NestedGate| {
        let NestedGate {
            gate,
            value,
            rule_id,
        } = *nested;
        format!("{}={value}@{}", text(gate), text(rule_id))
    };
    let gates = |gates: &[NestedGate]| gates.iter().map(gate).collect::<Vec<_>>();
    let rules = evaluation
        .parameter_rules
        .iter()
        .flat_map(|rules| rules.iter());
    let looked_up = evaluation.looked_up().iter();
    Shown {
        outcome: evaluation.outcome,
        value: evaluation.value,
        rule: text(evaluation.rule_symbol()),
        parameters: match &evaluation.parameters {
            ParametersRef::Shared(parameters) => Value::Object((**parameters).clone()),
            ParametersRef::Nothing | ParametersRef::Null | ParametersRef::Bool(_) => Value::Null,
        },
        group: evaluation.group_name.map(text),
        delegate: evaluation.delegate.map(text),
        mapped_to: evaluation.mapped_to.map(text),
        id_type: evaluation.id_type.map(text),
        version: evaluation.version,
        is_in_group: evaluation.is_experiment_group,
        is_active: evaluation.is_experiment_active,
        explicit: evaluation
            .explicit_parameters(specs)
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
        nested: gates(&evaluation.nested_gates),
        undelegated: evaluation.undelegated_gates().map(gates),
        parameter_rules: rules
            .map(|(parameter, rule)| (parameter.to_string(), text(*rule)))
            .collect(),
        looked_up: looked_up
            .filter_map(|looked_up| specs.entry(looked_up.entry))
            .map(|entry| text(entry.name))
            .collect(),
    }
}

fn ann() -> StatsigUser {
    StatsigUser::with_user_id("ann")
}
