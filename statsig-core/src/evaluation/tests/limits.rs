//! Evaluation ends quickly for specs with deep, circular or exponential references.

use serde_json::json;

use super::*;
use crate::entity_kind::EntityKind;

/// Far above every limit.
const LONG: usize = 1500;

fn gate_chain(length: usize) -> Specs {
    let last = Specs::new().gate(
        &format!("g{length}"),
        [rule("last", ["everyone"], json!(true))],
    );
    (0..length).fold(last, |specs, place| {
        let next = format!("pass:g{}", place + 1);
        specs.gate(&format!("g{place}"), [rule("r", [&*next], json!(true))])
    })
}

#[test]
fn gates_may_be_nested_64_deep() {
    let shown = gate_chain(64).evaluate(EntityKind::Gate, "g0", &ann());
    assert!(shown.value);
    assert_eq!(shown.nested.len(), 64);
    let shown = gate_chain(65).evaluate(EntityKind::Gate, "g0", &ann());
    assert_eq!(shown.outcome, Outcome::TooDeep);
    assert!(shown.nested.is_empty());
}

#[test]
fn a_gate_that_asks_for_itself_is_given_up() {
    let specs = Specs::new().gate("g", [rule("r", ["pass:g"], json!(true))]);
    let shown = specs.evaluate(EntityKind::Gate, "g", &ann());
    assert_eq!((shown.outcome, shown.value), (Outcome::TooDeep, false));
}

#[test]
fn delegates_in_a_circle_are_given_up() {
    let delegate = but(
        rule("r", ["everyone"], json!({})),
        "configDelegate",
        "experiment",
    );
    let shown = Specs::new()
        .config("experiment", json!({}), [delegate.clone()])
        .layer("l", json!({}), [delegate])
        .evaluate(EntityKind::Layer, "l", &ann());
    assert_eq!(shown.outcome, Outcome::TooDeep);
}

#[test]
fn long_chains_of_every_sort_end_without_exhausting_the_stack() {
    let name = |place: usize| format!("x{place}");
    let chain = |link: &dyn Fn(Specs, usize) -> Specs| {
        let specs = (0..LONG).fold(Specs::new(), link);
        specs.evaluate(EntityKind::Experiment, "x0", &ann()).outcome
    };
    let delegates = chain(&|specs, place| {
        let rule = rule("r", ["everyone"], json!({}));
        let rule = but(rule, "configDelegate", name(place + 1));
        specs.config(&name(place), json!({}), [rule])
    });
    assert_eq!(delegates, Outcome::TooDeep);
    let groups = chain(&|specs, place| {
        let condition = format!("in:{}:A", name(place + 1));
        let rule = but(rule("r", [&*condition], json!({})), "groupName", "A");
        specs.config(&name(place), json!({}), [rule])
    });
    assert_eq!(groups, Outcome::TooDeep);
    let redirections = chain(&|specs, place| {
        let to = json!([{"new_config_name": name(place + 1), "rules": [{"rule_name": "all"}]}]);
        specs
            .config(
                &name(place),
                json!({}),
                [rule("r", ["everyone"], json!({}))],
            )
            .with("overrides", &name(place), to)
            .with(
                "override_rules",
                "all",
                rule("all", ["everyone"], json!(true)),
            )
    });
    // A redirection that is nested too deeply has no effect, so the spec before it decides.
    assert_eq!(redirections, Outcome::Recognized);
}

#[test]
fn gates_that_double_at_every_level_end_quickly() {
    let levels = 60;
    let specs = (0..levels).fold(Specs::new(), |specs, level| {
        let next = format!("pass:g{}", level + 1);
        let twice = rule("r", [&*next, &*next], json!(true));
        specs.gate(&format!("g{level}"), [twice])
    });
    let last = rule("last", ["everyone"], json!(true));
    let snapshot = specs.gate(&format!("g{levels}"), [last]).snapshot();
    let shown = evaluate(&snapshot, EntityKind::Gate, "g0", &ann());
    assert_eq!(shown.outcome, Outcome::TooDeep);
    // If the evaluation can record all exposures, it has a result: each level has the exposures of
    // the next level twice.
    let shown = evaluate(&snapshot, EntityKind::Gate, "g50", &ann());
    assert!(shown.value);
    assert_eq!(shown.nested.len(), (1 << (levels - 50 + 1)) - 2);
}

#[test]
fn segments_that_double_at_every_level_have_an_answer() {
    let levels = 60;
    let specs = (0..levels).fold(Specs::new(), |specs, level| {
        let next = format!("pass:segment:{}", level + 1);
        let twice = rule("r", [&*next, &*next], json!(true));
        specs.gate(&format!("segment:{level}"), [twice])
    });
    let last = rule("last", ["everyone"], json!(true));
    let shown = specs.gate(&format!("segment:{levels}"), [last]).evaluate(
        EntityKind::Gate,
        "segment:0",
        &ann(),
    );
    assert!(shown.value);
    assert!(shown.nested.is_empty());
}

#[test]
fn experiments_looked_up_again_and_again_are_given_up() {
    let levels = 60;
    let specs = (0..levels).fold(Specs::new(), |specs, level| {
        let next = format!("pass:segment:{}", level + 1);
        let twice = rule("r", [&*next, &*next], json!(true));
        specs.gate(&format!("segment:{level}"), [twice])
    });
    let group = but(rule("er", ["everyone"], json!({})), "groupName", "A");
    let last = rule("last", ["in:e:A"], json!(true));
    let shown = specs
        .config("e", json!({}), [group])
        .gate(&format!("segment:{levels}"), [last])
        .evaluate(EntityKind::Gate, "segment:0", &ann());
    assert_eq!(shown.outcome, Outcome::TooDeep);
}
