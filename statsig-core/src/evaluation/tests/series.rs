//! A series of evaluations has the same results as separate evaluations.

use serde_json::json;

use super::super::Series;
use super::*;
use crate::entity_kind::EntityKind;

/// Gates, experiments and layers with many references between them, including a circle of groups.
fn entangled() -> Specs {
    let grouped = |id, condition| {
        let rule = rule(id, [condition], json!({"group": id}));
        but(rule, "groupName", "A")
    };
    Specs::new()
        .gate("leaf", [rule("l", ["everyone"], json!(true))])
        .gate("off", [rule("x", ["nobody"], json!(true))])
        .gate(
            "deep",
            [rule(
                "d",
                ["pass:leaf", "fail:off", "pass:leaf"],
                json!(true),
            )],
        )
        .gate("odd", [rule("o", ["unsupported"], json!(true))])
        .gate(
            "by_group",
            [rule("g", ["in:circle:A", "pass:deep"], json!(true))],
        )
        .gate(
            "above",
            [rule(
                "a",
                ["pass:by_group", "pass:segment:all"],
                json!(true),
            )],
        )
        .gate("segment:all", [rule("s", ["pass:deep"], json!(true))])
        .config(
            "circle",
            json!({}),
            [grouped("no", "pass:above"), grouped("c", "everyone")],
        )
        .config("other", json!({}), [grouped("ot", "pass:by_group")])
        .layer(
            "layer",
            json!({}),
            [but(
                rule("la", ["pass:above"], json!({})),
                "configDelegate",
                "circle",
            )],
        )
        .with(
            "overrides",
            "leaf",
            json!([{"new_config_name": "off", "rules": [{"rule_name": "m"}]}]),
        )
        .with("override_rules", "m", rule("m", ["pass:deep"], json!(true)))
}

#[test]
fn nothing_that_was_evaluated_before_changes_an_answer() {
    for is_redirecting in [false, true] {
        let mut specs = entangled();
        if !is_redirecting {
            specs.0["overrides"] = json!({});
        }
        let snapshot = specs.snapshot();
        let kinds = [
            (EntityKind::Experiment, vec!["circle", "other"]),
            (
                EntityKind::Gate,
                vec![
                    "leaf",
                    "off",
                    "deep",
                    "odd",
                    "by_group",
                    "above",
                    "segment:all",
                ],
            ),
            (EntityKind::Layer, vec!["layer"]),
        ];
        let all: Vec<_> = kinds
            .iter()
            .flat_map(|(kind, names)| names.iter().map(|name| (*kind, *name)))
            .collect();
        let user = ann();
        for start in 0..all.len() {
            let mut series = Series::new(EvaluationContext::of(&snapshot, NOW_MS, 1), &user);
            for (kind, name) in all[start..].iter().chain(&all[..start]) {
                let id = snapshot.specs.find(name).expect("a name in the specs");
                let found = shown(&snapshot, &series.evaluate(*kind, id));
                let alone = evaluate(&snapshot, *kind, name, &user);
                assert_eq!(found, alone, "{name}, started at {start}");
            }
        }
    }
}

#[test]
fn the_limits_hold_for_each_evaluation_of_a_series() {
    // 100 times 1000 rules exceed the limit of one evaluation.
    let rules: Vec<_> = (0..1000)
        .map(|id| rule(&id.to_string(), ["nobody"], json!(true)))
        .collect();
    let names: Vec<_> = (0..100).map(|number| format!("g{number}")).collect();
    let specs = names
        .iter()
        .fold(Specs::new(), |specs, name| specs.gate(name, rules.clone()));
    let snapshot = specs.snapshot();
    let user = ann();
    let mut series = Series::new(EvaluationContext::of(&snapshot, NOW_MS, 1), &user);
    for name in &names {
        let id = snapshot.specs.find(name).expect("a name in the specs");
        assert_eq!(
            series.evaluate(EntityKind::Gate, id).outcome,
            Outcome::Recognized
        );
    }
}
