//! Stored assignments of layers.

use super::*;

#[test]
fn a_layer_stays_with_the_experiment_that_it_once_allocated() {
    let setup = Setup::after_first_call(&LATER);
    assert_eq!(
        setup.stored()["a_layer"].config_delegate.as_deref(),
        Some("an_experiment")
    );
    let options = setup.layer_options(&user());
    let fresh = setup.statsig.fresh();
    let layer = fresh.get_layer_with_options(&user(), "a_layer", options);
    assert_eq!(
        layer.allocated_experiment_name.as_deref(),
        Some("an_experiment")
    );
    assert_eq!(layer.rule_id, "blue");
    assert_eq!(layer.group_name.as_deref(), Some("blue"));
    assert!(layer.is_experiment_active && layer.is_user_in_experiment);
    assert_eq!(layer.details.reason, "Persisted");
    assert_eq!(layer.details.version, Some(1));
    assert!(
        fresh.take_events().is_empty(),
        "fetching a layer is no exposure"
    );

    assert_eq!(layer.get_string("color", ""), "blue");
    assert_eq!(layer.get_i64("color", 0), 0, "another type is a fallback");
    assert_eq!(
        layer.get_raw_value("size"),
        None,
        "not among what was stored"
    );
    let events = fresh.take_events();
    assert_eq!(events.len(), 1, "{events:?}");
    let metadata = &events[0]["metadata"];
    assert_eq!(events[0]["eventName"], "statsig::layer_exposure");
    assert_eq!(metadata["config"], "a_layer");
    assert_eq!(metadata["parameterName"], "color");
    assert_eq!(metadata["isExplicitParameter"], "true");
    assert_eq!(metadata["allocatedExperiment"], "an_experiment");
    assert_eq!(metadata["ruleID"], "blue");
    assert_eq!(metadata["reason"], "Persisted");
    assert_eq!(metadata["configVersion"], "2");
    assert_eq!(events[0]["secondaryExposures"][0]["gate"], "a_gate");
}

#[test]
fn a_stored_parameter_that_the_experiment_does_not_set_is_exposed_for_the_layer() {
    let setup = Setup::new();
    let values: StickyValues = serde_json::from_value(json!({
        "value": true, "json_value": {"size": 5}, "rule_id": "blue", "time": 1, "config_delegate": "an_experiment",
        "secondary_exposures": [{"gate": "a_gate", "gateValue": "true", "ruleID": "all"}],
        "undelegated_secondary_exposures": [], "explicit_parameters": ["color"],
    }))
    .expect("sticky values");
    setup.storage.save(KEY, "a_layer", values);
    assert_eq!(setup.layer(&user()).get_i64("size", 0), 5);
    let events = setup.statsig.take_events();
    let metadata = &events[0]["metadata"];
    assert_eq!(metadata["isExplicitParameter"], "false");
    assert_eq!(metadata["allocatedExperiment"], "");
    assert_eq!(events[0]["secondaryExposures"], json!([]));
}
