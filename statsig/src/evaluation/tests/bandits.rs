//! Contextual bandits.

use serde_json::json;

use super::*;

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
    let shown = specs.clone().evaluate(Kind::Experiment, "b", &ann());
    assert_eq!(shown.parameters, json!({"color": "green"}));
    assert_eq!(shown.rule, "green");
    assert_eq!(shown.nested, ["target=true@tr"]);
    assert_eq!(shown.version, Some(4));
    // Asked for as anything but an experiment, there is none.
    let shown = specs.evaluate(Kind::DynamicConfig, "b", &ann());
    assert_eq!(shown.outcome, Outcome::Unrecognized);
}

#[test]
fn those_who_are_not_targeted_get_the_default() {
    for target in ["off", "unknown", "circle"] {
        let shown = Specs::new()
            .with("cmab_configs", "b", bandit(target))
            .gate("off", [])
            .gate("circle", [rule("r", ["pass:circle"], json!(true))])
            .evaluate(Kind::Experiment, "b", &ann());
        assert_eq!(shown.parameters, json!({"color": "none"}), "{target}");
        assert_eq!(shown.rule, "inlineTargetingRules", "{target}");
    }
}
