//! Typed structs log the same exposures as reads by hand, and each struct comes from one
//! generation.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say what they found"
)]

#[path = "../conformance_events/masks.rs"]
mod masks;
mod policies;
mod recorded;
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
use promo;

fn client() -> OfflineClient {
    OfflineClient::new(specs::shop(1), None).expect("valid specs")
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
                .set_specs(specs::shop(generation))
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
