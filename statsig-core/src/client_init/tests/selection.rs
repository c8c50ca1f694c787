//! The selection of entities for a response.

use super::*;
use crate::authoring::{Condition, Subject, email};
use crate::hash::djb2;

#[test]
fn filters_include_what_they_name_and_an_empty_one_nothing() {
    let options = plain()
        .feature_gate_filter(["on", "unknown"])
        .experiment_filter(Vec::<String>::new())
        .dynamic_config_filter(["config"])
        .layer_filter(["another"])
        .param_store_filter(["another"]);
    let response = respond(&specs(), &ann(), &options);
    assert_eq!(names(&response["feature_gates"]), ["on"]);
    assert_eq!(names(&response["dynamic_configs"]), ["config"]);
    assert_eq!(response["layer_configs"], json!({}));
    assert_eq!(response["param_stores"], json!({}));
}

/// One gate for each app, and one gate that tests whether the app is `app_b`.
fn specs_of_apps() -> Value {
    let is_b = || Condition::of(Subject::TargetApp).any(["app_b"]);
    let both = ["app_a", "app_b"];
    let project = Specs::new()
        .gate("a", |g| g.target_apps(["app_a"]))
        .gate("b", |g| g.target_apps(["app_b"]))
        .gate("both", |g| g.target_apps(both))
        .gate("number", |g| g.target_apps(["7"]))
        .gate("asks", |g| g.target_apps(both).rule("b").when(is_b()))
        .gate("nowhere", |g| g);
    written(&project)
}

#[test]
fn the_app_of_the_client_key_decides() {
    let mut specs = specs_of_apps();
    specs["app_id"] = json!("app_a");
    let gates = |specs: &Value, options: &ClientInitResponseOptions| {
        let response = respond(specs, &ann(), options);
        let section = &response["feature_gates"];
        let listed = names(section)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        (listed, section["asks"]["value"].clone())
    };
    let all = ["a", "asks", "b", "both", "nowhere", "number"]
        .map(str::to_owned)
        .to_vec();
    let of_a = ["a", "asks", "both"].map(str::to_owned).to_vec();
    let of_b = ["asks", "b", "both"].map(str::to_owned).to_vec();
    let with_key = plain().client_sdk_key("client-key");

    // Without a key, the response is not filtered. Conditions still read the app of the specs.
    assert_eq!(gates(&specs, &plain()), (all.clone(), json!(false)));
    assert_eq!(gates(&specs, &with_key), (of_a.clone(), json!(false)));
    specs["sdk_keys_to_app_ids"] = json!({"client-key": "app_b"});
    assert_eq!(gates(&specs, &with_key), (of_b.clone(), json!(true)));
    // A key that is not in the specs has no app.
    let other_key = plain().client_sdk_key("other");
    assert_eq!(gates(&specs, &other_key), (all.clone(), json!(false)));
    specs["hashed_sdk_keys_to_app_ids"] = json!({djb2("client-key"): "app_a"});
    assert_eq!(gates(&specs, &with_key), (of_a, json!(false)));
    let explicit = with_key.clone().target_app_id("app_b");
    assert_eq!(gates(&specs, &explicit), (of_b, json!(true)));
    specs["hashed_sdk_keys_to_app_ids"] = json!({djb2("client-key"): 7});
    assert_eq!(gates(&specs, &with_key).0, ["number"]);
    // An app without a text form does not filter.
    specs["hashed_sdk_keys_to_app_ids"] = json!({djb2("client-key"): null});
    assert_eq!(gates(&specs, &with_key).0, all);
}

#[test]
fn malformed_app_ids_count_as_none() {
    let mut specs = specs_of_apps();
    specs["sdk_keys_to_app_ids"] = json!(["no map"]);
    specs["session_replay_info"] = json!({"sampling_rate": "often"});
    let response = respond(&specs, &ann(), &plain().client_sdk_key("client-key"));
    assert_eq!(names(&response["feature_gates"]).len(), 6);
    assert_eq!(response.get("can_record_session"), None);
}

#[test]
fn uninteresting_entities_are_left_out_on_request() {
    // False by default, but a client must log the nested gate.
    let specs = written(&project().gate("went_through", |g| {
        let never = email().any(["x"]);
        g.rule("r").when(passes_gate("on")).when(never)
    }));
    let options = plain()
        .remove_default_value_gates(true)
        .remove_experiments_in_layers(true);
    let response = respond(&specs, &ann(), &options);
    assert_eq!(
        names(&response["feature_gates"]),
        ["on", "outer", "went_through"]
    );
    assert_eq!(names(&response["dynamic_configs"]), ["config"]);
}

#[test]
fn id_types_are_left_out_on_request() {
    let mut specs = specs();
    specs["dynamic_configs"]["config"]["idType"] = json!("stableID");
    for format in [
        ClientInitResponseFormat::V1,
        ClientInitResponseFormat::V2,
        ClientInitResponseFormat::InitV2,
    ] {
        let options = plain().remove_id_type(true).response_format(format);
        let response = respond(&specs, &ann(), &options);
        let json = response.to_string();
        assert!(
            !json.contains("id_type") && !json.contains("\"i\":"),
            "{json}"
        );
        if format != ClientInitResponseFormat::InitV2 {
            assert_eq!(
                response["dynamic_configs"]["config"]["is_device_based"],
                true
            );
        }
    }
}

#[test]
fn a_bandit_goes_before_a_config_of_its_name() {
    let mut specs = specs();
    specs["cmab_configs"] = json!({"config": {
        "salt": "s", "defaultValue": {"arm": "default"}, "idType": "userID", "enabled": true, "version": 1, "sampleRate": 0,
        "higherIsBetter": true, "targetingGateName": "outer", "groups": [{"name": "Green", "id": "g", "parameterValues": {"arm": "green"}}],
    }});
    let response = respond(&specs, &ann(), &plain());
    let bandit = &response["dynamic_configs"]["config"];
    assert_eq!(bandit["rule_id"], "g:explore");
    assert_eq!(bandit["group_name"], "Green");
    assert_eq!(bandit["value"], json!({"arm": "green"}));
    assert_eq!(bandit.get("passed"), None);
    assert_eq!(bandit.get("is_experiment_active"), None);
    // The filter of experiments also applies to bandits.
    let response = respond(&specs, &ann(), &plain().experiment_filter(["experiment"]));
    assert_eq!(response["dynamic_configs"]["config"]["passed"], false);
}

#[derive(Debug)]
struct Forced;

impl OverrideAdapter for Forced {
    fn gate(&self, _user: &StatsigUser, name: &str) -> Option<bool> {
        (name == "off").then_some(true)
    }

    fn dynamic_config(
        &self,
        _user: &StatsigUser,
        name: &str,
    ) -> Option<Arc<serde_json::Map<String, Value>>> {
        let forced = || Arc::new([("forced".to_owned(), json!(1))].into_iter().collect());
        (name == "config").then(forced)
    }
}

#[test]
fn overrides_apply_on_request_only() {
    let snapshot = snapshot(&specs());
    let response = respond_with(&snapshot, &ann(), &plain(), Some(&Forced));
    assert_eq!(response["feature_gates"]["off"]["value"], false);
    let options = plain().include_local_overrides(true);
    let response = respond_with(&snapshot, &ann(), &options, Some(&Forced));
    assert_eq!(
        response["feature_gates"]["off"],
        json!({"name": "off", "rule_id": "override", "secondary_exposures": [], "value": true})
    );
    let config = &response["dynamic_configs"]["config"];
    assert_eq!(config["value"], json!({"forced": 1}));
    assert_eq!(config["id_type"], "");
    assert_eq!(config["rule_id"], "override");
}
