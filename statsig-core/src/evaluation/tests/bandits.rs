//! Contextual bandits.

use serde_json::json;

use super::*;
use crate::entity_kind::EntityKind;

fn bandit(targeting_gate: &str) -> Value {
    let weights = |alpha: f64| {
        json!({
            "alpha": alpha, "intercept": 0.5, "records": 10,
            "weightsNumerical": {"age": 0.1}, "weightsCategorical": {"plan": {"premium": 2.0}},
        })
    };
    json!({
        "salt": "salt", "defaultValue": {"color": "none"}, "idType": "userID", "enabled": true, "version": 4,
        "sampleRate": 0.0, "higherIsBetter": true, "targetingGateName": targeting_gate,
        "groups": [
            {"name": "Red", "id": "red", "parameterValues": {"color": "red"}},
            {"name": "Green", "id": "green", "parameterValues": {"color": "green"}},
        ],
        "config": {"red": weights(1.0), "green": weights(1.5)},
    })
}

#[test]
fn the_best_group_is_served_to_those_who_are_targeted() {
    let specs = Specs::new()
        .with("cmab_configs", "b", bandit("target"))
        .gate("target", [rule("tr", ["everyone"], json!(true))]);
    let shown = specs.clone().evaluate(EntityKind::Experiment, "b", &ann());
    assert_eq!(shown.parameters, json!({"color": "green"}));
    assert_eq!(shown.rule, "green");
    assert_eq!(shown.nested, ["target=true@tr"]);
    assert_eq!(shown.version, Some(4));
    // The bandit exists only as an experiment.
    let shown = specs.evaluate(EntityKind::DynamicConfig, "b", &ann());
    assert_eq!(shown.outcome, Outcome::Unrecognized);
}

#[test]
fn those_who_are_not_targeted_get_the_default() {
    for target in ["off", "unknown", "circle"] {
        let shown = Specs::new()
            .with("cmab_configs", "b", bandit(target))
            .gate("off", [])
            .gate("circle", [rule("r", ["pass:circle"], json!(true))])
            .evaluate(EntityKind::Experiment, "b", &ann());
        assert_eq!(shown.parameters, json!({"color": "none"}), "{target}");
        assert_eq!(shown.rule, "inlineTargetingRules", "{target}");
    }
}

/// The ranking for the user `ann`: the rule and the score of each group.
fn ranked(bandit: Value, seed: u64) -> Vec<(String, f64)> {
    let specs = Specs::new()
        .with("cmab_configs", "b", bandit)
        .gate("target", [rule("tr", ["everyone"], json!(true))]);
    let snapshot = specs.snapshot();
    let user = ann();
    let ranked =
        Evaluator::new(EvaluationContext::of(&snapshot, NOW_MS, seed), &user).ranked_groups("b");
    ranked
        .iter()
        .map(|ranked| (ranked.rule_id.to_string(), ranked.score))
        .collect()
}

#[test]
fn groups_are_ranked_by_their_score() {
    let named = |rules: [&str; 2], scores: [f64; 2]| -> Vec<(String, f64)> {
        rules.map(str::to_owned).into_iter().zip(scores).collect()
    };
    let best_first = ranked(bandit("target"), 1);
    assert_eq!(best_first, named(["green", "red"], [2.0, 1.5]));
    let lowest_first = ranked(but(bandit("target"), "higherIsBetter", false), 1);
    assert_eq!(lowest_first, named(["red", "green"], [1.5, 2.0]));
    for (key, value) in [
        ("enabled", json!(false)),
        ("groups", json!([])),
        ("targetingGateName", json!("unknown")),
    ] {
        assert!(
            ranked(but(bandit("target"), key, value), 1).is_empty(),
            "{key}"
        );
    }
}

#[test]
fn an_order_that_is_drawn_holds_every_group() {
    let explored = but(bandit("target"), "sampleRate", 1.0);
    let unknown = but(bandit("target"), "config", Value::Null);
    for (bandit, rules) in [
        (explored, ["green:explore", "red:explore"]),
        (unknown, ["green", "red"]),
    ] {
        let mut firsts = Vec::new();
        for seed in 0..64 {
            let mut ranked = ranked(bandit.clone(), seed);
            firsts.extend(ranked.first().map(|(rule, _)| rule.clone()));
            assert!(ranked.iter().all(|(_, score)| *score == 0.0001));
            ranked.sort_by(|one, other| one.0.cmp(&other.0));
            let found: Vec<_> = ranked.iter().map(|(rule, _)| rule.as_str()).collect();
            assert_eq!(found, rules);
        }
        firsts.sort();
        firsts.dedup();
        assert_eq!(firsts, rules, "either group comes first at times");
    }
}
