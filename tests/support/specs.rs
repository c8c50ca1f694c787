//! Small specs.

use serde_json::Value;
use statsig::testing::{Specs, in_id_list};

/// A project with a gate that everybody passes, or that nobody passes.
pub fn with_gate(name: &str, passes: bool) -> Specs {
    let share = if passes { 100 } else { 0 };
    Specs::new()
        .time(1_790_000_000_000)
        .gate(name, |g| g.everyone().pass(share))
}

/// Specs with a gate that everybody passes, or that nobody passes.
#[must_use]
pub fn one_gate(name: &str, passes: bool) -> Value {
    value(&with_gate(name, passes))
}

/// Specs of this time with the gate `on`. Everybody passes it, or nobody does.
#[must_use]
pub fn at(time: u64, passes: bool) -> Value {
    value(&with_gate("on", passes).time(time))
}

/// The same with a checksum.
#[must_use]
pub fn with_checksum(time: u64, passes: bool, checksum: &str) -> Value {
    value(&with_gate("on", passes).time(time).checksum(checksum))
}

/// Specs of this time with the gate `in_list`. The members of this ID list pass it.
#[must_use]
pub fn id_list_gate(time: u64, list: &str) -> Value {
    let specs = Specs::new().time(time);
    value(&specs.gate("in_list", |g| g.rule("everyone").when(in_id_list(list))))
}

fn value(specs: &Specs) -> Value {
    specs.to_value().expect("valid specs")
}
