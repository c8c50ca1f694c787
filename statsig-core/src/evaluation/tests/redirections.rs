//! Config mapping.

use serde_json::json;

use super::*;
use crate::entity_kind::EntityKind;

trait Redirect: Sized {
    /// Redirects a name to another name from a start time on, for all users that match this rule.
    fn redirect(self, from: &str, to: &str, rule: &str, start_time: u64) -> Self;
}

impl Redirect for Specs {
    fn redirect(mut self, from: &str, to: &str, rule: &str, start_time: u64) -> Self {
        let mappings = &mut self.0["overrides"][from];
        let mapping = json!({
            "new_config_name": to,
            "rules": [{"rule_name": rule, "start_time": start_time}],
        });
        match mappings.as_array_mut() {
            Some(mappings) => mappings.push(mapping),
            None => *mappings = json!([mapping]),
        }
        self
    }
}

fn specs() -> Specs {
    let answer = |name: &str| [rule(name, ["everyone"], json!({"from": name}))];
    Specs::new()
        .config("old", json!({}), answer("old"))
        .config("new", json!({}), answer("new"))
        .config("newest", json!({}), answer("newest"))
        .with(
            "override_rules",
            "all",
            rule("all", ["everyone"], json!(true)),
        )
        .with(
            "override_rules",
            "none",
            rule("none", ["nobody"], json!(true)),
        )
        .with(
            "override_rules",
            "odd",
            rule("odd", ["unsupported"], json!(true)),
        )
        .with(
            "override_rules",
            "gated",
            rule("gated", ["pass:on"], json!(true)),
        )
        .gate("on", [rule("onr", ["everyone"], json!(true))])
}

fn answer(specs: Specs) -> Shown {
    specs.evaluate(EntityKind::DynamicConfig, "old", &ann())
}

#[test]
fn another_spec_answers_completely() {
    let shown = answer(specs().redirect("old", "new", "gated", 0));
    assert_eq!(shown.parameters, json!({"from": "new"}));
    assert_eq!(shown.rule, "new");
    assert_eq!(shown.mapped_to.as_deref(), Some("new"));
    // The gates of the redirection itself are not exposures.
    assert!(shown.nested.is_empty());
}

#[test]
fn redirections_chain_and_the_last_one_is_named() {
    let chain = specs()
        .redirect("old", "new", "all", 0)
        .redirect("new", "newest", "all", 0);
    let shown = answer(chain);
    assert_eq!(shown.parameters, json!({"from": "newest"}));
    assert_eq!(shown.mapped_to.as_deref(), Some("newest"));
}

#[test]
fn redirections_in_a_circle_lead_nowhere() {
    let circle = specs()
        .redirect("old", "new", "all", 0)
        .redirect("new", "old", "all", 0);
    let shown = answer(circle);
    assert_eq!(shown.outcome, Outcome::Recognized);
    let own = answer(specs().redirect("old", "old", "all", 0));
    assert_eq!(own.parameters, json!({"from": "old"}));
}

#[test]
fn rules_that_do_not_hold_are_passed_over() {
    let later = NOW_MS + 1;
    let passed_over = [("none", 0), ("odd", 0), ("unknown", 0), ("all", later)];
    for (rule, start_time) in passed_over {
        let shown = answer(
            specs()
                .redirect("old", "new", rule, start_time)
                .redirect("old", "newest", "all", NOW_MS),
        );
        assert_eq!(shown.parameters, json!({"from": "newest"}), "{rule}");
        assert_eq!(shown.mapped_to.as_deref(), Some("newest"), "{rule}");
    }
}

#[test]
fn an_unknown_destination_is_passed_over() {
    let shown = answer(specs().redirect("old", "unknown", "all", 0));
    assert_eq!(shown.parameters, json!({"from": "old"}));
    assert_eq!(shown.mapped_to, None);
}

#[test]
fn the_share_counts_with_the_salt_of_the_redirected_spec_of_the_kind_asked_for() {
    let half = but(
        but(rule("half", ["everyone"], json!(true)), "salt", "ms"),
        "passPercentage",
        50,
    );
    let snapshot = specs()
        .set(EntityKind::DynamicConfig, "old", "salt", json!("cs"))
        .gate("new", [rule("new gate", ["everyone"], json!(true))])
        .with("override_rules", "half", half)
        .redirect("old", "new", "half", 0)
        .snapshot();
    let user = StatsigUser::with_user_id("user_1");
    let config = evaluate(&snapshot, EntityKind::DynamicConfig, "old", &user);
    assert_eq!(config.mapped_to.as_deref(), Some("new"));
    // No gate has this name, so the salt is empty and the bucket differs.
    let gate = evaluate(&snapshot, EntityKind::Gate, "old", &user);
    assert_eq!(gate.outcome, Outcome::Unrecognized);
}

#[test]
fn nested_gates_are_redirected_too() {
    let shown = Specs::new()
        .gate("outer", [rule("r", ["pass:old"], json!(true))])
        .gate("old", [])
        .gate("new", [rule("nr", ["everyone"], json!(true))])
        .with(
            "override_rules",
            "all",
            rule("all", ["everyone"], json!(true)),
        )
        .redirect("old", "new", "all", 0)
        .evaluate(EntityKind::Gate, "outer", &ann());
    assert!(shown.value);
    assert_eq!(shown.nested, ["old=true@nr"]);
    assert_eq!(shown.mapped_to.as_deref(), Some("new"));
}
