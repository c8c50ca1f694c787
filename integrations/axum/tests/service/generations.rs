//! One generation of specs for each request.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use statsig::testing::OfflineClient;
use statsig_axum::{Flags, FlagsLayer, Params};
use tokio::task::JoinSet;

use crate::support::{self, Promo, call, specs};

const SWAPS_OF_A_REQUEST: usize = 10;
const REQUESTS: usize = 100;

/// A client whose specs get replaced.
#[derive(Clone)]
struct Changing {
    statsig: OfflineClient,
    generation: Arc<Mutex<u64>>,
}

impl Changing {
    fn swap(&self) {
        let mut generation = self.generation.lock().unwrap();
        *generation += 1;
        self.statsig.set_specs(specs(*generation)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_tasks_of_a_request_read_one_generation_while_specs_are_swapped_a_thousand_times() {
    let client = Changing {
        statsig: OfflineClient::new(specs(1), None).unwrap(),
        generation: Arc::new(Mutex::new(1)),
    };
    let swapping = client.clone();
    // Specs change between any two reads of the request.
    let handler = async move |promo: Params<Promo>, flags: Flags| {
        let mut tasks = JoinSet::new();
        for _ in 0..SWAPS_OF_A_REQUEST {
            let flags = flags.clone();
            swapping.swap();
            tasks.spawn(async move {
                tokio::task::yield_now().await;
                let by_hand = flags.get_layer("promo").get_i64("generation", 0);
                (
                    by_hand.unsigned_abs(),
                    flags.get_typed::<Promo>().generation,
                )
            });
        }
        for (by_hand, typed) in tasks.join_all().await {
            assert_eq!((by_hand, typed), (promo.generation, promo.generation));
        }
        promo.generation.to_string()
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(FlagsLayer::new(&client.statsig));

    let mut seen = Vec::new();
    for _ in 0..REQUESTS / 10 {
        let mut requests = JoinSet::new();
        for _ in 0..10 {
            let app = app.clone();
            requests.spawn(async move { call(&app, support::get("/", "ann")).await });
        }
        for (status, body) in requests.join_all().await {
            assert_eq!(status, StatusCode::OK);
            seen.push(body.parse::<u64>().unwrap());
        }
    }
    let swaps = SWAPS_OF_A_REQUEST * REQUESTS;
    assert_eq!(*client.generation.lock().unwrap(), 1 + swaps as u64);
    seen.sort_unstable();
    seen.dedup();
    assert!(
        seen.len() >= REQUESTS / 10,
        "later requests see later specs: {seen:?}"
    );
}

#[tokio::test]
async fn the_next_request_sees_the_next_specs() {
    let statsig = OfflineClient::new(specs(1), None).unwrap();
    let app = Router::new()
        .route(
            "/",
            get(async |promo: Params<Promo>| promo.generation.to_string()),
        )
        .layer(FlagsLayer::new(&statsig));
    assert_eq!(call(&app, support::get("/", "ann")).await.1, "1");
    statsig.set_specs(specs(2)).unwrap();
    assert_eq!(call(&app, support::get("/", "ann")).await.1, "2");
}

#[tokio::test]
async fn the_client_behind_the_flags_goes_on() {
    let statsig = OfflineClient::new(specs(1), None).unwrap();
    let flags = Flags::new(&statsig, statsig::StatsigUser::with_user_id("ann"));
    statsig.set_specs(specs(2)).unwrap();
    let generation_of =
        |statsig: &statsig::Statsig| statsig.get_typed::<Promo>(flags.user()).generation;
    assert_eq!(generation_of(flags.client()), 1);
    assert_eq!(generation_of(flags.client().client()), 2);
}
