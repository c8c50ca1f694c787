//! A shop with an entity of each kind.

use serde_json::json;
use statsig::testing::{Specs, passes_gate};

/// The specs. Every entity has its generation as a parameter.
pub(crate) fn shop(generation: u64) -> Specs {
    let served = json!({
        "title": "Sale", "discount": 0.5, "limit": 1_000, "unused": 1, "generation": generation,
    });
    let late = json!({
        "title": "Late", "discount": 0.5, "limit": 1_000, "generation": generation,
    });
    let default = [("title", json!("Default")), ("limit", json!(1))];
    Specs::new()
        .time(generation)
        .unchecked() // the experiment has more parameters than its layer
        .gate("a_gate", |g| g.version(1).rule("all").everyone())
        .gate("odd_generations", |g| {
            let odd = generation % 2 == 1;
            g.version(1).rule("odd").everyone().returns(odd)
        })
        .config("a_config", |c| {
            let c = c.version(1).defaults(default.clone());
            c.rule("all")
                .when(passes_gate("a_gate"))
                .returns(served.clone())
        })
        .experiment("an_experiment", |e| {
            let e = e
                .version(1)
                .defaults(default.clone())
                .layer("delegating_layer")
                .explicit_parameters(["title", "limit"]);
            let e = e.rule("group").group_name("Test");
            e.when(passes_gate("a_gate")).returns(served.clone())
        })
        .layer("plain_layer", |l| {
            let l = l.version(1).defaults(default.clone());
            l.rule("all")
                .when(passes_gate("a_gate"))
                .returns(served.clone())
        })
        .layer("delegating_layer", |l| {
            let l = l.version(1).defaults(default.clone());
            let l = l.rule("allocated").when(passes_gate("a_gate"));
            l.delegate("an_experiment")
        })
        .layer("layer_by_parameter", |l| {
            let l = l.version(1).defaults(default).merge_rules();
            let l = l.rule("first").when(passes_gate("a_gate"));
            let l = l.value("title", "Sale").rule("second");
            l.when(passes_gate("a_gate")).returns(late)
        })
        .store("a_store", |s| {
            s.fixed("constant", "Sale")
                .fixed("generation", generation)
                .from_config("generation_of_config", "a_config", "generation")
                .by_gate("by_gate", "a_gate", "Sale", "No sale")
                .from_config("by_config", "a_config", "title")
                .from_experiment("by_experiment", "an_experiment", "title")
                .from_layer("by_layer", "delegating_layer", "title")
                .from_layer("by_new_layer", "layer_by_parameter", "title")
        })
}
