//! Evaluates a selection of an experiment's rules.

use serde_json::json;

use super::*;
use crate::entity_kind::EntityKind;

/// Whether the rules with IDs ending in `x` match the user `ann`, in an experiment with this
/// default.
fn caught(default: Value, rules: impl IntoIterator<Item = Value>) -> bool {
    let snapshot = Specs::new()
        .config("e", default, rules)
        .config("delegate", json!({}), [rule("dr", ["everyone"], json!({}))])
        .gate("on", [rule("all", ["everyone"], json!(true))])
        .gate("circle", [rule("r", ["pass:circle"], json!(true))])
        .snapshot();
    passes(&snapshot, "e")
}

fn passes(snapshot: &Snapshot, name: &str) -> bool {
    let (id, user) = (snapshot.specs.find(name).expect("a name"), ann());
    Evaluator::new(EvaluationContext::of(snapshot, NOW_MS, 1), &user)
        .passes_rules(id, |id| id.ends_with('x'))
}

#[test]
fn only_the_rules_that_are_meant_decide() {
    let cases = [
        ("none", vec![], false),
        ("others", vec![rule("a", ["everyone"], json!({}))], false),
        (
            "one",
            vec![
                rule("a", ["nobody"], json!({})),
                rule("x", ["everyone"], json!({})),
            ],
            true,
        ),
        (
            "one behind",
            vec![
                rule("a", ["everyone"], json!({})),
                rule("x", ["everyone"], json!({})),
            ],
            true,
        ),
        (
            "second",
            vec![
                rule("1x", ["nobody"], json!({})),
                rule("2x", ["everyone"], json!({})),
            ],
            true,
        ),
        ("fails", vec![rule("x", ["nobody"], json!({}))], false),
        (
            "returns false",
            vec![rule("x", ["everyone"], json!(false))],
            false,
        ),
        (
            "nobody's share",
            vec![but(rule("x", ["everyone"], json!({})), "passPercentage", 0)],
            false,
        ),
        ("nested gate", vec![rule("x", ["pass:on"], json!({}))], true),
        (
            "too deep",
            vec![rule("x", ["pass:circle"], json!({}))],
            false,
        ),
        (
            "delegate",
            vec![but(
                rule("x", ["everyone"], json!(false)),
                "configDelegate",
                "delegate",
            )],
            true,
        ),
        (
            "its own group",
            vec![rule("x", ["in:e:any"], json!({}))],
            false,
        ),
    ];
    for (name, rules, expected) in cases {
        assert_eq!(caught(json!({}), rules), expected, "{name}");
    }
}

#[test]
fn a_default_that_is_true_counts_only_behind_a_rule_that_is_meant() {
    assert!(!caught(json!(true), [rule("a", ["nobody"], json!({}))]));
    assert!(caught(json!(true), [rule("x", ["nobody"], json!({}))]));
}

#[test]
fn redirections_and_bandits_do_not_count() {
    let mapping = json!([{"new_config_name": "to", "rules": [{"rule_name": "always"}]}]);
    let snapshot = Specs::new()
        .config("e", json!({}), [rule("x", ["nobody"], json!({}))])
        .config("to", json!({}), [rule("x", ["everyone"], json!({}))])
        .with("overrides", "e", mapping)
        .with(
            "override_rules",
            "always",
            rule("always", ["everyone"], json!({})),
        )
        .snapshot();
    assert!(!passes(&snapshot, "e"));
    assert!(passes(&snapshot, "to"));
    let redirected = evaluate(&snapshot, EntityKind::Experiment, "e", &ann());
    assert_eq!(redirected.rule, "x", "an evaluation is redirected");
}
