//! ID lists in a store that outlives the process and that services share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use statsig::observability::{ObservabilityClient, Tag};
use statsig::sources::FileDataStore;
use statsig::testing::{self, Actor, Answer, Endpoint, ScriptedTransport, SimulatedClock};
use statsig::{InitializeDetails, StatsigError, StatsigOptionsBuilder, StatsigUser};
use statsig_tests::specs;

use super::stores::MemoryStore;
use super::{Lab, pass, settle};

const MANIFEST: &str = "/v1/get_id_lists";
const A_LIST: &str = "id_list::a_list";
/// The lines of `Marcos`, `123` and `a-user`.
const MARCOS: &str = "+2Tv4fIVX\n";
const ONE_TWO_THREE: &str = "+pmWkWSBC\n";
const A_USER: &str = "+Z/hEKLio\n";
const INTERVAL: f64 = 60.0;

/// A store that keeps ID lists and is not polled.
fn store() -> MemoryStore {
    MemoryStore {
        keeps_id_lists: true,
        writes_id_lists: true,
        polls_id_lists: Some(false),
        ..MemoryStore::default()
    }
}

/// The same store with these lists.
fn holding(lists: &[(&str, &str)]) -> MemoryStore {
    let store = store();
    put(&store, lists);
    store
}

fn put(store: &MemoryStore, lists: &[(&str, &str)]) {
    let names: Vec<_> = lists.iter().map(|(name, _)| name).collect();
    store.put_text(MANIFEST, serde_json::to_string(&names).unwrap());
    for (name, members) in lists {
        store.put_text(&format!("id_list::{name}"), *members);
    }
}

/// A client whose network serves these lines for `a_list`.
async fn start(store: &Arc<MemoryStore>, lines: &str) -> (Lab, InitializeDetails) {
    start_with(lines, |options| options.data_store(store.clone())).await
}

async fn start_with(
    lines: &str,
    set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
) -> (Lab, InitializeDetails) {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::id_list_gate(1, "a_list").to_string());
    network.set_id_list_file("a_list", lines);
    let lab = Lab::on(network, |options| set(options.enable_id_lists(true)));
    let details = lab.statsig.initialize_with_details().await.unwrap();
    (lab, details)
}

/// Members of `a_list` among `Marcos`, `123` and `a-user`.
fn members(lab: &Lab) -> Vec<&'static str> {
    let is_member = |id: &&str| {
        let user = StatsigUser::with_user_id(*id);
        lab.statsig.check_gate(&user, "in_list")
    };
    ["Marcos", "123", "a-user"]
        .into_iter()
        .filter(is_member)
        .collect()
}

fn downloads(lab: &Lab) -> (usize, usize) {
    let count = |endpoint| lab.network.requests(endpoint).len();
    (count(Endpoint::IdLists), count(Endpoint::IdListFile))
}

fn writes(store: &MemoryStore) -> Vec<String> {
    let paths = store.writes().into_iter().map(|(key, _, _)| {
        let path = key.split('|').nth(1).unwrap();
        path.to_owned()
    });
    paths.filter(|path| !path.contains("specs")).collect()
}

#[tokio::test(start_paused = true)]
async fn an_empty_store_is_filled_from_the_network_and_the_next_start_needs_none() {
    let store = Arc::new(store());
    let (first, details) = start(&store, &format!("{MARCOS}{A_USER}-2Tv4fIVX\n")).await;
    assert_eq!(details.is_id_list_ready, Some(true));
    settle().await;
    assert_eq!(members(&first), ["a-user"]);
    // Members are written before the manifest, so that a reader of the manifest finds all its
    // lists. Only existing lists are written.
    assert_eq!(writes(&store), [A_LIST, MANIFEST]);
    assert_eq!(store.text(A_LIST).unwrap(), A_USER);
    let manifest = store.text(MANIFEST).unwrap();
    assert!(manifest.contains(r#""size":30"#), "{manifest}");
    assert!(!manifest.contains("http"), "{manifest}");
    let received_at = Some(SimulatedClock::START_MS);
    assert!(store.writes().iter().all(|(_, at, _)| *at == received_at));

    let (second, details) = start(&store, MARCOS).await;
    assert_eq!(details.is_id_list_ready, Some(true));
    assert_eq!(members(&second), ["a-user"]);
    assert_eq!(downloads(&second), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn after_a_start_from_the_store_everything_is_downloaded_once() {
    let store = Arc::new(holding(&[("a_list", ONE_TWO_THREE), ("b_list", MARCOS)]));
    let (lab, _) = start(&store, MARCOS).await;
    assert_eq!(members(&lab), ["123"]);
    pass(INTERVAL + 1.0).await;
    // Stored lists have no positions in files.
    assert_eq!(members(&lab), ["Marcos"]);
    let asked = lab.network.requests(Endpoint::IdListFile);
    assert!(!asked[0].request.url.contains("range"));
    lab.network
        .set_id_list_file("a_list", format!("{MARCOS}{A_USER}"));
    pass(INTERVAL).await;
    let asked = lab.network.requests(Endpoint::IdListFile);
    assert!(asked[1].request.url.contains("range=10-"));
    assert_eq!(members(&lab), ["Marcos", "a-user"]);
    // Each change is written once. Unchanged lists are not written.
    pass(INTERVAL * 5.0).await;
    assert_eq!(writes(&store), [A_LIST, MANIFEST, A_LIST, MANIFEST]);
    // In the order of the hashes.
    assert_eq!(store.text(A_LIST).unwrap(), format!("{A_USER}{MARCOS}"));
}

#[tokio::test(start_paused = true)]
async fn a_polled_store_is_read_at_every_interval_and_the_network_only_where_it_has_nothing() {
    for polls_id_lists in [Some(true), None] {
        let store = Arc::new(MemoryStore {
            polls_id_lists,
            ..store()
        });
        put(&store, &[("a_list", MARCOS)]);
        let (lab, _) = start(&store, A_USER).await;
        assert_eq!(members(&lab), ["Marcos"]);
        put(&store, &[("a_list", ONE_TWO_THREE)]);
        pass(INTERVAL + 1.0).await;
        assert_eq!(members(&lab), ["123"]);
        put(&store, &[]);
        pass(INTERVAL).await;
        assert_eq!(members(&lab), [""; 0]);
        assert_eq!((downloads(&lab), writes(&store)), ((0, 0), vec![]));

        store.is_down.store(true, Ordering::Relaxed);
        pass(INTERVAL).await;
        assert_eq!(members(&lab), ["a-user"]);
        assert_eq!(downloads(&lab), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_feature_the_store_has_no_part_in_lists() {
    let store = Arc::new(MemoryStore {
        keeps_id_lists: false,
        ..holding(&[("a_list", MARCOS)])
    });
    let (lab, _) = start(&store, A_USER).await;
    assert_eq!(members(&lab), ["a-user"]);
    let reader = Arc::new(MemoryStore {
        writes_id_lists: false,
        ..self::store()
    });
    let (lab, _) = start(&reader, A_USER).await;
    pass(INTERVAL * 2.0).await;
    assert_eq!(members(&lab), ["a-user"]);
    assert!(writes(&store).is_empty() && writes(&reader).is_empty());
}

/// Stored lists are used completely or not at all.
#[tokio::test(start_paused = true)]
async fn what_the_store_cannot_give_the_network_does() {
    let broken = |path: &str, text: &str| {
        let store = holding(&[("a_list", MARCOS), ("b_list", MARCOS)]);
        store.put_text(path, text);
        store
    };
    let missing = holding(&[("a_list", MARCOS)]);
    missing.put_text(MANIFEST, r#"["a_list", "c_list"]"#);
    let down = holding(&[("a_list", MARCOS)]);
    down.is_down.store(true, Ordering::Relaxed);
    let silent = holding(&[("a_list", MARCOS)]);
    silent.hangs.store(true, Ordering::Relaxed);
    for (what, store) in [
        ("a manifest that is none", broken(MANIFEST, "[1]")),
        (
            "a line that is none",
            broken("id_list::b_list", "-2Tv4fIVX"),
        ),
        ("an empty list", broken("id_list::b_list", "")),
        ("a missing list", missing),
        ("no answer but errors", down),
        ("no answer", silent),
    ] {
        let (lab, details) = start(&Arc::new(store), A_USER).await;
        assert_eq!(details.is_id_list_ready, Some(true), "{what}");
        assert!(details.init_success, "{what}");
        assert_eq!(members(&lab), ["a-user"], "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_neither_initialising_fails_and_the_background_heals() {
    let store = Arc::new(store());
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::id_list_gate(1, "a_list").to_string());
    network.set_id_list_file("a_list", MARCOS);
    network.next(Endpoint::IdLists, Answer::status(500));
    let lab = Lab::on(network, |options| {
        options.enable_id_lists(true).data_store(store.clone())
    });
    let error = lab.statsig.initialize().await.unwrap_err();
    assert!(matches!(error, StatsigError::NoIdLists { .. }), "{error}");
    assert!(error.to_string().contains("found 500"), "{error}");
    let details = lab.statsig.get_initialize_details().unwrap();
    assert!(details.is_config_spec_ready && !details.init_success);
    assert_eq!(details.is_id_list_ready, Some(false));
    pass(INTERVAL + 1.0).await;
    assert_eq!(members(&lab), ["Marcos"]);
    assert_eq!(writes(&store), [A_LIST, MANIFEST]);
}

#[tokio::test(start_paused = true)]
async fn one_failed_file_publishes_and_stores_nothing() {
    let store = Arc::new(holding(&[("a_list", ONE_TWO_THREE)]));
    let (lab, _) = start(&store, MARCOS).await;
    lab.network.set_id_list_file("b_list", MARCOS);
    // The client downloads the files in the order of the lists' names.
    lab.network
        .next(Endpoint::IdListFile, Answer::response(200, MARCOS));
    lab.network.next(Endpoint::IdListFile, Answer::status(500));
    pass(INTERVAL + 1.0).await;
    assert_eq!((members(&lab), writes(&store)), (vec!["123"], vec![]));
    pass(INTERVAL).await;
    assert_eq!(members(&lab), ["Marcos"]);
    assert_eq!(writes(&store), [A_LIST, "id_list::b_list", MANIFEST]);
}

#[tokio::test(start_paused = true)]
async fn without_a_network_lists_come_from_the_store_at_every_interval() {
    for polls_id_lists in [Some(true), Some(false), None] {
        let store = Arc::new(MemoryStore {
            polls_id_lists,
            ..holding(&[("a_list", MARCOS)])
        });
        store.put(specs::id_list_gate(1, "a_list"));
        let reader = |options: StatsigOptionsBuilder| {
            options.disable_network(true).data_store(store.clone())
        };
        let (lab, details) = start_with(A_USER, reader).await;
        assert_eq!(details.is_id_list_ready, Some(true));
        assert_eq!(members(&lab), ["Marcos"]);
        store.is_down.store(true, Ordering::Relaxed);
        pass(INTERVAL * 2.0).await;
        assert_eq!(members(&lab), ["Marcos"]);
        store.is_down.store(false, Ordering::Relaxed);
        put(&store, &[("a_list", A_USER)]);
        pass(INTERVAL).await;
        assert_eq!(members(&lab), ["a-user"], "{polls_id_lists:?}");
        assert_eq!(downloads(&lab), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_polled_store_that_lost_its_lists_gets_them_again() {
    let store = Arc::new(MemoryStore {
        polls_id_lists: Some(true),
        ..store()
    });
    let (lab, _) = start(&store, MARCOS).await;
    settle().await;
    assert_eq!(store.text(A_LIST).unwrap(), MARCOS);
    store.values.lock().unwrap().clear();
    pass(INTERVAL + 1.0).await;
    assert_eq!(store.text(A_LIST).as_deref(), Some(MARCOS));
    put(&store, &[("a_list", "spoilt")]);
    pass(INTERVAL).await;
    assert_eq!(store.text(A_LIST).unwrap(), MARCOS);
    assert_eq!(members(&lab), ["Marcos"]);
}

/// Counts sets of lists that could not be written.
#[derive(Debug, Default)]
struct WriteFailures(AtomicUsize);

impl ObservabilityClient for WriteFailures {
    fn increment(&self, metric: &'static str, _: f64, _: &[Tag]) {
        if metric == "statsig.sdk.id_list_data_store_write_failure" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn gauge(&self, _: &'static str, _: f64, _: &[Tag]) {}

    fn dist(&self, _: &'static str, _: f64, _: &[Tag]) {}
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_to_write_is_counted_and_written_to_later() {
    let store = Arc::new(store());
    let failures = Arc::new(WriteFailures::default());
    let (lab, _) = start_with(MARCOS, |options| {
        options
            .data_store(store.clone())
            .observability_client(failures.clone())
    })
    .await;
    settle().await;
    store.is_down.store(true, Ordering::Relaxed);
    lab.network.set_id_list_file("a_list", A_USER);
    pass(INTERVAL * 3.0).await;
    assert_eq!(members(&lab), ["a-user"]);
    assert_eq!(store.text(A_LIST).unwrap(), MARCOS);
    assert_eq!(failures.0.load(Ordering::Relaxed), 3);
    store.is_down.store(false, Ordering::Relaxed);
    // The lists have not changed since, but they are written.
    pass(INTERVAL).await;
    assert_eq!(store.text(A_LIST).unwrap(), A_USER);
    assert_eq!(failures.0.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn lists_that_just_came_are_written_before_a_shutdown_ends() {
    let store = Arc::new(store());
    let (lab, _) = start(&store, MARCOS).await;
    lab.statsig.shutdown().await.unwrap();
    assert_eq!(writes(&store), [A_LIST, MANIFEST]);
}

#[tokio::test(start_paused = true)]
async fn lists_that_were_read_and_not_published_are_read_again() {
    let store = Arc::new(MemoryStore {
        polls_id_lists: Some(true),
        ..holding(&[("a_list", MARCOS)])
    });
    let (lab, _) = start(&store, A_USER).await;
    put(&store, &[("a_list", A_USER)]);
    // The evaluation actor is first paused and then gone when the lists are due for publication.
    let paused = testing::pause(&lab.statsig, Actor::Evaluation).await;
    let crash = testing::crash(&lab.statsig, Actor::Evaluation);
    tokio::join!(crash, async {
        pass(INTERVAL * 1.5).await;
        drop(paused);
    });
    pass(INTERVAL * 2.5).await;
    assert_eq!(members(&lab), ["a-user"]);
}

#[tokio::test(start_paused = true)]
async fn one_process_writes_a_directory_and_another_reads_it() {
    let directory = tempfile::tempdir().unwrap();
    let in_directory = || FileDataStore::new(directory.path());
    let (writer, _) = start_with(MARCOS, |options| {
        options.data_store(Arc::new(in_directory()))
    })
    .await;
    until(|| in_directory_are(&directory, 3)).await;
    let (reader, details) = start_with(A_USER, |options| {
        options
            .disable_network(true)
            .data_store(Arc::new(in_directory().polled(true)))
    })
    .await;
    assert_eq!(details.is_id_list_ready, Some(true));
    assert_eq!(members(&reader), ["Marcos"]);
    writer.network.set_id_list_file("a_list", A_USER);
    until(|| members(&reader) == ["a-user"]).await;
    for lab in [writer, reader] {
        lab.statsig.shutdown().await.unwrap();
    }
}

/// Specs, members and manifest.
fn in_directory_are(directory: &tempfile::TempDir, files: usize) -> bool {
    let found = std::fs::read_dir(directory).map(|entries| entries.flatten());
    let is_whole = |entry: &std::fs::DirEntry| {
        let name = entry.file_name();
        !name.to_string_lossy().contains("tmp")
    };
    found.is_ok_and(|entries| entries.filter(is_whole).count() == files)
}

/// Lets simulated time pass until the condition holds.
async fn until(holds: impl Fn() -> bool) {
    for _ in 0..300 {
        if holds() {
            return;
        }
        pass(1.0).await;
    }
    panic!("expected it to hold within five minutes");
}
