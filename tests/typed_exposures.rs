//! Typed structs log the same exposures as reads by hand, and each struct comes from one
//! generation.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say what they found"
)]

#[path = "conformance_events/masks.rs"]
mod masks;
#[path = "typed_exposures/recorded.rs"]
mod recorded;
#[path = "typed_exposures/specs.rs"]
mod specs;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};
use statsig::testing::OfflineClient;
use statsig::typed::ParamProblem;
use statsig::{Statsig, StatsigParams, StatsigUser, Typed};

/// The specs serve `title` and `discount`, `limit` with the wrong type, and not `missing`.
macro_rules! promo {
    ($name:ident, $($attributes:tt)*) => {
        #[derive(Debug, Clone, StatsigParams)]
        #[statsig($($attributes)*)]
        struct $name {
            #[statsig(default = "Welcome")]
            title: String,
            #[statsig(default = 0.0, range = 0.0..=0.9)]
            discount: f64,
            #[statsig(default = 3)]
            limit: u8,
            #[statsig(default = true)]
            missing: bool,
        }
    };
}

fn client() -> OfflineClient {
    OfflineClient::new(&specs::shop(1), None).expect("valid specs")
}

fn user() -> StatsigUser {
    StatsigUser::builder("a-user")
        .custom_id("companyID", "a-company")
        .build()
}

/// The events of some calls on a separate client, without the counts of unexposed checks.
fn events_of(calls: impl FnOnce(&Statsig, &StatsigUser)) -> Vec<Value> {
    let client = client();
    calls(&client, &user());
    let events = client.take_events().into_iter();
    let exposures = events.filter(|event| event["eventName"] != "statsig::non_exposed_checks");
    let mut exposures: Vec<_> = exposures.collect();
    for event in &mut exposures {
        event["time"] = Value::Null;
        event["metadata"]["receivedAt"] = Value::Null;
    }
    exposures
}

/// The events of two reads of this layer by hand.
fn layer_by_hand(layer: &str) -> Vec<Value> {
    events_of(|statsig, user| {
        let layer = statsig.get_layer(user, layer);
        assert_eq!(layer.get_string("title", ""), "Sale");
        assert_eq!(layer.get_f64("discount", 0.0), 0.5);
        assert_eq!(
            layer.get_string("limit", "none"),
            "none",
            "of the wrong type"
        );
        assert!(layer.get_bool("missing", true));
    })
}

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

promo!(Promo, layer = "delegating_layer");

/// Loads like an extractor that runs before the request is authorised.
fn extracted(statsig: &Statsig, is_allowed: bool) -> Option<Typed<Promo>> {
    let promo = statsig.get_typed::<Promo>(user());
    is_allowed.then_some(promo)
}

#[test]
fn an_extractor_that_drops_the_struct_exposes_nothing() {
    let dropped = events_of(|statsig, _| assert!(extracted(statsig, false).is_none()));
    assert_eq!(dropped, [Value::Null; 0]);
    let used = events_of(|statsig, _| {
        let promo = extracted(statsig, true).expect("allowed");
        assert_eq!(promo.title, "Sale");
    });
    assert_eq!(used, layer_by_hand("delegating_layer"));
}

#[test]
fn clones_and_threads_expose_once() {
    let events = events_of(|statsig, user| {
        let promo = statsig.get_typed::<Promo>(user);
        thread::scope(|scope| {
            for _ in 0..4 {
                let clone = promo.clone();
                scope.spawn(move || assert_eq!(clone.title, "Sale"));
            }
        });
        assert_eq!(promo.into_inner().discount, 0.5);
    });
    assert_eq!(events, layer_by_hand("delegating_layer"));
}

#[test]
fn meta_says_what_decided() {
    let meta = client().get_typed::<Promo>(&user()).meta();
    assert_eq!(meta.group_name.as_deref(), Some("Test"));
    assert_eq!(meta.allocated_experiment.as_deref(), Some("an_experiment"));
    let origins: Vec<_> = meta
        .fields
        .iter()
        .map(|field| format!("{:?}", field.origin))
        .collect();
    assert_eq!(origins, ["Served", "Served", "Mismatch", "Default"]);

    promo!(ByParameter, layer = "layer_by_parameter");
    let meta = client().get_typed::<ByParameter>(&user()).meta();
    let rules: Vec<_> = meta
        .fields
        .iter()
        .map(|field| field.rule_id.clone())
        .collect();
    assert_eq!(
        rules[0].as_deref(),
        Some("first"),
        "each parameter has the rule that supplied it"
    );
    assert_eq!(rules[1].as_deref(), Some("second"));
}

promo!(
    ByCompany,
    experiment = "an_experiment",
    id_type = "companyID"
);

#[test]
fn a_user_without_the_id_is_a_problem() {
    let statsig = client();
    let problems = |user: &StatsigUser| {
        let error = statsig
            .try_get_typed::<ByCompany>(user)
            .expect_err("problems");
        let problems = error.problems().iter();
        problems
            .filter(|problem| !matches!(problem, ParamProblem::Mismatch(_)))
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let wrong = r#"ByCompany: expected experiment "an_experiment" to bucket by the ID "companyID", found "userID""#;
    assert_eq!(problems(&user()), [wrong]);
    let missing = r#"ByCompany: expected a user with the ID "companyID", found none"#;
    assert_eq!(
        problems(&StatsigUser::with_user_id("a-user")),
        [missing, wrong]
    );
}

#[test]
fn reports_never_show_private_attributes() {
    let user = StatsigUser::builder("a-user")
        .private("title", "hush-hush")
        .build();
    let error = client()
        .try_get_typed::<Promo>(&user)
        .expect_err("`limit` does not fit");
    let text = format!("{error} {error:?}");
    assert!(
        !text.contains("hush-hush") && !text.contains("a-user"),
        "{text}"
    );
}

#[derive(Debug, StatsigParams)]
struct OneGeneration {
    #[statsig(config = "a_config", rename = "generation", default = 0)]
    config: u64,
    #[statsig(experiment = "an_experiment", rename = "generation", default = 0)]
    experiment: u64,
    #[statsig(layer = "delegating_layer", rename = "generation", default = 0)]
    layer: u64,
    #[statsig(layer = "layer_by_parameter", rename = "generation", default = 0)]
    new_layer: u64,
    #[statsig(param_store = "a_store", rename = "generation", default = 0)]
    constant: u64,
    #[statsig(param_store = "a_store", rename = "generation_of_config", default = 0)]
    store: u64,
    #[statsig(gate = "odd_generations")]
    is_odd: bool,
}

/// Replaces specs as fast as possible while two threads read.
#[test]
fn a_struct_is_of_one_generation_under_concurrent_updates() {
    const GENERATIONS: u64 = 100;
    let statsig = client();
    let done = AtomicBool::new(false);
    let read = || {
        let (mut last, mut seen) = (0, 0);
        while !done.load(Ordering::Relaxed) || seen == 0 {
            let pinned = statsig.pin();
            for typed in [
                statsig.get_typed::<OneGeneration>(user()),
                pinned.get_typed(user()),
            ] {
                let params = typed.into_inner_unexposed();
                let all = [
                    params.config,
                    params.experiment,
                    params.layer,
                    params.new_layer,
                    params.constant,
                    params.store,
                ];
                assert_eq!(all, [params.config; 6]);
                assert_eq!(params.is_odd, params.config % 2 == 1);
                seen += u64::from(params.config != last);
                last = params.config;
            }
        }
        seen
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        for generation in 2..=GENERATIONS {
            statsig
                .set_specs(&specs::shop(generation))
                .expect("valid specs");
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().expect("no panic") > 0);
        }
    });
    let last = statsig.get_typed::<OneGeneration>(user());
    assert_eq!(last.peek().config, GENERATIONS);
}

#[test]
fn a_mismatch_is_counted_each_time() {
    let statsig = client();
    for expected in 1..=3 {
        let _ = statsig.get_typed::<Promo>(user());
        assert_eq!(statsig.typed_mismatches(), expected);
    }
    assert_eq!(
        json!(statsig.pin().get_typed::<Promo>(user()).peek().limit),
        json!(3)
    );
}
