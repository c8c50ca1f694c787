//! Specs in a data store that outlives the process and that services share.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use statsig::SpecsSource;
use statsig::sources::{DataStoreKeyVersion, FileDataStore};
use statsig::testing::{Answer, Endpoint, SimulatedClock};
use statsig_tests::specs;

use super::stores::{MemoryStore, SPECS_KEY};
use super::{Lab, pass, settle};

fn lab(store: &Arc<MemoryStore>) -> Lab {
    let lab = Lab::new(|options| options.data_store(store.clone()));
    lab.network.serve_specs(specs::at(9, false).to_string());
    lab
}

#[tokio::test(start_paused = true)]
async fn an_empty_store_is_filled_from_the_network_and_the_next_start_needs_none() {
    for keeps_bytes in [false, true] {
        let store = Arc::new(MemoryStore {
            keeps_bytes,
            ..MemoryStore::default()
        });
        let first = lab(&store);
        let details = first.statsig.initialize().await.unwrap();
        assert_eq!(details.source, SpecsSource::Network);
        settle().await;
        assert_eq!(store.specs().unwrap(), specs::at(9, false).to_string());
        let received_at = Some(SimulatedClock::START_MS);
        assert_eq!(
            store.writes(),
            [(SPECS_KEY.to_owned(), received_at, keeps_bytes)]
        );

        let second = lab(&store);
        let details = second.statsig.initialize().await.unwrap();
        assert_eq!(details.source, SpecsSource::Adapter("DataStore".into()));
        assert_eq!(details.spec_source_api.as_deref(), Some("datastore"));
        assert!(second.requests().is_empty());
        assert_eq!(second.check().1, "Adapter(DataStore):Recognized");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_store_cannot_give_the_network_does() {
    let stores = [
        (
            "down",
            MemoryStore {
                is_down: true.into(),
                ..MemoryStore::default()
            },
        ),
        (
            "without specs",
            MemoryStore {
                is_without_specs: true,
                ..MemoryStore::holding(specs::at(1, true))
            },
        ),
        ("broken", MemoryStore::holding("half of a spe")),
        (
            "silent",
            MemoryStore {
                hangs: true.into(),
                ..MemoryStore::default()
            },
        ),
    ];
    for (what, store) in stores {
        let lab = lab(&Arc::new(store));
        let details = lab.statsig.initialize().await.unwrap();
        assert_eq!(details.source, SpecsSource::Network, "{what}");
        assert_eq!(lab.requests().len(), 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_news_are_written_and_a_failure_to_write_changes_nothing() {
    let store = Arc::new(MemoryStore::default());
    let lab = lab(&store);
    lab.statsig.initialize().await.unwrap();
    pass(35.0).await;
    assert_eq!(store.writes().len(), 1);

    store.is_down.store(true, Ordering::Relaxed);
    lab.network.serve_specs(specs::at(10, true).to_string());
    pass(10.0).await;
    assert_eq!((lab.lcut(), store.writes().len()), (10, 1));
    store.is_down.store(false, Ordering::Relaxed);
    lab.network.serve_specs(specs::at(11, true).to_string());
    pass(10.0).await;
    assert_eq!(store.specs().unwrap(), specs::at(11, true).to_string());
}

#[tokio::test(start_paused = true)]
async fn a_polled_store_that_fails_leaves_the_specs_and_the_network_alone() {
    let store = Arc::new(MemoryStore {
        is_polled: true,
        ..MemoryStore::holding(specs::at(1, true))
    });
    let lab = lab(&store);
    lab.statsig.initialize().await.unwrap();
    store.is_down.store(true, Ordering::Relaxed);
    pass(60.0).await;
    assert_eq!((lab.lcut(), lab.requests()), (1, vec![]));
    store.is_down.store(false, Ordering::Relaxed);
    store.put(specs::at(2, false));
    pass(15.0).await;
    assert_eq!(lab.lcut(), 2);
    // Older specs in the store are not used.
    store.put(specs::at(1, true));
    pass(15.0).await;
    assert_eq!((lab.lcut(), lab.check().0), (2, false));
    assert!(store.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_store_is_initialised_once_and_shut_down_once() {
    let store = Arc::new(MemoryStore::default());
    let lab = lab(&store);
    let counts = || {
        (
            store.initialized.load(Ordering::Relaxed),
            store.shut_down.load(Ordering::Relaxed),
        )
    };
    assert_eq!(counts(), (0, 0));
    lab.statsig.initialize().await.unwrap();
    pass(60.0).await;
    assert_eq!(counts(), (1, 0));
    lab.statsig.shutdown().await.unwrap();
    lab.statsig.shutdown().await.unwrap();
    assert_eq!(counts(), (1, 1));

    // After a restart, the client uses the store again.
    lab.statsig.initialize().await.unwrap();
    assert_eq!(counts(), (2, 1));
    lab.statsig.shutdown().await.unwrap();
    assert_eq!(counts(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn specs_that_just_came_are_written_before_a_shutdown_ends() {
    let store = Arc::new(MemoryStore::default());
    let lab = lab(&store);
    lab.statsig.initialize().await.unwrap();
    lab.statsig.shutdown().await.unwrap();
    assert!(store.specs().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_silent_store_does_not_hold_up_a_shutdown_or_a_sync() {
    let store = Arc::new(MemoryStore {
        is_polled: true,
        ..MemoryStore::holding(specs::at(1, true))
    });
    let lab = lab(&store);
    lab.statsig.initialize().await.unwrap();
    store.hangs.store(true, Ordering::Relaxed);
    pass(30.0).await;
    let started = tokio::time::Instant::now();
    lab.statsig
        .shutdown_with_timeout(Duration::from_secs(1))
        .await
        .unwrap();
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn readable_keys_show_the_start_of_the_sdk_key() {
    let store = Arc::new(MemoryStore::default());
    let lab = Lab::new(|options| {
        options
            .data_store(store.clone())
            .data_store_key_schema_version(DataStoreKeyVersion::V3HumanReadable)
    });
    lab.network.next(
        Endpoint::Specs,
        Answer::json(specs::at(1, true).to_string()),
    );
    lab.statsig.initialize().await.unwrap();
    settle().await;
    assert_eq!(
        store.writes()[0].0,
        "statsig|/v2/download_config_specs|plain_text|secret-syncing-01234"
    );
}

#[tokio::test(start_paused = true)]
async fn one_process_writes_a_directory_and_another_reads_it() {
    let directory = tempfile::tempdir().unwrap();
    let writer =
        Lab::new(|options| options.data_store(Arc::new(FileDataStore::new(directory.path()))));
    writer.network.serve_specs(specs::at(1, true).to_string());
    let reader = Lab::new(|options| {
        options.data_store(Arc::new(FileDataStore::new(directory.path()).polled(true)))
    });
    writer.statsig.initialize().await.unwrap();
    pass(1.0).await;
    reader.statsig.initialize().await.unwrap();
    assert_eq!(
        reader.check(),
        (true, "Adapter(DataStore):Recognized".to_owned())
    );

    writer.network.serve_specs(specs::at(2, false).to_string());
    pass(25.0).await;
    assert_eq!(
        reader.check(),
        (false, "Adapter(DataStore):Recognized".to_owned())
    );
    assert!(reader.requests().is_empty());
    writer.statsig.shutdown().await.unwrap();
    reader.statsig.shutdown().await.unwrap();
}
