//! Replays recorded calls and compares their events with those of the official SDK.
//!
//! A comparison is one event, or one result of a call.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say what they found"
)]

#[path = "conformance_events/calls.rs"]
mod calls;
#[path = "conformance_events/delivery.rs"]
mod delivery;
#[path = "conformance_events/masks.rs"]
mod masks;
#[path = "conformance_events/pairing.rs"]
mod pairing;

use delivery::Delivery;
use pairing::Pair;
use serde_json::Value;
use statsig_tests::conformance::{Case, Conformance, Job, Skips, conclude, items, run};
use statsig_tests::tally::Tally;

/// Why an exposure of a sampled rule appears on one side only.
const SAMPLED_DIFFERENTLY: &str = "sampled differently: which exposures a sample keeps depends on the official SDK's hash and on its processor";

#[test]
fn events_are_those_of_the_official_sdk() {
    let data = &Conformance::find();
    let jobs: Vec<Job<'_>> = data
        .cases("events")
        .into_iter()
        .map(|case| -> Job<'_> {
            let name = case.file.clone();
            (name, Box::new(move || replay(data, &case)))
        })
        .collect();
    println!("a comparison is one event, or one result of a call");
    println!("not recorded, so not compared: diagnostics events");
    if data.is_reduced() {
        println!("read from the reduced set of recorded answers, tests/conformance/data");
    }
    conclude("events", &run(&jobs));
}

fn replay(data: &Conformance, case: &Case) -> Tally {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(replay_over_http(data, case))
}

/// Each recorded user makes all calls on a separate client.
async fn replay_over_http(data: &Conformance, case: &Case) -> Tally {
    let delivery = Delivery::start().await;
    let specs = data.text(&case.spec);
    let template = data.client_with(case, &specs, |options| delivery.options(options));
    let recorded_calls = data.json(case.calls.as_ref().expect("a file with calls"));
    let calls = items(&recorded_calls["calls"]);
    let skipped = AllSkips::new(data, case);
    let mut tally = Tally::default();
    for line in data.lines(&case.file) {
        let id = line["user"].as_str().expect("a user");
        let client = template.fresh();
        let context = format!("{}: {id}", case.file);
        let make = |call| calls::make(&client, data.user(id), call);
        let make_all = || calls.iter().map(make).collect::<Vec<_>>();
        let (results, delivered) = delivery.of(&client, make_all).await;
        for (place, expected) in items(&line["results"]).iter().enumerate() {
            let call = &calls[place];
            if let Some(reason) = skipped.of_call(call) {
                tally.skip(reason, 1);
                continue;
            }
            let found = results[place].clone().unwrap_or_default();
            let context = format!("{context}, result of call {place} {call}");
            tally.compare(masks::differences(&context, expected, &found));
        }
        compare_events(&context, &line, delivered, &skipped, &mut tally);
    }
    tally
}

/// Compares event by event: the events and their order must be the same, except where the hash of a
/// sample decides.
fn compare_events(
    context: &str,
    line: &Value,
    delivered: Vec<Value>,
    skipped: &AllSkips,
    tally: &mut Tally,
) {
    let mut expected = Vec::new();
    for recorded in items(&line["events"]) {
        match skipped.of_event(&recorded["event"]) {
            Some(reason) => tally.skip(reason, 1),
            None => expected.push(&recorded["event"]),
        }
    }
    let delivered: Vec<_> = delivered
        .into_iter()
        .filter(|event| skipped.of_event(event).is_none())
        .collect();
    for pair in pairing::pair(&expected, &delivered) {
        match pair {
            Pair::Both { recorded, found } => {
                let context = format!("{context}, event {recorded}");
                let found = pairing::as_the_hash_decided(recorded, found);
                tally.compare(masks::differences(&context, recorded, &found));
            }
            Pair::OutOfOrder { recorded } => {
                tally.compare([format!("{context}: too early or too late: {recorded}")]);
            }
            Pair::Missing { recorded } => {
                tally.compare([format!("{context}: not delivered: {recorded}")]);
            }
            Pair::Unexpected { found } => {
                tally.compare([format!("{context}: not recorded: {found}")]);
            }
            Pair::SampledDifferently => tally.skip(SAMPLED_DIFFERENTLY, 1),
        }
    }
}

/// The skipped entities, by the kind of event that exposes them.
struct AllSkips {
    has_overrides: bool,
    gates: Skips,
    configs: Skips,
    layers: Skips,
}

impl AllSkips {
    fn new(data: &Conformance, case: &Case) -> Self {
        Self {
            has_overrides: case.file.starts_with("events/overrides."),
            gates: data.skips(case, "gates"),
            configs: data.skips(case, "configs"),
            layers: data.skips(case, "layers"),
        }
    }

    fn of_event(&self, event: &Value) -> Option<&'static str> {
        let metadata = &event["metadata"];
        let (skips, name) = match event["eventName"].as_str()? {
            "statsig::gate_exposure" => (&self.gates, &metadata["gate"]),
            "statsig::config_exposure" => (&self.configs, &metadata["config"]),
            "statsig::layer_exposure" => (&self.layers, &metadata["config"]),
            _ => return None,
        };
        skips.reason(name.as_str()?)
    }

    fn of_call(&self, call: &Value) -> Option<&'static str> {
        let skips = match call["op"].as_str()? {
            "check_gate" | "get_feature_gate" => &self.gates,
            "get_dynamic_config" | "get_experiment" => &self.configs,
            "get_layer" => &self.layers,
            "get_param" if self.has_overrides => {
                return Some(
                    "a store without a user, which no override reaches, does not exist here",
                );
            }
            _ => return None,
        };
        skips.reason(call["name"].as_str()?)
    }
}
