//! Rules, percentages and nested gates.

use serde_json::json;

use super::*;
use crate::entity_kind::EntityKind;

#[test]
fn nested_gates_are_exposures_inner_ones_first_with_the_value_before_inversion() {
    let shown = Specs::new()
        .gate("outer", [rule("or", ["pass:middle"], json!(true))])
        .gate("middle", [rule("nr", ["fail:inner"], json!(true))])
        .gate("inner", [rule("mr", ["everyone"], json!(true))])
        .evaluate(EntityKind::Gate, "outer", &ann());
    assert!(!shown.value);
    assert_eq!(shown.rule, "default");
    assert_eq!(shown.nested, ["inner=true@mr", "middle=false@default"]);
}

#[test]
fn fail_gate_passes_when_the_gate_does_not() {
    let specs = Specs::new()
        .gate("g", [rule("r", ["fail:off"], json!(true))])
        .gate("off", []);
    let shown = specs.evaluate(EntityKind::Gate, "g", &ann());
    assert!(shown.value);
    assert_eq!(shown.rule, "r");
    assert_eq!(shown.nested, ["off=false@default"]);
}

#[test]
fn an_unknown_gate_fails_and_leaves_no_exposure() {
    let specs = Specs::new()
        .gate(
            "passes",
            [rule("r", ["fail:unknown", "fail:"], json!(true))],
        )
        .gate("fails", [rule("r", ["pass:unknown"], json!(true))]);
    let passes = specs.clone().evaluate(EntityKind::Gate, "passes", &ann());
    assert!(passes.value);
    assert!(passes.nested.is_empty());
    assert!(!specs.evaluate(EntityKind::Gate, "fails", &ann()).value);
}

#[test]
fn segments_leave_no_exposure_and_what_they_ask_for_does() {
    let shown = Specs::new()
        .gate("g", [rule("r", ["pass:segment:s"], json!(true))])
        .gate("segment:s", [rule("sr", ["pass:inner"], json!(true))])
        .gate("inner", [rule("ir", ["everyone"], json!(true))])
        .evaluate(EntityKind::Gate, "g", &ann());
    assert!(shown.value);
    assert_eq!(shown.nested, ["inner=true@ir"]);
}

#[test]
fn conditions_are_not_cut_short_and_exposures_of_failing_rules_stay() {
    let shown = Specs::new()
        .gate(
            "g",
            [
                rule("first", ["nobody", "pass:on"], json!(true)),
                rule("second", ["pass:off", "pass:on"], json!(true)),
                rule("third", ["everyone"], json!(true)),
            ],
        )
        .gate("on", [rule("onr", ["everyone"], json!(true))])
        .gate("off", [])
        .evaluate(EntityKind::Gate, "g", &ann());
    assert_eq!(shown.rule, "third");
    assert_eq!(
        shown.nested,
        ["on=true@onr", "off=false@default", "on=true@onr"]
    );
}

#[test]
fn a_disabled_spec_is_evaluated_like_any_other() {
    let disabled = Specs::new()
        .gate("g", [rule("r", ["pass:holdout"], json!(true))])
        .set(EntityKind::Gate, "g", "enabled", json!(false))
        .set(EntityKind::Gate, "g", "defaultValue", json!(true));
    let held_out = disabled
        .clone()
        .gate("holdout", [rule("hr", ["everyone"], json!(true))]);
    let shown = held_out.evaluate(EntityKind::Gate, "g", &ann());
    assert_eq!((shown.value, &*shown.rule), (true, "r"));

    let shown = disabled
        .gate("holdout", [])
        .evaluate(EntityKind::Gate, "g", &ann());
    assert_eq!((shown.value, &*shown.rule), (true, "disabled"));
    assert_eq!(shown.nested, ["holdout=false@default"]);
}

#[test]
fn a_holdout_decides_before_the_experiment_and_is_an_exposure_of_it() {
    let specs = |percentage: f64| {
        Specs::new()
            .config(
                "experiment",
                json!({"title": "default"}),
                [
                    rule("holdout", ["pass:h"], json!({"title": "held out"})),
                    rule("group", ["everyone"], json!({"title": "new"})),
                ],
            )
            .gate(
                "h",
                [but(
                    rule("hr", ["everyone"], json!(true)),
                    "passPercentage",
                    percentage,
                )],
            )
            .evaluate(EntityKind::Experiment, "experiment", &ann())
    };
    let held_out = specs(100.0);
    assert_eq!(held_out.parameters, json!({"title": "held out"}));
    assert_eq!(held_out.nested, ["h=true@hr"]);
    let included = specs(0.0);
    assert_eq!(included.parameters, json!({"title": "new"}));
    assert_eq!(included.nested, ["h=false@hr"]);
}

#[test]
fn outside_of_its_share_a_rule_still_decides() {
    let shown = Specs::new()
        .gate(
            "g",
            [
                but(
                    rule("first", ["everyone"], json!(true)),
                    "passPercentage",
                    0,
                ),
                rule("second", ["everyone"], json!(true)),
            ],
        )
        .evaluate(EntityKind::Gate, "g", &ann());
    assert_eq!((shown.value, &*shown.rule), (false, "first"));
}

#[test]
fn shares_are_those_of_the_service() {
    let half = |id| {
        let specs = Specs::new()
            .gate(
                "g",
                [but(
                    but(
                        rule("6U5gYSQ2jRCDWvfPzKSQY9", ["everyone"], json!(true)),
                        "salt",
                        "7826bf70-af49-433a-9fd7-3826e90f7e0a",
                    ),
                    "passPercentage",
                    50,
                )],
            )
            .set(
                EntityKind::Gate,
                "g",
                "salt",
                json!("3d0f5df9-18c7-46fe-8b31-268d756c3459"),
            );
        let user = StatsigUser::with_user_id(id);
        specs.evaluate(EntityKind::Gate, "g", &user).value
    };
    assert!(half("a_user"));
    assert!(!half("b_user"));
    assert!(half("user_1"));
}

#[test]
fn a_missing_unit_id_is_bucketed_as_the_empty_text() {
    let in_share = |user: &StatsigUser, percentage: f64| {
        let half = but(
            rule("r", ["everyone"], json!(true)),
            "passPercentage",
            percentage,
        );
        let half = but(half, "idType", "companyID");
        let specs = Specs::new().gate("g", [half]);
        specs.evaluate(EntityKind::Gate, "g", user).value
    };
    let bucket = crate::hash::SaltedHash::new("salt.r.").of("") % 10_000;
    let share = f64::from(u32::try_from(bucket).expect("a bucket")) / 100.0;
    let with_empty_id = StatsigUser::with_custom_ids([("companyID", "")]);
    for user in [ann(), StatsigUser::anonymous(), with_empty_id] {
        assert!(!in_share(&user, share), "{user:?}");
        assert!(in_share(&user, share + 0.01), "{user:?}");
    }
}

#[test]
fn something_unsupported_ends_the_evaluation_and_keeps_the_value() {
    let specs = Specs::new()
        .gate("alone", [rule("r", ["unsupported"], json!(true))])
        .gate(
            "after",
            [rule("r", ["everyone", "unsupported"], json!(true))],
        )
        .gate(
            "missing",
            [rule("r", ["everyone", "no such condition"], json!(true))],
        )
        .gate("nested", [rule("r", ["pass:alone"], json!(true))])
        .gate(
            "never_reached",
            [
                rule("r", ["unsupported"], json!(true)),
                rule("next", ["everyone"], json!(true)),
            ],
        )
        .gate(
            "after_gate",
            [rule("r", ["pass:on", "unsupported"], json!(true))],
        )
        .gate("on", [rule("onr", ["everyone"], json!(true))]);
    let cases = [
        ("alone", false, ""),
        ("after", true, ""),
        ("missing", true, ""),
        ("nested", false, ""),
        ("never_reached", false, ""),
        ("after_gate", true, "onr"),
    ];
    let snapshot = specs.snapshot();
    for (gate, value, rule) in cases {
        let shown = evaluate(&snapshot, EntityKind::Gate, gate, &ann());
        assert_eq!(shown.outcome, Outcome::Unsupported, "{gate}");
        assert_eq!((shown.value, &*shown.rule), (value, rule), "{gate}");
        assert_eq!(shown.version, Some(7), "{gate}");
    }
}

#[test]
fn a_name_of_another_kind_is_unrecognized() {
    let specs = Specs::new().gate("g", []);
    let shown = specs.evaluate(EntityKind::Layer, "g", &ann());
    assert_eq!(shown.outcome, Outcome::Unrecognized);
    assert_eq!((shown.rule, shown.id_type), (String::new(), None));
}
