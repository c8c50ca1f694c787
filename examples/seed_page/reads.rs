//! Gates, dynamic configs and experiments.

use statsig::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    Statsig, StatsigUser,
};

pub(crate) fn gates(statsig: &Statsig, user: &StatsigUser) {
    assert!(statsig.check_gate(user, "a_gate"));
    assert!(
        !statsig.check_gate(user, "no_such_gate"),
        "closed by default"
    );
    let gate = statsig.get_feature_gate(user, "a_gate");
    assert_eq!(
        (gate.value, &*gate.rule_id, &*gate.id_type),
        (true, "everyone", "userID")
    );

    let silent = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    assert!(statsig.check_gate_with_options(user, "a_gate", silent));
}

pub(crate) fn configs(statsig: &Statsig, user: &StatsigUser) {
    let config = statsig.get_dynamic_config(user, "a_config");
    assert_eq!(
        config.get_string("product_name", "Awesome Product"),
        "Awesome Product v1"
    );
    assert_eq!(config.get_float("price", 10.0), 10.5);
    assert!(config.get_boolean("shouldDiscount", false));
    assert_eq!(config.get_integer("count", 0), 5);
    assert_eq!(config.get_integer("no_such_key", 7), 7);
    let silent = DynamicConfigEvaluationOptions::new().disable_exposure_logging(true);
    assert!(
        statsig
            .get_dynamic_config_with_options(user, "a_config", silent)
            .value()
            .is_some()
    );

    let experiment = statsig.get_experiment(user, "new_user_promo_title");
    assert_eq!(
        experiment.get_string("title", "Welcome to Statsig!"),
        "Deal of the day"
    );
    assert_eq!(experiment.group_name.as_deref(), Some("Deal"));
    let silent = ExperimentEvaluationOptions::new().disable_exposure_logging(true);
    assert!(
        statsig
            .get_experiment_with_options(user, "new_user_promo_title", silent)
            .is_experiment_active
    );
}
