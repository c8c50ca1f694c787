//! Specs shared through Redis. Each test starts, kills and restarts its own server on its own port.
//!
//! If there is no `redis-server`, the tests print "skipped" and pass.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[expect(dead_code, reason = "other tests use the rest")]
mod certificates;
mod redis_server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use statsig::sources::{DataStore, RequestPath};
use statsig::{Statsig, StatsigUser};
use statsig_local::LocalStatsig;
use statsig_redis::RedisDataStore;
use statsig_tests::{local_options, specs};

use crate::certificates::Authority;
use crate::redis_server::RedisServer;

const KEY: &str = "secret-redis-0123456789";
/// Long enough for a busy machine. No test waits for its end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The shortest interval that the options accept.
const INTERVAL: Duration = Duration::from_secs(1);
const START: u64 = 1_790_000_000_000;

/// Waits until the condition holds.
async fn until(holds: impl AsyncFn() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("a condition that comes to hold");
}

/// Specs of this time, with the gate on or off.
fn specs_at(time: u64, is_on: bool) -> String {
    let mut specs = specs::one_gate("on", is_on);
    specs["time"] = time.into();
    specs.to_string()
}

async fn local(specs: String) -> LocalStatsig {
    LocalStatsig::builder()
        .specs_json(specs)
        .start()
        .await
        .expect("a local Statsig")
}

/// A client that downloads specs and writes them to the store.
async fn writer(local: &LocalStatsig, store: RedisDataStore) -> Statsig {
    let options = local_options()
        .specs_url(local.specs_url())
        .specs_sync_interval(INTERVAL)
        .disable_all_logging(true)
        .data_store(Arc::new(store))
        .build()
        .expect("valid options");
    let statsig = Statsig::new(KEY, options);
    statsig.initialize().await.expect("specs");
    statsig
}

/// A client with the store as its only source.
async fn reader(store: RedisDataStore) -> Statsig {
    let options = local_options()
        .disable_network(true)
        .disable_all_logging(true)
        .specs_sync_interval(INTERVAL)
        .data_store(Arc::new(store.polled(true).read_only(true)))
        .build()
        .expect("valid options");
    let statsig = Statsig::new(KEY, options);
    // There may be no specs yet. A later read brings them.
    let _ = statsig.initialize().await;
    statsig
}

fn is_on(statsig: &Statsig) -> bool {
    statsig.check_gate(&StatsigUser::with_user_id("u"), "on")
}

fn details(statsig: &Statsig) -> (String, Option<u64>) {
    let user = StatsigUser::with_user_id("u");
    let details = statsig.get_feature_gate(&user, "on").details.clone();
    (details.reason.to_string(), details.lcut)
}

fn specs_key() -> String {
    // The default scheme hashes the SDK key.
    let hash = statsig::testing::internals::sha256_base64(KEY);
    let path = RequestPath::RulesetsV2.as_str();
    format!("statsig|{path}|plain_text|{hash}")
}

#[tokio::test]
async fn values_come_back_as_they_were_whatever_they_are() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let store = server.store();
    assert_eq!(store.get("missing").await.expect("an answer").result, None);

    let large = "0123456789".repeat(1_000_000);
    for text in ["", "{}", "ünïcode\0with a zero", large.as_str()] {
        store.set("text", text, Some(1)).await.expect("stored");
        let found = store.get("text").await.expect("an answer").result;
        assert!(found.as_deref() == Some(text));
    }
    let bytes = vec![0xFF_u8; 9_000_000];
    store
        .set_bytes("bytes", bytes.clone().into(), None)
        .await
        .expect("stored");
    let found = store.get_bytes("bytes").await.expect("an answer").result;
    assert!(found.is_some_and(|found| found == bytes));
    let error = store.get("bytes").await.expect_err("no text");
    assert!(error.to_string().contains("expected text"), "{error}");
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_and_can_be_replaced() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let store = server.store();
    server.command(&["HSET", "key", "config", "{}"]).await;
    let error = store.get("key").await.expect_err("no text");
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    store.set("key", "text", None).await.expect("stored");
    let found = store.get("key").await.expect("an answer").result;
    assert_eq!(found.as_deref(), Some("text"));
}

#[tokio::test]
async fn the_first_operation_after_a_restart_succeeds() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let store = server.store();
    store.set("key", "text", None).await.expect("stored");
    server.kill();
    for _ in 0..2 {
        let error = store.get("key").await.expect_err("nobody there");
        assert!(error.to_string().contains("Redis: "), "{error}");
    }
    server.restart();
    // The store keeps nothing.
    assert_eq!(store.get("key").await.expect("an answer").result, None);
}

#[tokio::test]
async fn an_encrypted_connection_needs_the_right_authority() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let identity = authority.issue("localhost");
    let Some(mut server) = RedisServer::start_encrypted(&authority, &identity) else {
        return;
    };
    let store = server.encrypted_store(&authority);
    store.set("key", "text", None).await.expect("stored");
    let found = store.get("key").await.expect("an answer").result;
    assert_eq!(found.as_deref(), Some("text"));
    let untrusted = [
        server.encrypted_store(&stranger),
        server.store_trusting_the_system(),
    ];
    for store in untrusted {
        let error = store.get("key").await.expect_err("no trust");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(server.store().get("key").await.is_err(), "not encrypted");

    // The connection breaks, and the new one is encrypted, too.
    server.kill();
    assert!(store.get("key").await.is_err());
    server.restart();
    assert_eq!(store.get("key").await.expect("an answer").result, None);
}

#[tokio::test]
async fn one_service_writes_and_another_reads() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let local = local(specs_at(START, true)).await;
    let writer = writer(&local, server.store()).await;
    assert_eq!(details(&writer).0, "Network:Recognized");
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;
    assert_eq!(
        details(&reader),
        ("Adapter(DataStore):Recognized".to_owned(), Some(START))
    );

    local
        .set_specs_json(specs_at(START + 1, false))
        .expect("valid specs");
    until(async || !is_on(&reader)).await;
    assert_eq!(details(&reader).1, Some(START + 1));
    let stored = server.store().get(&specs_key()).await.expect("an answer");
    assert_eq!(stored.result, Some(specs_at(START + 1, false)));

    // A service that starts during an outage of Statsig starts with the stored specs.
    local.shutdown().await;
    let late = self::reader(server.store()).await;
    assert_eq!(details(&late).1, Some(START + 1));
    for statsig in [writer, reader, late] {
        statsig.shutdown().await.expect("a shutdown");
    }
}

#[tokio::test]
async fn one_service_downloads_id_lists_and_another_reads_them() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let local = local(specs::id_list_gate(START, "a_list").to_string()).await;
    local.set_id_list("a_list", ["a-user"]);
    local.set_id_list("of_nobody", [""; 0]);
    let options = |store: RedisDataStore| {
        local_options()
            .specs_url(local.specs_url())
            .id_lists_url(local.id_lists_url())
            .specs_sync_interval(INTERVAL)
            .id_lists_sync_interval(INTERVAL)
            .disable_all_logging(true)
            .enable_id_lists(true)
            .data_store(Arc::new(store.with_id_lists(true)))
    };
    let writer = Statsig::new(KEY, options(server.store()).build().expect("valid options"));
    writer.initialize().await.expect("specs and lists");
    let store = server.store().polled(true).read_only(true);
    let options = options(store).disable_network(true);
    let reader = Statsig::new(KEY, options.build().expect("valid options"));
    // There may be no specs yet. A later read brings them.
    let _ = reader.initialize().await;
    let is_member =
        |statsig: &Statsig, id: &str| statsig.check_gate(&StatsigUser::with_user_id(id), "in_list");
    until(async || is_member(&reader, "a-user")).await;
    local.set_id_list("a_list", ["Marcos"]);
    until(async || is_member(&reader, "Marcos") && !is_member(&reader, "a-user")).await;
    for statsig in [writer, reader] {
        statsig.shutdown().await.expect("a shutdown");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_costs_no_evaluation_and_is_found_again() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let local = local(specs_at(START, true)).await;
    let writer = writer(&local, server.store()).await;
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;

    // A thread without a runtime evaluates all the time, and records the longest evaluation.
    let evaluating = Evaluating::start(&reader);
    server.kill();
    local
        .set_specs_json(specs_at(START + 1, true))
        .expect("valid specs");
    until(async || details(&writer).1 == Some(START + 1)).await;
    assert!(server.store().get("any").await.is_err());
    assert_eq!(
        details(&reader),
        ("Adapter(DataStore):Recognized".to_owned(), Some(START))
    );

    server.restart();
    // Redis comes back empty. The specs changed in between, and the client stores them without
    // another change.
    until(async || details(&reader).1 == Some(START + 1)).await;
    let (evaluations, wrong, longest) = evaluating.end();
    println!("{evaluations} evaluations during the outage, the longest took {longest:?}");
    assert!(evaluations > 1_000);
    assert_eq!(wrong, 0);
    for statsig in [writer, reader] {
        statsig.shutdown().await.expect("a shutdown");
    }
}

#[tokio::test]
async fn specs_and_id_lists_that_the_server_lost_are_stored_again() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let local = local(specs::id_list_gate(START, "a_list").to_string()).await;
    local.set_id_list("a_list", ["a-user"]);
    local.set_id_list("of_nobody", [""; 0]);
    let store = server.store().with_id_lists(true);
    let options = local_options()
        .specs_url(local.specs_url())
        .id_lists_url(local.id_lists_url())
        .specs_sync_interval(INTERVAL)
        .id_lists_sync_interval(INTERVAL)
        .disable_all_logging(true)
        .enable_id_lists(true)
        .data_store(Arc::new(store));
    let writer = Statsig::new(KEY, options.build().expect("valid options"));
    writer.initialize().await.expect("specs and lists");
    let store = server.store();
    let keys = [
        "/v2/download_config_specs",
        "/v1/get_id_lists",
        "id_list::a_list",
        "id_list::of_nobody",
    ]
    .map(|path| specs_key().replace("/v2/download_config_specs", path));
    let are_stored = async || {
        for key in &keys {
            if store.get(key).await.expect("an answer").result.is_none() {
                return false;
            }
        }
        true
    };
    for _ in 0..2 {
        until(are_stored).await;
        server.command(&["FLUSHALL"]).await;
    }
    // Redis evicts one value.
    until(are_stored).await;
    server.command(&["DEL", &keys[2]]).await;
    until(are_stored).await;
    writer.shutdown().await.expect("a shutdown");
}

/// A thread that evaluates without pause.
struct Evaluating {
    is_over: Arc<AtomicBool>,
    longest_ns: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<(u64, u64)>,
}

impl Evaluating {
    fn start(statsig: &Statsig) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let longest_ns = Arc::new(AtomicU64::new(0));
        let (statsig, stop, longest) = (statsig.clone(), is_over.clone(), longest_ns.clone());
        let thread = std::thread::spawn(move || {
            let (mut evaluations, mut wrong) = (0, 0);
            while !stop.load(Ordering::Relaxed) {
                let start = tokio::time::Instant::now();
                wrong += u64::from(!is_on(&statsig));
                evaluations += 1;
                let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
                longest.fetch_max(took, Ordering::Relaxed);
            }
            (evaluations, wrong)
        });
        Self {
            is_over,
            longest_ns,
            thread,
        }
    }

    /// The number of evaluations, the number of wrong ones, and the duration of the longest.
    fn end(self) -> (u64, u64, Duration) {
        self.is_over.store(true, Ordering::Relaxed);
        let (evaluations, wrong) = self.thread.join().expect("no panic");
        let longest = Duration::from_nanos(self.longest_ns.load(Ordering::Relaxed));
        (evaluations, wrong, longest)
    }
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_an_error_and_specs_stay() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let local = local(specs_at(START, true)).await;
    let _writer = writer(&local, server.store()).await;
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;

    server.command(&["DEL", &specs_key()]).await;
    // The data of a forward proxy under such keys.
    server
        .command(&["HSET", &specs_key(), "config", "{}"])
        .await;
    let error = server.store().get(&specs_key()).await.expect_err("no text");
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    let _ = reader.refresh().await;
    assert!(is_on(&reader));

    // A write replaces it.
    local
        .set_specs_json(specs_at(START + 1, false))
        .expect("valid specs");
    until(async || !is_on(&reader)).await;
}

#[tokio::test]
async fn nine_megabytes_of_specs_pass_through() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let mut large = specs_at(START, true);
    large.push_str(&" ".repeat(9 * 1024 * 1024));
    let local = local(large).await;
    let writer = writer(&local, server.store()).await;
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;
    assert_eq!(details(&reader).1, Some(START));
    writer.shutdown().await.expect("a shutdown");
}

#[tokio::test]
async fn with_two_writers_readers_never_go_back() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (old, new) = (
        local(specs_at(START, true)).await,
        local(specs_at(START, true)).await,
    );
    let writers = [
        writer(&old, server.store()).await,
        writer(&new, server.store()).await,
    ];
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;
    let mut highest = START;
    for step in 1..=3 {
        // One writer is a step ahead of the other, and both write.
        new.set_specs_json(specs_at(START + 2 * step, true))
            .expect("valid specs");
        old.set_specs_json(specs_at(START + 2 * step - 1, true))
            .expect("valid specs");
        let seen = std::cell::Cell::new(highest);
        until(async || {
            let lcut = details(&reader).1.expect("specs");
            assert!(lcut >= seen.get(), "from {} back to {lcut}", seen.get());
            seen.set(lcut);
            lcut >= START + 2 * step - 1
        })
        .await;
        highest = seen.get();
    }
    for statsig in writers {
        statsig.shutdown().await.expect("a shutdown");
    }
    assert!(is_on(&reader));
}
