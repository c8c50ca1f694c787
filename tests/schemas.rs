//! Checks of parameter structs that a running client performs by itself.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use statsig::observability::SdkEvent;
use statsig::testing::{ScriptedTransport, SimulatedClock, Specs};
use statsig::typed::{DriftKind, FromParam, ParamKind, WrongValue, registered_schemas};
use statsig::{
    Statsig, StatsigError, StatsigOptions, StatsigOptionsBuilder, StatsigParams, StatsigUser,
};

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promos")]
struct Promo {
    #[statsig(default = "Welcome")]
    title: String,
}

#[derive(Debug, StatsigParams)]
#[statsig(config = "limits")]
struct Limits {
    #[statsig(default = 10)]
    items: u32,
}

/// Panics for one particular text.
#[derive(Debug)]
struct Panics;

impl FromParam for Panics {
    const KIND: ParamKind = ParamKind::Any;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        assert_ne!(value, "panic", "decoding panics");
        Ok(Self)
    }
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promos")]
struct Panicking {
    #[statsig(default = Panics)]
    title: Panics,
}

/// Specs in which only the title may be wrong.
fn specs(time: u64, title: &Value) -> Specs {
    Specs::new()
        .time(time)
        .config("limits", |c| c.default("items", 10))
        .layer("promos", |l| l.default("title", title.clone()))
}

fn client(
    network: &Arc<ScriptedTransport>,
    options: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
) -> Statsig {
    let builder = StatsigOptions::builder()
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .check_schema::<Promo>()
        .check_schema::<Limits>();
    Statsig::new(
        "secret-test",
        options(builder).build().expect("valid options"),
    )
}

#[tokio::test(start_paused = true)]
async fn drift_stops_a_strict_start_and_nothing_else() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1, &json!(5)));
    let statsig = client(&network, |options| options.strict_schemas(true));
    let error = statsig.initialize().await.unwrap_err();
    let StatsigError::SchemaDrift { structs, report } = &error else {
        panic!("{error}");
    };
    assert_eq!(*structs, 1);
    assert!(
        report.contains("title: expected a string, found 5"),
        "{report}"
    );
    assert!(!report.contains("Limits"), "{report}");
    let details = statsig.get_initialize_details().expect("details");
    assert!(details.is_config_spec_ready);

    // The client still serves values, and correct specs end the problem.
    let user = StatsigUser::with_user_id("ann");
    assert_eq!(statsig.get_typed::<Limits>(&user).items, 10);
    network.serve_specs(specs(2, &json!("Hi")));
    statsig.refresh().await.expect("new specs");
    assert_eq!(statsig.get_typed::<Promo>(&user).title, "Hi");
    assert!(
        statsig
            .schemas()
            .latest()
            .iter()
            .all(|report| !report.has_errors())
    );
}

#[tokio::test(start_paused = true)]
async fn who_subscribed_to_drift_hears_of_it_once() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1, &json!("Welcome")));
    let statsig = client(&network, |options| options);
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&told);
    statsig.subscribe("schema_drifted", move |event| {
        let SdkEvent::SchemaDrifted { report } = event else {
            panic!("expected drift");
        };
        let kinds: Vec<_> = report.drifts.iter().map(|drift| drift.kind).collect();
        let heard = format!("{} {kinds:?}", report.struct_name);
        noted.lock().expect("no panic").push(heard);
    });
    let heard = || told.lock().expect("no panic").clone();
    statsig.initialize().await.expect("specs");
    assert!(heard().is_empty(), "{:?}", heard());

    for time in [2, 3] {
        network.serve_specs(specs(time, &json!(5)));
        statsig.refresh().await.expect("new specs");
        assert_eq!(heard(), ["Promo [WrongType]"]);
    }
    network.serve_specs(specs(4, &json!("Hi")));
    statsig.refresh().await.expect("new specs");
    // The default differs from the code's.
    assert_eq!(heard()[1..], ["Promo [DefaultDiffers]"]);
}

#[tokio::test(start_paused = true)]
async fn drift_is_reported_with_each_update() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1, &json!("Welcome")));
    let statsig = client(&network, |options| options);
    assert!(statsig.schemas().latest().is_empty());
    statsig.initialize().await.expect("specs");
    let reports = statsig.schemas().latest();
    assert_eq!(reports.len(), 2);
    assert!(
        reports.iter().all(|report| report.is_clean()),
        "{reports:?}"
    );

    network.serve_specs(specs(2, &json!(null)));
    tokio::time::sleep(Duration::from_secs(15)).await;
    let reports = statsig.schemas().latest();
    let kinds: Vec<_> = reports[0].drifts.iter().map(|drift| drift.kind).collect();
    assert_eq!(kinds, [DriftKind::NullValue]);
    assert!(reports[1].is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_costs_no_specs() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1, &json!("panic")));
    let statsig = client(&network, |options| {
        options.check_schema::<Panicking>().strict_schemas(true)
    });
    statsig.initialize().await.expect("specs");
    assert!(statsig.schemas().latest().is_empty());
    let user = StatsigUser::with_user_id("ann");
    assert_eq!(statsig.get_typed::<Promo>(&user).title, "panic");
}

#[test]
fn the_registry_holds_every_derived_struct_of_the_binary() {
    let mut names: Vec<_> = registered_schemas()
        .map(|schema| schema.struct_name)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["Limits", "Local", "Panicking", "Promo"]);

    mod inner {
        #[derive(Debug, super::StatsigParams)]
        #[statsig(layer = "promos")]
        struct Local {
            #[statsig(default = "Welcome")]
            title: String,
        }
    }
}

#[test]
fn structs_named_twice_are_checked_once() {
    let options = StatsigOptions::builder().check_schema::<Limits>();
    let statsig = Statsig::new("secret-test", options.build().expect("valid options"));
    let reports = statsig.schemas().check_all();
    let limits = reports
        .iter()
        .filter(|report| report.struct_name == "Limits");
    assert_eq!(limits.count(), 1);
}
