//! Whole parameter stores: exposed is what was served.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use open_feature::StructValue;
use serde_json::Value;
use statsig::StatsigOptions;
use statsig::clock::Clock;
use statsig::offline::OfflineClient;
use statsig::testing::Specs;
use statsig::testing::authoring::current_time;

use crate::support::{App, user};

async fn store(app: &App) -> StructValue {
    let user = user();
    let store = app.client.get_struct_value("a_store", Some(&user), None);
    store.await.unwrap()
}

#[tokio::test]
async fn a_parameter_that_the_layer_lacks_is_not_exposed() {
    let specs = Specs::new()
        .layer("promos", |l| l.default("title", "Hello"))
        .store("a_store", |s| {
            s.from_layer("title", "promos", "title")
                .from_layer("subtitle", "promos", "title")
        });
    let mut specs: Value = serde_json::from_str(&specs.to_json().unwrap()).unwrap();
    specs["param_stores"]["a_store"]["parameters"]["subtitle"]["param_name"] = "subtitle".into();
    let app = App::of(OfflineClient::new(specs.to_string(), None).unwrap()).await;
    assert_eq!(store(&app).await.fields.len(), 1);
    assert_eq!(app.exposures(), ["promos.title"]);
}

/// A clock that goes on by a minute each time it is read.
#[derive(Debug)]
struct Hurrying(AtomicU64);

const START_MS: u64 = 1_790_000_000_000;
const MINUTE_MS: u64 = 60_000;

impl Clock for Hurrying {
    fn now_ms(&self) -> u64 {
        self.0.fetch_add(MINUTE_MS, Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_gate_that_opens_meanwhile_is_exposed_as_it_was_served() {
    // Some of these times lie between two looks at the clock.
    for minutes in 1..60 {
        let opens_ms = START_MS + minutes * MINUTE_MS - 1;
        let specs = Specs::new()
            .gate("later", |g| {
                g.rule("open").when(current_time().after(opens_ms))
            })
            .store("a_store", |s| s.by_gate("is_open", "later", true, false));
        let options = StatsigOptions::builder().clock(Arc::new(Hurrying(START_MS.into())));
        let statsig = OfflineClient::new(specs, options.build().unwrap()).unwrap();
        let app = App::of(statsig).await;
        let served = match store(&app).await.fields.get("is_open") {
            Some(open_feature::Value::Bool(is_open)) => is_open.to_string(),
            other => panic!("expected a boolean, found {other:?}"),
        };
        let events = app.statsig.take_events();
        let exposed: Vec<_> = events
            .iter()
            .filter_map(|event| event["metadata"]["gateValue"].as_str())
            .collect();
        assert_eq!(exposed, [served], "{minutes}");
    }
}
