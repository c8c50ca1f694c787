//! Custom events, log lines, and exposures that the program logs itself.

use std::collections::HashMap;

use statsig::log_lines::StatsigLogLineLevel;
use statsig::{Event, Statsig, StatsigUser};
use statsig_local::ReceivedEvent;

pub(crate) fn events(statsig: &Statsig, user: &StatsigUser) {
    let event = Event::new("add_to_cart").value("SKU_12345");
    statsig.log_event(
        user,
        event
            .metadata("price", "9.99")
            .metadata("item_name", "diet_coke"),
    );

    let metadata = HashMap::from([("service".to_owned(), "checkout".to_owned())]);
    let message = "the payment failed".to_owned();
    statsig.forward_log_line_event(user, StatsigLogLineLevel::Error, message, metadata);
}

/// For values that were read with exposure logging disabled.
pub(crate) fn manual_exposures(statsig: &Statsig, user: &StatsigUser) {
    statsig.manually_log_gate_exposure(user, "a_gate");
    statsig.manually_log_dynamic_config_exposure(user, "a_config");
    statsig.manually_log_experiment_exposure(user, "new_user_promo_title");
    statsig.manually_log_layer_parameter_exposure(user, "user_promo_experiments", "title");
}

pub(crate) fn assert_logged(events: &[ReceivedEvent]) {
    let logged = |name: &str, user: &str| {
        let of = |event: &&ReceivedEvent| {
            event.name() == name && event.user_id().as_deref() == Some(user)
        };
        events.iter().filter(of).count()
    };
    assert_eq!(logged("add_to_cart", "a-user"), 1);
    assert_eq!(logged("statsig::log_line", "a-user"), 1);
    assert_eq!(
        logged("statsig::gate_exposure", "a-user"),
        2,
        "a_gate and the unknown one"
    );
    assert_eq!(
        logged("statsig::config_exposure", "a-user"),
        2,
        "the config and the experiment"
    );
    assert_eq!(
        logged("statsig::layer_exposure", "a-user"),
        2,
        "both parameters"
    );
    for (kind, count) in [("gate", 1), ("config", 2), ("layer", 1)] {
        let name = format!("statsig::{kind}_exposure");
        assert_eq!(
            logged(&name, "another-user"),
            count,
            "logged by hand: {kind}"
        );
    }
}
