//! Entities in each format.

use super::*;

#[test]
fn v1_writes_everything_in_full() {
    let response = respond(&specs(), &ann(), &plain());
    let on = json!({"gate": "on", "gateValue": "true", "ruleID": "all"});
    assert_eq!(
        response["feature_gates"],
        json!({
            "off": {"name": "off", "rule_id": "default", "secondary_exposures": [], "id_type": "userID", "value": false},
            "on": {"name": "on", "rule_id": "all", "secondary_exposures": [], "id_type": "userID", "value": true},
            "outer": {
                "name": "outer", "rule_id": "o", "id_type": "userID", "value": true, "secondary_exposures": [
                    on, {"gate": "holdout", "gateValue": "true", "ruleID": "h"},
                ],
            },
        })
    );
    assert_eq!(
        response["dynamic_configs"],
        json!({
            "config": {
                "name": "config", "rule_id": "default", "group": "default", "secondary_exposures": [], "id_type": "userID",
                "is_device_based": false, "value": {"a": 1}, "passed": false,
            },
            "experiment": {
                "name": "experiment", "rule_id": "group", "group": "group", "secondary_exposures": [on], "id_type": "userID",
                "is_device_based": false, "value": {"a": 2}, "group_name": "Test", "is_in_layer": true,
                "explicit_parameters": ["a"], "is_experiment_active": true, "is_user_in_experiment": true,
            },
        })
    );
    let outer = json!({"gate": "outer", "gateValue": "true", "ruleID": "o"});
    let holdout = json!({"gate": "holdout", "gateValue": "true", "ruleID": "h"});
    assert_eq!(
        response["layer_configs"],
        json!({"layer": {
            "name": "layer", "rule_id": "group", "group": "group", "id_type": "userID", "is_device_based": false,
            "value": {"a": 2}, "group_name": "Test", "explicit_parameters": ["a"],
            "allocated_experiment_name": "experiment", "is_experiment_active": true, "is_user_in_experiment": true,
            "secondary_exposures": [on, holdout, outer], "undelegated_secondary_exposures": [on, holdout, outer],
        }})
    );
}

#[test]
fn v2_writes_exposures_once_and_no_aliases() {
    let options = plain().response_format(ClientInitResponseFormat::V2);
    let specs = written(&project_around("n", "nr"));
    let response = respond(&specs, &ann(), &options);
    assert_eq!(
        response["exposures"]["4293311524"],
        json!({"gate": "n", "gateValue": "true", "ruleID": "nr"})
    );
    assert_eq!(names(&response["exposures"]).len(), 3);
    let experiment = &response["dynamic_configs"]["experiment"];
    assert_eq!(experiment["secondary_exposures"], json!(["4293311524"]));
    assert_eq!(experiment.get("group"), None);
    let layer = &response["layer_configs"]["layer"];
    assert_eq!(layer["undelegated_secondary_exposures"][0], "4293311524");
}

#[test]
fn init_v2_writes_short_keys_and_leaves_defaults_out() {
    let options = plain().response_format(ClientInitResponseFormat::InitV2);
    let response = respond(&specs(), &ann(), &options);
    assert_eq!(response["response_format"], "init-v2");
    assert_eq!(
        response["feature_gates"],
        json!({
            "off": {"i": "userID"},
            "on": {"r": "all", "i": "userID", "v": true},
            "outer": {"r": "o", "s": ["0", "1"], "i": "userID", "v": true},
        })
    );
    assert_eq!(
        response["dynamic_configs"],
        json!({
            "config": {"i": "userID", "v": "0", "p": false},
            "experiment": {"r": "group", "s": ["0"], "i": "userID", "v": "1", "gn": "Test", "ea": true, "ue": true},
        })
    );
    assert_eq!(
        response["layer_configs"],
        json!({"layer": {
            "r": "group", "s": ["0", "1", "2"], "us": ["0", "1", "2"], "i": "userID", "v": "1", "gn": "Test",
            "ae": "experiment", "ea": true, "ue": true, "ep": ["a"],
        }})
    );
    assert_eq!(response["values"], json!({"0": {"a": 1}, "1": {"a": 2}}));
    assert_eq!(
        response["exposures"]["2"],
        json!({"gate": "outer", "gateValue": "true", "ruleID": "o"})
    );
}

#[test]
fn values_that_are_no_objects_stay_what_they_are() {
    let mut specs = specs();
    let config = specs["dynamic_configs"]["config"].clone();
    let of = |value: Value| but(config.clone(), [("defaultValue", value)]);
    specs["dynamic_configs"] = json!({
        "null": of(json!(null)), "true": of(json!(true)), "false": of(json!(false)), "number": of(json!(5)),
    });
    let response = respond(&specs, &ann(), &plain());
    let value = |name: &str| response["dynamic_configs"][name]["value"].clone();
    let values = ["null", "true", "false", "number"].map(value);
    assert_eq!(values, [json!(null), json!(true), json!(false), json!({})]);

    let options = plain().response_format(ClientInitResponseFormat::InitV2);
    let response = respond(&specs, &ann(), &options);
    for name in ["null", "true", "false"] {
        let number = response["dynamic_configs"][name]["v"].as_str();
        let value = &response["values"][number.expect("a number")];
        assert_eq!(value.to_string(), name);
    }
}

#[test]
fn names_are_hashed_and_nothing_else() {
    let hashes = [
        (HashAlgorithm::Djb2, crate::hash::djb2 as fn(&str) -> String),
        (HashAlgorithm::Sha256, crate::hash::sha256_base64),
    ];
    for (algorithm, hash) in hashes {
        let options = plain().hash_algorithm(algorithm);
        let response = respond(&specs(), &ann(), &options);
        assert_eq!(response["hash_used"], algorithm.as_str());
        let layer = &response["layer_configs"][hash("layer")];
        assert_eq!(layer["name"], hash("layer"));
        assert_eq!(layer["allocated_experiment_name"], hash("experiment"));
        assert_eq!(layer["secondary_exposures"][0]["gate"], hash("on"));
        assert_eq!(layer["secondary_exposures"][0]["ruleID"], "all");
        assert_eq!(layer["explicit_parameters"], json!(["a"]));
        assert_eq!(layer["group_name"], "Test");
        let store = &response["param_stores"][hash("store")];
        assert_eq!(store["size"]["experiment_name"], hash("experiment"));
        assert_eq!(store["size"]["param_name"], "a");
        let json = response.to_string();
        for name in ["outer", "\"layer\"", "\"store\"", "\"on\""] {
            assert!(!json.contains(name), "{name} is in {json}");
        }
    }
}

#[test]
fn exotic_texts_are_written_as_json() {
    let name = "a \"quoted\"\nname \u{1F5FB}";
    let specs = written(&Specs::new().gate(name, |g| g.rule(name).everyone()));
    let response = respond(&specs, &ann(), &plain());
    assert_eq!(response["feature_gates"][name]["name"], name);
    assert_eq!(response["feature_gates"][name]["rule_id"], name);
}

#[test]
fn layers_by_parameter_name_the_rule_of_each_parameter_in_v1_only() {
    let specs = written(&Specs::new().layer("layer", |l| {
        l.merge_rules()
            .defaults([("a", 0), ("b", 1)])
            .rule("first")
            .everyone()
            .value("a", 7)
    }));
    let response = respond(&specs, &ann(), &plain());
    let layer = &response["layer_configs"]["layer"];
    assert_eq!(layer["value"], json!({"a": 7, "b": 1}));
    assert_eq!(
        layer["parameter_rule_ids"],
        json!({"a": "first", "b": "default"})
    );
    assert_eq!(layer["explicit_parameters"], json!([]));
    let options = plain().response_format(ClientInitResponseFormat::V2);
    let response = respond(&specs, &ann(), &options);
    assert_eq!(
        response["layer_configs"]["layer"].get("parameter_rule_ids"),
        None
    );
}

#[test]
fn formats_and_algorithms_are_parsed_by_either_name() {
    use ClientInitResponseFormat::{InitV2, V1, V2};
    for (text, format) in [
        ("v1", V1),
        ("Initialize", V1),
        ("v2", V2),
        ("InitializeWithSecondaryExposureMapping", V2),
        ("init_v2", InitV2),
        ("InitializeV2", InitV2),
    ] {
        assert_eq!(text.parse(), Ok(format));
    }
    let problem = "v3"
        .parse::<ClientInitResponseFormat>()
        .expect_err("unknown");
    assert_eq!(
        problem.to_string(),
        "expected one of v1, v2, init_v2, found `v3`"
    );
    let problem = "md5".parse::<HashAlgorithm>().expect_err("unknown");
    assert_eq!(
        problem.to_string(),
        "expected one of none, djb2, sha256, found `md5`"
    );
}
