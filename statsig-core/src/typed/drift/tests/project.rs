//! Specs in which the structs of these tests find nothing wrong.

use serde_json::{Value, json};

use crate::authoring::{Experiment, Specs};

/// A project with sources of all kinds. Bandits and mappings are added to what it writes.
pub(super) fn clean_specs() -> Value {
    let project = Specs::new()
        .gate("express", |g| g)
        .config("limits", |c| {
            c.default("items", 10).rule("many").value("items", 100)
        })
        .config("limits_next", |c| c.default("items", 20))
        .experiment("headline_test", headline_test)
        .experiment("price_test", |e| {
            e.default("price", 9.99)
                .rule("cheap")
                .pass(50)
                .value("price", 5)
                .group_name("Cheap")
        })
        .layer("promo", |l| {
            l.defaults(entries(json!({
                "title": "Welcome", "discount": 0.1, "tone": "friendly", "delay": 100, "count": 3,
                "countries": ["US", "CA"], "banner": {"color": "grey"}, "size": "s",
            })))
            .rule("test")
            .rule_id("to_headline_test")
            .delegate("headline_test")
            .rule("vip")
            .returns(json!({
                "title": "Dear guest", "discount": 0.9, "tone": "formal", "delay": 0, "count": 0,
                "countries": ["FR"], "banner": {"color": "gold"}, "size": "s",
            }))
        })
        .layer("collected", |l| {
            l.merge_rules()
                .defaults([("items", 10), ("price", 1)])
                .rule("half")
                .value("items", 5)
        })
        .store("checkout", |s| {
            s.fixed("theme", "dark")
                .by_gate("fast", "express", true, false)
                .from_config("limit", "limits", "items")
                .from_experiment("price", "price_test", "price")
                .from_layer("headline", "promo", "title")
        });
    let mut specs = project.to_value().unwrap();
    // The project refuses this membership: the experiment has a parameter that the layer lacks.
    specs["experiment_to_layer"] = json!({"headline_test": "promo"});
    specs["cmab_configs"] = json!({"ranking": {
        "salt": "k", "defaultValue": {"order": "price"}, "idType": "userID", "enabled": true, "version": 1,
        "sampleRate": 0.1, "higherIsBetter": true,
        "groups": [{"name": "By rating", "parameterValues": {"order": "rating"}, "id": "by_rating"}],
    }});
    specs["overrides"] = json!({"limits": [
        {"new_config_name": "limits_next", "rules": [{"rule_name": "next", "start_time": 0}]},
    ]});
    specs["override_rules"] = json!({"next": rule_of_everyone("next")});
    specs
}

fn headline_test(experiment: Experiment) -> Experiment {
    experiment
        .rule("prestart")
        .pass(0)
        .rule("bold")
        .group_name("Bold")
        .returns(json!({
            "title": "Hurry!", "discount": 0.5, "tone": "formal", "delay": 250, "badge": "new", "count": 200,
            "countries": ["US"], "banner": {"color": "red"}, "size": "m",
        }))
}

fn rule_of_everyone(name: &str) -> Value {
    let project = Specs::new().config("config", |c| c.rule(name));
    let mut specs = project.to_value().unwrap();
    specs["dynamic_configs"]["config"]["rules"][0].take()
}

fn entries(object: Value) -> serde_json::Map<String, Value> {
    match object {
        Value::Object(entries) => entries,
        other => panic!("expected an object, found {other}"),
    }
}
