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
#[path = "../certificates/mod.rs"]
mod certificates;
mod losses;
#[path = "../redis_server/mod.rs"]
mod redis_server;
mod sharing;
mod values;

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
    // There may be no specs yet. A later read returns them.
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
