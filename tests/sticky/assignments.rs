//! What is stored, what is served of it, and when it is deleted.

use super::*;

#[test]
fn the_first_call_saves_and_later_ones_serve_what_was_saved() {
    let setup = Setup::new();
    let first = setup.experiment(&user());
    assert_eq!(first.details.reason, "Bootstrap:Recognized");
    let expected: StickyValues = serde_json::from_value(json!({
        "value": true, "json_value": {"color": "blue"}, "rule_id": "blue", "group_name": "blue",
        "secondary_exposures": [{"gate": "a_gate", "gateValue": "true", "ruleID": "all"}],
        "undelegated_secondary_exposures": [{"gate": "a_gate", "gateValue": "true", "ruleID": "all"}],
        "config_delegate": null, "explicit_parameters": ["color"], "time": 1, "config_version": 1,
    }))
    .expect("sticky values");
    assert_eq!(setup.stored()["an_experiment"], expected);

    setup.statsig.set_specs(LATER.specs()).expect("valid specs");
    let later = setup.experiment(&user());
    assert_eq!(later.get_string("color", ""), "blue");
    assert_eq!(
        (later.name.as_str(), later.id_type.as_str()),
        ("an_experiment", "userID")
    );
    assert_eq!(later.rule_id, "blue");
    assert_eq!(later.group_name.as_deref(), Some("blue"));
    assert!(later.is_experiment_active && later.is_user_in_experiment);
    assert_eq!(later.details.reason, "Persisted");
    assert_eq!(later.details.lcut, Some(1));
    assert_eq!(later.details.version, Some(1));
    assert_eq!(later.details.received_at, Some(NOW_MS));
    assert_eq!(
        setup.stored()["an_experiment"],
        expected,
        "what was saved stays"
    );

    let other = setup.experiment(&StatsigUser::with_user_id("other-user"));
    assert_eq!(
        other.get_string("color", ""),
        "red",
        "others get what is live"
    );
}

#[test]
fn the_exposure_is_that_of_the_stored_assignment() {
    let setup = Setup::after_first_call(&LATER);
    let _ = setup.experiment(&user());
    let _ = setup.experiment(&user());
    let events = setup.statsig.take_events();
    // The rule and the user are those of the first call, which has just been exposed: no new
    // exposure.
    assert!(events.is_empty(), "{events:?}");

    let fresh = setup.statsig.fresh();
    let options = setup.options(&user());
    let _ = fresh.get_experiment_with_options(&user(), "an_experiment", options);
    let events = fresh.take_events();
    assert_eq!(events.len(), 1, "{events:?}");
    let metadata = &events[0]["metadata"];
    assert_eq!(events[0]["eventName"], "statsig::config_exposure");
    assert_eq!(metadata["config"], "an_experiment");
    assert_eq!(metadata["ruleID"], "blue");
    assert_eq!(metadata["reason"], "Persisted");
    assert_eq!(metadata["lcut"], "1");
    assert_eq!(metadata["configVersion"], "2", "the version that is live");
    assert_eq!(
        events[0]["secondaryExposures"],
        json!([{"gate": "a_gate", "gateValue": "true", "ruleID": "all"}])
    );
}

#[test]
fn without_exposure_logging_a_sticky_value_is_only_counted() {
    let setup = Setup::after_first_call(&LATER);
    let options = setup.options(&user()).disable_exposure_logging(true);
    let fresh = setup.statsig.fresh();
    let experiment = fresh.get_experiment_with_options(&user(), "an_experiment", options);
    assert_eq!(experiment.details.reason, "Persisted");
    let events = fresh.take_events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["eventName"], "statsig::non_exposed_checks");
    assert_eq!(events[0]["metadata"]["checks"], r#"{"an_experiment":1}"#);
}

#[test]
fn a_call_without_values_deletes() {
    let setup = Setup::after_first_call(&LATER);
    assert_eq!(setup.names(), ["a_layer", "an_experiment"]);
    let experiment = setup.statsig.get_experiment(&user(), "an_experiment");
    assert_eq!(experiment.get_string("color", ""), "red");
    assert_eq!(setup.names(), ["a_layer"]);
    let layer = setup.statsig.get_layer(&user(), "a_layer");
    assert_eq!(layer.get_string("color", ""), "red");
    assert!(setup.names().is_empty());
}

#[test]
fn what_an_ended_experiment_gave_is_deleted() {
    let ended = Stage {
        is_active: false,
        ..LATER
    };
    let setup = Setup::after_first_call(&ended);
    let experiment = setup.experiment(&user());
    assert_eq!(experiment.get_string("color", ""), "red");
    assert_eq!(experiment.details.reason, "Bootstrap:Recognized");
    assert_eq!(setup.names(), ["a_layer"]);
    // The layer now delegates to another experiment. Only the state of the stored one matters.
    assert_eq!(setup.layer(&user()).get_string("color", ""), "red");
    assert!(setup.names().is_empty());
}

#[test]
fn users_outside_of_every_group_are_not_saved() {
    let setup = Setup::new();
    let experiment = setup.experiment(&user_abroad());
    assert_eq!(experiment.rule_id, "targetingGate");
    assert!(setup.names().is_empty());
}

#[test]
fn users_without_an_id_of_the_type_have_no_storage() {
    let setup = Setup::new();
    for user in [
        StatsigUser::anonymous(),
        StatsigUser::with_user_id(""),
        StatsigUser::with_custom_ids([("companyID", "c")]),
    ] {
        assert_eq!(setup.experiment(&user).get_string("color", ""), "blue");
        assert!(setup.storage.load(":userID").is_empty());
    }
}
