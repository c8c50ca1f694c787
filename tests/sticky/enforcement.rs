//! Live rules and overrides that win over what is stored.

use super::*;

#[test]
fn enforcement_lets_live_rules_win_and_leaves_the_storage_alone() {
    // User, enforce targeting, enforce overrides, expected value.
    let cases = [
        (user(), true, true, "blue"),
        (user_abroad(), false, false, "blue"),
        (user_abroad(), false, true, "blue"),
        (user_abroad(), true, false, "nothing"),
        (tester(), false, false, "blue"),
        (tester(), true, false, "blue"),
        (tester(), false, true, "forced"),
        (tester(), true, true, "forced"),
    ];
    for (user, targeting, overrides, color) in cases {
        let context = format!("{user:?}, {targeting}, {overrides}");
        let setup = Setup::after_first_call(&Stage {
            delegate: "an_experiment",
            ..LATER
        });
        let before = setup.stored();
        let options = setup
            .options(&user)
            .enforce_targeting(targeting)
            .enforce_overrides(overrides);
        let experiment =
            (setup.statsig).get_experiment_with_options(&user, "an_experiment", options);
        assert_eq!(
            experiment.get_string("color", "nothing"),
            color,
            "{context}"
        );
        let options = setup
            .layer_options(&user)
            .enforce_targeting(targeting)
            .enforce_overrides(overrides);
        let layer = setup
            .statsig
            .get_layer_with_options(&user, "a_layer", options);
        assert_eq!(
            layer.get_string("color", "nothing"),
            color,
            "layer: {context}"
        );
        assert_eq!(setup.stored(), before, "{context}");
    }
}

#[test]
fn enforcement_logs_nothing() {
    let setup = Setup::after_first_call(&LATER);
    let options = setup
        .options(&user())
        .enforce_targeting(true)
        .enforce_overrides(true)
        .disable_exposure_logging(true);
    let fresh = setup.statsig.fresh();
    let _ = fresh.get_experiment_with_options(&user(), "an_experiment", options);
    let names: Vec<_> = (fresh.take_events().iter())
        .map(|event| event["eventName"].clone())
        .collect();
    assert_eq!(names, ["statsig::non_exposed_checks"]);
}

#[test]
fn an_override_goes_first() {
    let setup = Setup::after_first_call(&LATER);
    let before = setup.stored();
    let forced = json!({"color": "local"}).as_object().cloned();
    (setup.statsig).override_experiment("an_experiment", forced.expect("an object"), None);
    let experiment = setup.experiment(&user());
    assert_eq!(experiment.get_string("color", ""), "local");
    assert_eq!(experiment.details.reason, "LocalOverride:Recognized");
    assert_eq!(setup.stored(), before);
}
