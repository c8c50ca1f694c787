//! Each policy logs the same exposures as reads without a struct, for every kind of source.

use super::*;

/// Compares each policy with reads by hand: `$layer` for a struct with one access per field,
/// `by_hand` for all structs.
macro_rules! compare_policies {
    ($source:tt = $name:literal, $by_hand:expr) => {{
        promo!(OnAccess, $source = $name);
        promo!(OnRead, $source = $name, expose = "read");
        promo!(OnLoad, $source = $name, expose = "load");
        promo!(Manual, $source = $name, expose = "manual");
        let by_hand: Vec<Value> = $by_hand;
        assert_ne!(by_hand, [Value::Null; 0]);

        let on_access = events_of(|statsig, user| {
            let promo = statsig.get_typed::<OnAccess>(user);
            assert_eq!(
                (promo.limit, promo.missing),
                (3, true),
                "the first access exposes all"
            );
        });
        assert_eq!(on_access, by_hand, "on access");

        let on_read = events_of(|statsig, user| {
            let promo = statsig.get_typed::<OnRead>(user);
            assert_eq!((promo.title(), promo.discount()), ("Sale", 0.5));
            assert_eq!((promo.limit(), promo.missing()), (3, true));
            assert_eq!(promo.title(), "Sale");
        });
        assert_eq!(on_read, by_hand, "on read");

        let on_load = events_of(|statsig, user| {
            let _ = statsig.get_typed::<OnLoad>(user);
        });
        assert_eq!(on_load, by_hand, "on load");

        let unread = events_of(|statsig, user| {
            let _ = statsig.get_typed::<OnAccess>(user);
            let on_read = statsig.get_typed::<OnRead>(user);
            assert_eq!((on_read.limit(), on_read.missing()), (3, true));
            assert_eq!(statsig.get_typed::<Manual>(user).title, "Sale");
            assert_eq!(statsig.get_typed::<OnAccess>(user).peek().title, "Sale");
            assert!(
                statsig.try_get_typed::<OnLoad>(user).is_err(),
                "`limit` does not fit"
            );
        });
        assert_eq!(
            unread,
            [Value::Null; 0],
            "unread, defaulted, mismatched, peeked, failed"
        );

        let manual = events_of(|statsig, user| {
            statsig.get_typed::<Manual>(user).log_exposures();
        });
        assert_eq!(manual.len(), by_hand.len());
        assert!(
            manual
                .iter()
                .all(|event| event["metadata"]["isManualExposure"] == "true"),
            "{manual:?}"
        );
    }};
}

#[test]
fn layers_are_exposed_as_by_hand() {
    compare_policies!(layer = "plain_layer", layer_by_hand("plain_layer"));
    compare_policies!(
        layer = "delegating_layer",
        layer_by_hand("delegating_layer")
    );
    compare_policies!(
        layer = "layer_by_parameter",
        layer_by_hand("layer_by_parameter")
    );
    let explicit: Vec<_> = layer_by_hand("delegating_layer")
        .into_iter()
        .map(|event| event["metadata"]["isExplicitParameter"].clone())
        .collect();
    assert_eq!(explicit, ["true", "false"], "the data has both sorts");
}

#[test]
fn experiments_and_configs_are_exposed_as_by_hand() {
    compare_policies!(
        experiment = "an_experiment",
        events_of(|statsig, user| {
            let experiment = statsig.get_experiment(user, "an_experiment");
            assert_eq!(experiment.get_string("title", ""), "Sale");
        })
    );
    compare_policies!(
        config = "a_config",
        events_of(|statsig, user| {
            let config = statsig.get_dynamic_config(user, "a_config");
            assert_eq!(config.get_string("title", ""), "Sale");
        })
    );
}

#[derive(Debug, StatsigParams)]
#[statsig(param_store = "a_store", expose = "read")]
struct Store {
    #[statsig(default = "", rename = "constant")]
    constant: String,
    #[statsig(default = "", rename = "by_gate")]
    by_gate: String,
    #[statsig(default = "", rename = "by_config")]
    by_config: String,
    #[statsig(default = "", rename = "by_experiment")]
    by_experiment: String,
    #[statsig(default = "", rename = "by_layer")]
    by_layer: String,
    #[statsig(default = "", rename = "by_new_layer")]
    by_new_layer: String,
    #[statsig(default = "none")]
    absent: String,
}

#[test]
fn every_kind_of_reference_of_a_store_is_exposed_as_by_hand() {
    let references = [
        ("constant", 0),
        ("by_gate", 1),
        ("by_config", 1),
        ("by_experiment", 1),
        ("by_layer", 1),
        ("by_new_layer", 1),
        ("absent", 0),
    ];
    for (param, exposures) in references {
        let by_hand = events_of(|statsig, user| {
            let store = statsig.get_parameter_store(user, "a_store");
            let value = store.get_string(param, "none");
            assert_ne!(value, "", "{param}");
        });
        let typed = events_of(|statsig, user| {
            let store = statsig.get_typed::<Store>(user);
            let value = match param {
                "constant" => store.constant(),
                "by_gate" => store.by_gate(),
                "by_config" => store.by_config(),
                "by_experiment" => store.by_experiment(),
                "by_layer" => store.by_layer(),
                "by_new_layer" => store.by_new_layer(),
                _ => store.absent(),
            };
            assert_ne!(value, "", "{param}");
        });
        assert_eq!(typed, by_hand, "{param}");
        assert_eq!(typed.len(), exposures, "{param}: {typed:?}");
    }
}

#[derive(Debug, Clone, StatsigParams)]
struct Page {
    #[statsig(gate = "a_gate")]
    gate: bool,
    #[statsig(gate = "unknown_gate", default = true)]
    unknown_gate: bool,
    #[statsig(layer = "delegating_layer", rename = "title", default = "")]
    title: String,
    #[statsig(experiment = "an_experiment", rename = "discount", default = 0.0)]
    discount: f64,
    #[statsig(experiment = "an_experiment", rename = "title", default = "")]
    heading: String,
    #[statsig(param_store = "a_store", rename = "by_config", default = "")]
    by_config: String,
}

#[test]
fn a_bundle_is_exposed_as_by_hand() {
    let by_hand = events_of(|statsig, user| {
        assert!(statsig.check_gate(user, "a_gate"));
        let _ = statsig
            .get_layer(user, "delegating_layer")
            .get_string("title", "");
        let _ = statsig
            .get_experiment(user, "an_experiment")
            .get_f64("discount", 0.0);
        let _ = statsig
            .get_parameter_store(user, "a_store")
            .get_string("by_config", "");
    });
    let typed = events_of(|statsig, user| {
        let page = statsig.get_typed::<Page>(user);
        assert!(page.gate && page.unknown_gate);
        assert_eq!((page.discount, page.by_config.as_str()), (0.5, "Sale"));
    });
    assert_eq!(typed, by_hand);
    let client = client();
    let meta = client.get_typed::<Page>(&user()).meta();
    assert_eq!(meta.reason, "Bootstrap:Recognized");
    let discount = meta.field("discount").expect("a field");
    assert_eq!(discount.group_name.as_deref(), Some("Test"));
    let title = meta.field("title").expect("a field");
    assert_eq!(title.allocated_experiment.as_deref(), Some("an_experiment"));
    let problems = client
        .try_get_typed::<Page>(&user())
        .expect_err("an unknown gate");
    assert_eq!(
        problems.to_string(),
        r#"Page: expected gate "unknown_gate" in the specs, found none (Bootstrap:Unrecognized)"#
    );
}
