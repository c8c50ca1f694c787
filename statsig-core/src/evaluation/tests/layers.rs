//! Delegation to experiments, and new layer evaluation.

use serde_json::json;

use super::*;
use crate::entity_kind::EntityKind;

fn delegating(id: &str, conditions: &[&str], experiment: &str) -> Value {
    let rule = rule(id, conditions.iter().copied(), json!({"layer": id}));
    but(rule, "configDelegate", experiment)
}

fn with_experiment(specs: Specs) -> Specs {
    let group = rule("group", ["pass:n"], json!({"a": "e1"}));
    let group = but(but(group, "groupName", "G1"), "isExperimentGroup", true);
    specs
        .config("e1", json!({"a": "default"}), [group])
        .set(
            EntityKind::Experiment,
            "e1",
            "explicitParameters",
            json!(["a"]),
        )
        .set(EntityKind::Experiment, "e1", "isActive", json!(true))
        .set(EntityKind::Experiment, "e1", "idType", json!("stableID"))
        .set(EntityKind::Experiment, "e1", "version", json!(3))
        .gate("m", [rule("mr", ["everyone"], json!(true))])
        .gate("n", [rule("nr", ["everyone"], json!(true))])
}

#[test]
fn the_delegate_answers_and_the_layer_keeps_its_id_type_and_version() {
    let shown = with_experiment(Specs::new())
        .layer(
            "l",
            json!({"a": "layer default"}),
            [delegating("lr", &["pass:m"], "e1")],
        )
        .evaluate(EntityKind::Layer, "l", &ann());
    assert_eq!(shown.rule, "group");
    assert_eq!(shown.parameters, json!({"a": "e1"}));
    assert_eq!(shown.delegate.as_deref(), Some("e1"));
    assert_eq!(shown.group.as_deref(), Some("G1"));
    assert!(shown.is_in_group && shown.is_active);
    assert_eq!(shown.explicit, ["a"]);
    assert_eq!(shown.id_type.as_deref(), Some("userID"));
    assert_eq!(shown.version, Some(7));
    assert_eq!(shown.nested, ["m=true@mr", "n=true@nr"]);
    assert_eq!(shown.undelegated, Some(vec!["m=true@mr".to_owned()]));
}

#[test]
fn the_share_of_a_delegating_rule_does_not_matter() {
    let rule = but(delegating("lr", &["everyone"], "e1"), "passPercentage", 0);
    let shown = with_experiment(Specs::new())
        .layer("l", json!({}), [rule])
        .evaluate(EntityKind::Layer, "l", &ann());
    assert_eq!(shown.delegate.as_deref(), Some("e1"));
}

#[test]
fn without_an_existing_delegate_the_layers_rule_answers() {
    for delegate in ["", "unknown", "m"] {
        let shown = with_experiment(Specs::new())
            .layer("l", json!({}), [delegating("lr", &["everyone"], delegate)])
            .evaluate(EntityKind::Layer, "l", &ann());
        assert_eq!(shown.parameters, json!({"layer": "lr"}), "{delegate}");
        assert_eq!(shown.delegate, None, "{delegate}");
    }
}

fn by_parameter(rules: impl IntoIterator<Item = Value>) -> Shown {
    with_experiment(Specs::new())
        .layer("l", json!({"a": "ld_a", "b": "ld_b", "c": "ld_c"}), rules)
        .set(EntityKind::Layer, "l", "useNewLayerEval", json!(true))
        .evaluate(EntityKind::Layer, "l", &ann())
}

fn rules_of(shown: &Shown) -> Vec<(&str, &str)> {
    shown
        .parameter_rules
        .iter()
        .map(|(parameter, rule)| (parameter.as_str(), rule.as_str()))
        .collect()
}

#[test]
fn new_layer_evaluation_takes_each_parameter_from_the_first_rule_that_has_it() {
    let shown = by_parameter([
        delegating("r1", &["pass:m"], "e1"),
        rule("r2", ["everyone"], json!({"a": "too late", "b": "r2b"})),
    ]);
    assert!(shown.value);
    assert_eq!(shown.rule, "r1");
    assert_eq!(
        shown.parameters,
        json!({"a": "e1", "b": "r2b", "c": "ld_c"})
    );
    assert_eq!(shown.delegate.as_deref(), Some("e1"));
    assert_eq!(shown.group.as_deref(), Some("G1"));
    assert_eq!(shown.explicit, ["a"]);
    assert_eq!(
        rules_of(&shown),
        [("a", "r1"), ("b", "r2"), ("c", "default")]
    );
    assert_eq!(shown.nested, ["m=true@mr", "n=true@nr"]);
    assert_eq!(shown.undelegated, Some(vec!["m=true@mr".to_owned()]));
    // Both flags belong to the layer, not to the delegate.
    assert!(!shown.is_active && !shown.is_in_group);
}

#[test]
fn new_layer_evaluation_goes_on_behind_a_rule_whose_share_excludes_the_user() {
    let shown = by_parameter([
        but(delegating("r1", &["everyone"], "e1"), "passPercentage", 0),
        rule("r2", ["everyone"], json!({"b": "r2b"})),
    ]);
    assert_eq!(shown.delegate, None);
    assert_eq!(shown.rule, "default");
    assert_eq!(
        rules_of(&shown),
        [("a", "default"), ("b", "r2"), ("c", "default")]
    );
}

#[test]
fn new_layer_evaluation_ignores_delegates_behind_the_first_rule_that_passes() {
    let shown = by_parameter([
        rule("r1", ["everyone"], json!({"b": "r1b"})),
        delegating("r2", &["everyone"], "e1"),
        rule("r3", ["pass:m"], json!({"c": "r3c"})),
    ]);
    assert_eq!(shown.delegate, None);
    assert_eq!(
        shown.parameters,
        json!({"a": "ld_a", "b": "r1b", "c": "r3c"})
    );
    // The next rule receives the nested gates of the ignored delegate.
    assert_eq!(shown.nested, ["n=true@nr", "m=true@mr"]);
    assert_eq!(shown.undelegated, Some(shown.nested.clone()));
}

#[test]
fn new_layer_evaluation_ends_at_something_unsupported() {
    let shown = by_parameter([
        rule("r1", ["pass:m"], json!({"a": "r1a"})),
        rule("r2", ["pass:n", "unsupported"], json!({"b": "r2b"})),
    ]);
    assert_eq!(shown.outcome, Outcome::Unsupported);
    assert_eq!(shown.nested, ["m=true@mr", "n=true@nr"]);
    assert_eq!(shown.undelegated, Some(shown.nested.clone()));
}
