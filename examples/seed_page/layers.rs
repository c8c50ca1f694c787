//! Layers, parameter stores and overrides.

use serde_json::json;
use statsig::{LayerEvaluationOptions, ParameterStoreEvaluationOptions, Statsig, StatsigUser};

pub(crate) fn layers(statsig: &Statsig, user: &StatsigUser) {
    // Fetching a layer logs nothing. Reading a parameter logs its exposure.
    let layer = statsig.get_layer(user, "user_promo_experiments");
    assert_eq!(
        layer.get_string("title", "Welcome to Statsig!"),
        "Deal of the day"
    );
    assert_eq!(layer.get_float("discount", 0.0), 0.1);
    assert_eq!(
        layer.allocated_experiment_name.as_deref(),
        Some("new_user_promo_title")
    );
    let silent = LayerEvaluationOptions::new().disable_exposure_logging(true);
    let layer = statsig.get_layer_with_options(user, "user_promo_experiments", silent);
    assert_eq!(layer.get_float("discount", 0.0), 0.1);
}

pub(crate) fn stores(statsig: &Statsig, user: &StatsigUser) {
    let store = statsig.get_parameter_store(user, "my_parameters");
    assert_eq!(store.get_string("color", "blue"), "red");
    assert!(store.get_bool("is_new", false));
    assert_eq!(store.get_array("sizes", vec![]), [36, 38]);
    let limits = store.get_map("limits", [("cart", 10)]);
    assert_eq!(limits.get("cart"), Some(&json!(20)));
    assert_eq!(
        statsig.get_integer_from_store(user, "my_parameters", "missing", 3),
        3
    );
    let names: Vec<_> = store.parameters().map(|parameter| parameter.name).collect();
    assert_eq!(names, ["color", "is_new", "limits", "sizes"]);
    let silent = ParameterStoreEvaluationOptions::new().disable_exposure_logging(true);
    let store = statsig.get_parameter_store_with_options(user, "my_parameters", silent);
    assert_eq!(store.get_string("color", "blue"), "red");
}

pub(crate) fn overrides(statsig: &Statsig) {
    let tester = StatsigUser::with_user_id("a-tester");
    statsig.override_gate("a_gate", false, Some("a-tester"));
    statsig.override_layer(
        "user_promo_experiments",
        [("title", "Test")],
        Some("a-tester"),
    );
    assert!(!statsig.check_gate(&tester, "a_gate"));
    statsig.remove_all_overrides();
    assert!(statsig.check_gate(&tester, "a_gate"));
}
