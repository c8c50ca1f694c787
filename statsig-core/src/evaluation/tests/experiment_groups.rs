//! Conditions on the group of another experiment.

use serde_json::json;

use super::*;
use crate::entity_kind::EntityKind;

fn grouped(id: &str, condition: &str, group: &str) -> [Value; 1] {
    [but(
        rule(id, [condition], json!({"group": group})),
        "groupName",
        group,
    )]
}

#[test]
fn the_group_of_another_experiment_is_compared_and_the_experiment_remembered() {
    let specs = Specs::new()
        .gate("g", [rule("r", ["in:outer:B"], json!(true))])
        .config("outer", json!({}), grouped("o", "in:inner:A", "B"))
        .config("inner", json!({}), grouped("i", "everyone", "A"));
    let shown = specs.evaluate(EntityKind::Gate, "g", &ann());
    assert!(shown.value);
    assert_eq!(shown.looked_up, ["inner", "outer"]);
    assert!(shown.nested.is_empty());
}

#[test]
fn an_unknown_experiment_has_no_group() {
    let specs = Specs::new().gate("g", [rule("r", ["in:unknown:A"], json!(true))]);
    assert!(!specs.evaluate(EntityKind::Gate, "g", &ann()).value);
}

#[test]
fn an_experiment_whose_group_depends_on_itself_has_none() {
    let own = Specs::new().config("e", json!({}), grouped("r", "in:e:A", "A"));
    let shown = own.evaluate(EntityKind::Experiment, "e", &ann());
    assert_eq!(
        (shown.outcome, &*shown.rule),
        (Outcome::Recognized, "default")
    );

    let circle = Specs::new()
        .config("a", json!({}), grouped("ar", "in:b:B", "A"))
        .config("b", json!({}), grouped("br", "in:a:A", "B"));
    let shown = circle.evaluate(EntityKind::Experiment, "a", &ann());
    assert_eq!(
        (shown.outcome, &*shown.rule),
        (Outcome::Recognized, "default")
    );
}
