//! A data store finally contains the network's specs, whatever fails or gets lost before.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use statsig::StatsigOptionsBuilder;
use statsig::sources::{DataStore, DataStoreError, DataStoreFeature, DataStoreResponse};
use statsig::testing::{self, Actor, Answer, Endpoint};
use statsig::transport::BoxFuture;
use statsig_tests::specs;

use super::stores::MemoryStore;
use super::{Lab, pass, settle};

fn lab(store: &Arc<impl DataStore>, time: u64) -> Lab {
    let lab = Lab::new(|options| options.data_store(store.clone()));
    lab.network.serve_specs(specs::at(time, true).to_string());
    lab
}

/// The time of the specs in the store.
fn stored(store: &MemoryStore) -> Option<u64> {
    let json: serde_json::Value = serde_json::from_slice(&store.specs()?).unwrap();
    json["time"].as_u64()
}

fn lose_everything(store: &MemoryStore) {
    store.values.lock().unwrap().clear();
}

#[tokio::test(start_paused = true)]
async fn specs_that_changed_while_the_store_was_away_are_written_when_it_is_back() {
    let store = Arc::new(MemoryStore::default());
    let lab = lab(&store, 1);
    lab.statsig.initialize().await.unwrap();
    pass(1.0).await;
    store.is_down.store(true, Ordering::Relaxed);
    lab.network.serve_specs(specs::at(2, true).to_string());
    pass(3_600.0).await;
    assert_eq!((lab.lcut(), stored(&store)), (2, Some(1)));
    store.is_down.store(false, Ordering::Relaxed);
    pass(10.0).await;
    assert_eq!(stored(&store), Some(2));
    // The store was unavailable at the first write, too.
    assert_eq!(store.writes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_writes_what_waits_at_once() {
    let store = Arc::new(MemoryStore {
        is_down: true.into(),
        ..MemoryStore::default()
    });
    let lab = lab(&store, 1);
    lab.statsig.initialize().await.unwrap();
    pass(1.0).await;
    store.is_down.store(false, Ordering::Relaxed);
    lab.statsig.refresh().await.unwrap();
    settle().await;
    assert_eq!(stored(&store), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_waits_is_superseded_by_newer_specs() {
    let store = Arc::new(MemoryStore {
        is_down: true.into(),
        ..MemoryStore::default()
    });
    let lab = lab(&store, 1);
    lab.statsig.initialize().await.unwrap();
    lab.network.serve_specs(specs::at(2, true).to_string());
    pass(15.0).await;
    store.is_down.store(false, Ordering::Relaxed);
    pass(60.0).await;
    assert_eq!(stored(&store), Some(2));
    assert_eq!(store.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn specs_that_the_store_lost_are_written_again_within_an_interval() {
    // The client wrote the specs to one store, and found them in the other.
    for store in [
        MemoryStore::default(),
        MemoryStore::holding(specs::at(1, true)),
    ] {
        let store = Arc::new(store);
        let lab = lab(&store, 1);
        lab.statsig.initialize().await.unwrap();
        pass(35.0).await;
        let before = store.writes().len();
        for _ in 0..3 {
            lose_everything(&store);
            pass(10.5).await;
            assert_eq!(stored(&store), Some(1));
        }
        lose_everything(&store);
        store.put("half of a spe");
        pass(10.5).await;
        assert_eq!(stored(&store), Some(1));
        assert_eq!(store.writes().len(), before + 4);
    }
}

#[tokio::test(start_paused = true)]
async fn lost_specs_are_written_again_while_the_network_is_away() {
    let store = Arc::new(MemoryStore::default());
    let lab = lab(&store, 1);
    lab.statsig.initialize().await.unwrap();
    lab.network.always(Endpoint::Specs, Answer::status(503));
    pass(60.0).await;
    lose_everything(&store);
    pass(10.5).await;
    assert_eq!(stored(&store), Some(1));
}

#[tokio::test(start_paused = true)]
async fn newer_specs_of_another_process_are_left_alone_and_older_ones_replaced() {
    let store = Arc::new(MemoryStore::default());
    let lab = lab(&store, 10);
    lab.statsig.initialize().await.unwrap();
    pass(1.0).await;
    store.put(specs::at(100, true));
    pass(60.0).await;
    assert_eq!(stored(&store), Some(100));
    store.put(specs::at(9, true));
    pass(10.5).await;
    assert_eq!(stored(&store), Some(10));
}

#[tokio::test(start_paused = true)]
async fn specs_that_replace_those_of_another_process_are_not_read_back() {
    let store = Arc::new(MemoryStore::default());
    let lab = lab(&store, 10);
    lab.statsig.initialize().await.unwrap();
    pass(1.0).await;
    store.put(specs::at(100, true));
    pass(10.5).await;
    let before = store.reads();
    lose_everything(&store);
    pass(60.0).await;
    assert_eq!(stored(&store), Some(10));
    assert_eq!(store.reads(), before);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_specs_from_the_network_restores_nothing() {
    let offline = |options: StatsigOptionsBuilder| options.disable_network(true);
    let polling = |options: StatsigOptionsBuilder| options;
    for (is_polled, set) in [
        (false, offline as fn(StatsigOptionsBuilder) -> _),
        (true, polling),
    ] {
        let store = Arc::new(MemoryStore {
            is_polled,
            ..MemoryStore::holding(specs::at(1, true))
        });
        let lab = Lab::new(|options| set(options).data_store(store.clone()));
        lab.statsig.initialize().await.unwrap();
        assert_eq!(lab.lcut(), 1);
        lose_everything(&store);
        pass(60.0).await;
        // The reader may have older specs than the writers.
        assert_eq!(stored(&store), None);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_survives_crashes_and_a_start_anew() {
    let store = Arc::new(MemoryStore {
        is_down: true.into(),
        ..MemoryStore::default()
    });
    let lab = lab(&store, 1);
    lab.statsig.initialize().await.unwrap();
    for actor in [Actor::SpecSync, Actor::Evaluation] {
        testing::crash(&lab.statsig, actor).await;
        pass(5.0).await;
    }
    lab.statsig.shutdown().await.unwrap();
    lab.network.serve_specs(r#"{"has_updates":false}"#);
    store.is_down.store(false, Ordering::Relaxed);
    lab.statsig.initialize().await.unwrap();
    settle().await;
    assert_eq!(stored(&store), Some(1));
    // A second start guards the same specs.
    lab.statsig.shutdown().await.unwrap();
    lab.statsig.initialize().await.unwrap();
    lose_everything(&store);
    pass(10.5).await;
    assert_eq!(stored(&store), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_tries_once_more_to_write_what_waits() {
    let store = Arc::new(MemoryStore {
        is_down: true.into(),
        ..MemoryStore::default()
    });
    let lab = lab(&store, 1);
    lab.statsig.initialize().await.unwrap();
    pass(1.0).await;
    store.is_down.store(false, Ordering::Relaxed);
    lab.statsig.shutdown().await.unwrap();
    assert_eq!(stored(&store), Some(1));
}

const MANIFEST: &str = "/v1/get_id_lists";
const A_LIST: &str = "id_list::a_list";
/// The line of `a-user`.
const A_USER: &str = "+Z/hEKLio\n";
const ID_LISTS_INTERVAL: f64 = 60.0;

async fn with_id_lists() -> (Arc<MemoryStore>, Lab) {
    let store = Arc::new(MemoryStore {
        keeps_id_lists: true,
        writes_id_lists: true,
        polls_id_lists: Some(false),
        ..MemoryStore::default()
    });
    let lab = Lab::new(|options| options.data_store(store.clone()).enable_id_lists(true));
    lab.network
        .serve_specs(specs::id_list_gate(1, "a_list").to_string());
    lab.network.set_id_list_file("a_list", A_USER);
    lab.statsig.initialize().await.unwrap();
    pass(1.0).await;
    assert_eq!(store.text(A_LIST).as_deref(), Some(A_USER));
    (store, lab)
}

#[tokio::test(start_paused = true)]
async fn id_lists_and_their_manifest_that_the_store_lost_are_written_again_within_an_interval() {
    let (store, lab) = with_id_lists().await;
    let manifest = store.text(MANIFEST);
    for lost in [A_LIST, MANIFEST, ""] {
        store
            .values
            .lock()
            .unwrap()
            .retain(|key, _| !key.contains(lost));
        pass(ID_LISTS_INTERVAL).await;
        assert_eq!(store.text(A_LIST).as_deref(), Some(A_USER), "{lost}");
        assert_eq!(store.text(MANIFEST), manifest, "{lost}");
    }
    drop(lab);
}

#[tokio::test(start_paused = true)]
async fn id_lists_that_wait_are_written_while_the_network_is_away() {
    let (store, lab) = with_id_lists().await;
    store.is_down.store(true, Ordering::Relaxed);
    lab.network
        .set_id_list_file("a_list", format!("{A_USER}+2Tv4fIVX\n"));
    pass(ID_LISTS_INTERVAL).await;
    lab.network.always(Endpoint::IdLists, Answer::status(503));
    store.is_down.store(false, Ordering::Relaxed);
    assert_eq!(store.text(A_LIST).as_deref(), Some(A_USER));
    pass(ID_LISTS_INTERVAL).await;
    assert_eq!(store.text(A_LIST).unwrap().lines().count(), 2);
}

/// A store of texts with the required methods only.
#[derive(Debug, Default)]
struct Plain(MemoryStore);

impl DataStore for Plain {
    fn initialize(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        self.0.initialize()
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        self.0.get(key)
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        time: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        self.0.set(key, value, time)
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_tell_how_long_a_value_is_is_read() {
    let store = Arc::new(Plain::default());
    let lab = lab(&store, 1);
    lab.statsig.initialize().await.unwrap();
    pass(25.0).await;
    assert_eq!(store.0.writes().len(), 1);
    lose_everything(&store.0);
    pass(10.5).await;
    assert_eq!(stored(&store.0), Some(1));
}

/// A write-only store, like a log.
#[derive(Debug, Default)]
struct WriteOnly(Plain);

impl DataStore for WriteOnly {
    fn initialize(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        self.0.initialize()
    }

    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(async { Ok(DataStoreResponse::default()) })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        time: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        self.0.set(key, value, time)
    }

    fn supports_feature(&self, _: DataStoreFeature) -> bool {
        true
    }

    fn support_polling_updates_for_feature(&self, _: DataStoreFeature) -> Option<bool> {
        Some(false)
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_shows_what_it_has_gets_everything_once() {
    let store = Arc::new(WriteOnly::default());
    let lab = Lab::new(|options| options.data_store(store.clone()).enable_id_lists(true));
    lab.network
        .serve_specs(specs::id_list_gate(1, "a_list").to_string());
    lab.network.set_id_list_file("a_list", A_USER);
    lab.statsig.initialize().await.unwrap();
    pass(ID_LISTS_INTERVAL * 3.0).await;
    assert_eq!(store.0.0.writes().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_in_a_write_gets_the_specs_once_it_answers() {
    let store = Arc::new(MemoryStore {
        hangs_in_writes: true.into(),
        ..MemoryStore::default()
    });
    let lab = lab(&store, 1);
    lab.statsig.initialize().await.unwrap();
    pass(100.0).await;
    assert_eq!(lab.lcut(), 1);
    store.hangs_in_writes.store(false, Ordering::Relaxed);
    pass(Duration::from_secs(20).as_secs_f64()).await;
    assert_eq!(stored(&store), Some(1));
}
