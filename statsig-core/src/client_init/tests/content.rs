//! The content of a response besides the entities.

use super::*;

#[test]
fn the_frame_says_what_it_is_and_whom_for() {
    let user = StatsigUser::builder(5)
        .custom_id("companyID", 7)
        .email("a@b.c")
        .private("secret", "1")
        .private("n", 2)
        .build();
    let mut response = respond(&specs(), &user, &plain());
    for section in [
        "feature_gates",
        "dynamic_configs",
        "layer_configs",
        "param_stores",
    ] {
        response.as_object_mut().expect("an object").remove(section);
    }
    assert_eq!(
        response,
        json!({
            "time": 42, "has_updates": true, "hash_used": "none", "sdkParams": {}, "pa_hash": "946081293",
            "user": {
                "userID": 5, "customIDs": {"companyID": 7}, "email": "a@b.c", "statsigEnvironment": {"tier": "staging"},
            },
            "evaluated_keys": {"userID": "5", "customIDs": {"companyID": "7"}},
            "sdkInfo": {"sdkType": "statsig-server-core", "sdkVersion": env!("CARGO_PKG_VERSION"), "sessionId": "session"},
        })
    );
}

#[test]
fn a_user_without_ids_has_no_evaluated_keys() {
    let response = respond(&specs(), &StatsigUser::anonymous(), &plain());
    assert_eq!(response["evaluated_keys"], json!({}));
    assert_eq!(response.get("pa_hash"), None);
}

#[test]
fn an_empty_map_of_custom_ids_is_left_out_of_the_evaluated_keys() {
    let user = serde_json::from_value(json!({"userID": "u", "customIDs": {}})).expect("a user");
    let response = respond(&specs(), &user, &plain());
    assert_eq!(response["evaluated_keys"], json!({"userID": "u"}));
}

#[test]
fn parameter_stores_keep_their_shapes() {
    let response = respond(&specs(), &ann(), &plain());
    assert_eq!(
        response["param_stores"],
        json!({"store": {
            "color": {"name": "color", "ref_type": "static", "param_type": "string", "value": "red"},
            "size": {
                "name": "size", "ref_type": "experiment", "param_type": "number", "experiment_name": "experiment",
                "param_name": "a",
            },
            "shape": {
                "name": "shape", "ref_type": "gate", "param_type": "number", "gate_name": "on", "pass_value": 1,
                "fail_value": null,
            },
        }})
    );
}

#[test]
fn a_client_that_has_the_response_gets_no_updates() {
    let ask = |specs: &Value, previous: &str| {
        respond(specs, &ann(), &plain().previous_response_hash(previous))
    };
    let first = ask(&specs(), "");
    let checksum = first["full_checksum"]
        .as_str()
        .expect("a checksum")
        .to_owned();
    assert_eq!(first["has_updates"], true);
    assert_eq!(
        ask(&specs(), &checksum),
        json!({
            "feature_gates": {}, "dynamic_configs": {}, "layer_configs": {}, "param_stores": {}, "evaluated_keys": {},
            "has_updates": false, "time": 0, "hash_used": "", "user": {}, "sdkParams": {}, "sdkInfo": {},
        })
    );
    // A change of only the time is not an update. A change of a value is.
    let later = but(specs(), [("time", json!(43))]);
    assert_eq!(ask(&later, &checksum)["has_updates"], false);
    let mut other = specs();
    other["param_stores"]["store"]["parameters"]["color"]["value"] = json!("blue");
    let second = ask(&other, &checksum);
    assert_eq!(second["has_updates"], true);
    assert_ne!(second["full_checksum"], first["full_checksum"]);
}

#[test]
fn what_is_drawn_by_chance_is_no_news() {
    let with_rate = |rate: f64| {
        let replay = json!({
            "sampling_rate": rate, "session_recording_event_triggers": {"buy": {"sampling_rate": rate}},
            "session_recording_exposure_triggers": {"on": {"sampling_rate": rate}},
        });
        but(specs(), [("session_replay_info", replay)])
    };
    let ask = |specs: &Value, seed: u64, previous: &str| {
        respond_with_seed(
            specs,
            &ann(),
            &plain().previous_response_hash(previous),
            seed,
        )
    };
    let half = with_rate(0.5);
    let first = ask(&half, 0, "");
    let checksum = first["full_checksum"].as_str().expect("a checksum");
    let seeds = 1..50;
    let recorded = seeds
        .clone()
        .map(|seed| ask(&half, seed, "")["can_record_session"].clone());
    assert!(
        recorded
            .into_iter()
            .any(|drawn| drawn != first["can_record_session"])
    );
    for seed in seeds {
        assert_eq!(ask(&half, seed, checksum)["has_updates"], false, "{seed}");
    }
    // Another rate is an update.
    assert_eq!(ask(&with_rate(0.6), 0, checksum)["has_updates"], true);
}

#[test]
fn only_v1_knows_checksums() {
    for format in [
        ClientInitResponseFormat::V2,
        ClientInitResponseFormat::InitV2,
    ] {
        let options = plain().previous_response_hash("").response_format(format);
        assert_eq!(
            respond(&specs(), &ann(), &options).get("full_checksum"),
            None
        );
    }
}

#[test]
fn specs_in_a_circle_give_a_blank_response() {
    let specs = written(&Specs::new().gate("on", |g| g.rule("all").when(passes_gate("on"))));
    let user = StatsigUser::builder("ann").private("secret", "1").build();
    let response = respond(&specs, &user, &plain());
    assert_eq!(response["has_updates"], false);
    assert_eq!(response["time"], 0);
    assert_eq!(response["hash_used"], "");
    assert_eq!(response["feature_gates"], json!({}));
    assert_eq!(response["param_stores"], json!({}));
    assert_eq!(response["evaluated_keys"], json!({}));
    assert_eq!(response["user"]["userID"], "ann");
    assert!(response["pa_hash"].is_string());
    let options = plain().response_format(ClientInitResponseFormat::InitV2);
    let response = respond(&specs, &user, &options);
    assert_eq!(response.get("pa_hash"), None);
    assert_eq!(response["values"], json!({}));
}

#[test]
fn a_client_without_specs_answers_blank() {
    let empty = Snapshot::uninitialized(
        None,
        Arc::new(BTreeMap::new()),
        crate::country::Countries::disabled(),
    );
    let response = respond_with(&empty, &ann(), &plain(), None);
    assert_eq!(response["has_updates"], false);
    assert_eq!(response["user"]["userID"], "ann");
}

fn with_replay(replay: Value) -> Value {
    respond(
        &but(specs(), [("session_replay_info", replay)]),
        &ann(),
        &plain(),
    )
}

#[test]
fn sessions_are_recorded_as_the_specs_say() {
    let response = with_replay(json!({
        "sampling_rate": 1, "targeting_gate": "on", "recording_blocked": false,
        "session_recording_event_triggers": {"buy": {"values": ["a"], "sampling_rate": 1}, "look": {"sampling_rate": -1}, "go": {}},
        "session_recording_exposure_triggers": {"on": {"sampling_rate": 1}},
        "session_recording_privacy_settings": {"privacy_mode": "input", "masked_elements": ["#a"]},
    }));
    assert_eq!(response["can_record_session"], true);
    assert_eq!(response["recording_blocked"], false);
    assert_eq!(response["passes_session_recording_targeting"], true);
    assert_eq!(response["session_recording_rate"], 1.0);
    assert_eq!(
        response["session_recording_event_triggers"],
        json!({"buy": {"values": ["a"], "passes_sampling": true}, "look": {"passes_sampling": false}, "go": {}})
    );
    assert_eq!(
        response["session_recording_exposure_triggers"],
        json!({"on": {"passes_sampling": true}})
    );
    assert_eq!(
        response["session_recording_privacy_settings"],
        json!({"privacy_mode": "input", "masked_elements": ["#a"]})
    );
}

#[test]
fn any_reason_prevents_a_recording() {
    for (replay, passes_targeting) in [
        (json!({"recording_blocked": true}), None),
        (json!({"sampling_rate": -1}), None),
        (json!({"targeting_gate": "off"}), Some(false)),
        (json!({"targeting_gate": "unknown"}), Some(false)),
    ] {
        let response = with_replay(replay.clone());
        assert_eq!(response["can_record_session"], false, "{replay}");
        let passes = response.get("passes_session_recording_targeting");
        assert_eq!(
            passes.and_then(Value::as_bool),
            passes_targeting,
            "{replay}"
        );
    }
    assert_eq!(with_replay(json!({}))["can_record_session"], true);
}

#[test]
fn the_names_of_gates_in_triggers_are_hashed_and_those_of_events_are_not() {
    let triggers = json!({"on": {}});
    let replay = json!({"session_recording_event_triggers": triggers, "session_recording_exposure_triggers": triggers});
    let specs = but(specs(), [("session_replay_info", replay)]);
    let response = respond(&specs, &ann(), &ClientInitResponseOptions::new());
    let on = crate::hash::djb2("on");
    assert_eq!(names(&response["session_recording_event_triggers"]), ["on"]);
    assert_eq!(
        names(&response["session_recording_exposure_triggers"]),
        [on]
    );
}
