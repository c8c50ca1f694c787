//! Complete responses of small specs.

mod content;
mod formats;
mod selection;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{ClientInit, ClientInitResponseFormat, ClientInitResponseOptions};
use crate::authoring::{Specs, in_segment, passes_gate};
use crate::hash::HashAlgorithm;
use crate::overrides::OverrideAdapter;
use crate::results::SpecsSource;
use crate::specs::snapshot::{Loaded, Snapshot};
use crate::user::StatsigUser;

/// A project with one entity of each kind. All users pass every rule except those of `off`.
fn project() -> Specs {
    project_around("on", "all")
}

/// The same with another name for the gate `on`, and another ID for its rule.
fn project_around(on: &str, rule: &str) -> Specs {
    Specs::new()
        .time(42)
        .gate(on, |g| g.rule(rule).everyone())
        .gate("off", |g| g)
        .gate("outer", |g| {
            g.rule("o")
                .when(passes_gate(on))
                .when(in_segment("all"))
                .when(passes_gate(on))
        })
        .segment("all", |g| g.rule("s").when(passes_gate("holdout")))
        .holdout("holdout", |g| g.rule("h").everyone())
        .config("config", |c| c.default("a", 1))
        .layer("layer", |l| {
            l.default("a", 0)
                .rule("l")
                .when(passes_gate("outer"))
                .delegate("experiment")
        })
        .experiment("experiment", |e| {
            e.layer("layer")
                .rule("group")
                .when(passes_gate(on))
                .value("a", 2)
                .group_name("Test")
        })
        .store("store", |s| {
            s.fixed("color", "red")
                .from_experiment("size", "experiment", "a")
                .by_gate("shape", on, 1, Value::Null)
        })
}

/// The specs of [`project`].
fn specs() -> Value {
    written(&project())
}

fn written(project: &Specs) -> Value {
    project.to_value().expect("valid specs")
}

/// The same with other values of some keys.
fn but<'a>(mut whole: Value, changes: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    for (key, value) in changes {
        whole[key] = value;
    }
    whole
}

/// The options of most tests: plain names.
fn plain() -> ClientInitResponseOptions {
    ClientInitResponseOptions::new().hash_algorithm(HashAlgorithm::None)
}

fn ann() -> StatsigUser {
    StatsigUser::with_user_id("ann")
}

fn snapshot(specs: &Value) -> Snapshot {
    let empty = Snapshot::uninitialized(
        Some("staging".into()),
        Arc::new(BTreeMap::new()),
        crate::country::Countries::disabled(),
    );
    match empty.load(specs.to_string().as_bytes(), u64::MAX) {
        Ok(Loaded::New(specs)) => empty.with_specs(*specs, SpecsSource::Bootstrap, None, 1),
        other => panic!("expected valid specs, found {other:?}"),
    }
}

fn respond(specs: &Value, user: &StatsigUser, options: &ClientInitResponseOptions) -> Value {
    respond_with(&snapshot(specs), user, options, None)
}

/// Uses a seed for random draws that differs from the other tests.
fn respond_with_seed(
    specs: &Value,
    user: &StatsigUser,
    options: &ClientInitResponseOptions,
    seed: u64,
) -> Value {
    let snapshot = snapshot(specs);
    let request = ClientInit {
        seed,
        ..request(&snapshot, user, options)
    };
    request.respond().parse().expect("JSON")
}

fn respond_with(
    snapshot: &Snapshot,
    user: &StatsigUser,
    options: &ClientInitResponseOptions,
    overrides: Option<&dyn OverrideAdapter>,
) -> Value {
    let request = ClientInit {
        overrides,
        ..request(snapshot, user, options)
    };
    request.respond().parse().expect("JSON")
}

fn request<'a>(
    snapshot: &'a Snapshot,
    user: &'a StatsigUser,
    options: &'a ClientInitResponseOptions,
) -> ClientInit<'a> {
    ClientInit {
        snapshot,
        user,
        options,
        now_ms: 1_750_000_000_000,
        seed: 1,
        overrides: None,
        session_id: "session",
    }
}

fn names(section: &Value) -> Vec<&str> {
    let object = section.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}
