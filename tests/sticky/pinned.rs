//! Stored assignments of a pinned client.

use super::*;

#[test]
fn a_pinned_handle_serves_sticky_values_too() {
    let setup = Setup::after_first_call(&LATER);
    let pinned = setup.statsig.pin();
    let options = setup.options(&user());
    let experiment = pinned.get_experiment_with_options(&user(), "an_experiment", options);
    assert_eq!(experiment.details.reason, "Persisted");
}

#[test]
fn a_pinned_handle_splits_nested_gates_as_its_own_specs_say() {
    for splits in [true, false] {
        let rollout = |splits: bool, time| {
            let number = if splits { 1_000 } else { 0 };
            LATER
                .specs()
                .time(time)
                .sdk_config("sec_expo_number", number)
        };
        let setup = Setup::after_first_call(&LATER);
        let (pinned_specs, newer) = (rollout(splits, 3), rollout(!splits, 4));
        let options = StatsigOptions::builder()
            .persistent_storage(setup.storage.clone())
            .experimental_flags(["sec_expo_as_primary:abc123"]);
        let statsig = OfflineClient::new(pinned_specs, options.build().expect("valid options"));
        let statsig = statsig.expect("valid specs");
        let pinned = statsig.pin();
        statsig.set_specs(newer).expect("newer specs");

        let options = setup.options(&user());
        let experiment = pinned.get_experiment_with_options(&user(), "an_experiment", options);
        assert_eq!(experiment.details.reason, "Persisted");
        let layer = pinned.get_layer_with_options(&user(), "a_layer", setup.layer_options(&user()));
        assert_eq!(layer.get_string("color", ""), "blue");
        let events = statsig.take_events();
        let names: Vec<_> = (events.iter())
            .filter_map(|event| event["eventName"].as_str())
            .collect();
        let mut expected = vec!["statsig::config_exposure", "statsig::layer_exposure"];
        if splits {
            expected.insert(1, "statsig::gate_exposure");
        }
        assert_eq!(names, expected);
    }
}
