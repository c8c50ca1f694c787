//! `conditions/*`: each condition on its own. The test adds a gate with a single rule that has only
//! this condition.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use statsig::StatsigUser;
use statsig::testing::{OfflineClient, Specs};
use statsig_tests::clock::FixedClock;
use statsig_tests::conformance::{Case, Conformance, entries, items, text};
use statsig_tests::tally::Tally;

/// One condition for one user is one comparison.
pub(crate) fn compare(data: &Conformance, case: &Case) -> Tally {
    let mut lines = data.lines(&case.file).into_iter();
    let names: Vec<String> = match lines.next() {
        Some(first) => items(&first["conditions"]).iter().map(text).collect(),
        None => Vec::new(),
    };
    let specs = specs_with_gates(&data.text(&case.spec), &names);
    let client = data.client(case, &specs);
    let skips = data.skips(case, "conditions");
    let gates: Vec<_> = names.iter().map(|name| (name, gate_of(name))).collect();
    let mut tally = Tally::default();
    for line in lines {
        let id = text(&line["user"]);
        let user = data.user(&id);
        let outcomes = text(&line["outcomes"]);
        assert_eq!(outcomes.len(), gates.len(), "{}: {id}", case.file);
        for ((name, gate), expected) in gates.iter().zip(outcomes.chars()) {
            let found = outcome(&client, user, gate);
            if expected == 'p' {
                tally.skip("the oracle panics", 1);
            } else if let Some(reason) = skips.reason(name) {
                tally.skip(reason, 1);
            } else {
                let context = || format!("{}: {id}, condition {name}", case.file);
                tally.compare(difference(context, expected, found));
            }
        }
    }
    tally
}

/// The results of time-dependent conditions at many moments. One condition at one moment is one
/// comparison.
pub(crate) fn compare_by_clock(data: &Conformance, case: &Case) -> Tally {
    let mut tally = Tally::default();
    let specs = data.text(&case.spec);
    for line in data.lines(&case.file) {
        let now_ms = line["clock_ms"].as_u64().expect("a time");
        let names: Vec<String> = entries(&line["outcomes"])
            .map(|(name, _)| name.clone())
            .collect();
        let specs = specs_with_gates(&specs, &names);
        let client = data.client_with(case, &specs, |options| {
            options.clock(Arc::new(FixedClock(now_ms)))
        });
        // These conditions do not depend on the user.
        let (_, user) = data.users().first().expect("a user");
        for (name, expected) in entries(&line["outcomes"]) {
            let expected = text(expected).chars().next().expect("an outcome");
            let found = outcome(&client, user, &gate_of(name));
            let context = || format!("{} at {}, condition {name}", case.file, line["clock"]);
            tally.compare(difference(context, expected, found));
        }
    }
    tally
}

fn difference(context: impl Fn() -> String, expected: char, found: char) -> Option<String> {
    (expected != found).then(|| format!("{}: expected {expected}, found {found}", context()))
}

fn outcome(client: &OfflineClient, user: &StatsigUser, gate: &str) -> char {
    let gate = client.get_feature_gate(user, gate);
    if gate.details.reason == "Bootstrap:Unsupported" {
        'u'
    } else if gate.value {
        '1'
    } else {
        '0'
    }
}

fn gate_of(condition: &str) -> String {
    format!("the condition {condition}")
}

/// The specs with a gate for each condition. Everything else is copied verbatim.
fn specs_with_gates(specs: &str, conditions: &[String]) -> String {
    type Object = BTreeMap<String, Box<RawValue>>;
    let mut specs: Object = serde_json::from_str(specs).expect("specs");
    let gates = specs.get("feature_gates").expect("gates");
    let mut gates: Object = serde_json::from_str(gates.get()).expect("gates");
    for condition in conditions {
        let gate = to_raw_value(&gate_spec(condition)).expect("a gate");
        gates.insert(gate_of(condition), gate);
    }
    let gates = to_raw_value(&gates).expect("gates");
    specs.insert("feature_gates".to_owned(), gates);
    serde_json::to_string(&specs).expect("specs")
}

fn gate_spec(condition: &str) -> Value {
    let specs = Specs::new().gate("gate", |g| g.rule("rule"));
    let mut specs = specs.to_value().expect("valid specs");
    let mut gate = specs["feature_gates"]["gate"].take();
    gate["rules"][0]["conditions"] = json!([condition]);
    gate
}
