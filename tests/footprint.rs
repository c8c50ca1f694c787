//! The cost of idle clients, and of many clients that start at once.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::alloc::System;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use statsig::Statsig;
use statsig_local::LocalStatsig;
use statsig_tests::{local_options, specs};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Serialises the tests: the counts are of the whole process.
static TURN: Mutex<()> = Mutex::new(());

const CLIENTS: usize = 150;
/// A client with default options takes less than this when it is created.
const MAX_BYTES: usize = 32 * 1024;

#[test]
fn making_a_client_allocates_nothing_of_size() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // The first client also causes the costs that a process has once.
    drop(Statsig::new("secret-key", None));
    let region = Region::new(ALLOCATOR);
    let statsig = Statsig::new("secret-key", None);
    let allocated = region.change().bytes_allocated;
    assert!(allocated < MAX_BYTES, "{allocated} bytes");
    drop(statsig);
}

#[cfg(target_os = "linux")]
#[test]
fn many_clients_start_together_without_a_thread_each() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    runtime.block_on(async {
        let json = specs::at(1, true).to_string();
        let server = LocalStatsig::builder().specs_json(json).start().await;
        let server = server.unwrap();
        let before = threads();
        let started: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let options = local_options()
                    .specs_url(server.specs_url())
                    .log_event_url(server.log_event_url())
                    // Even a busy machine does not reach this limit.
                    .init_timeout(Duration::from_secs(120))
                    .build()
                    .unwrap();
                let statsig = Statsig::new(&format!("secret-{number}"), options);
                tokio::spawn(async move {
                    statsig.initialize().await.unwrap();
                    statsig
                })
            })
            .collect();
        let mut clients = Vec::new();
        for client in started {
            clients.push(client.await.unwrap());
        }
        // Threads for blocking work live for ten seconds after their work.
        let more = threads().saturating_sub(before);
        assert!(more < CLIENTS / 2, "{more} more threads");
        for client in clients {
            assert!(client.is_initialized());
            client.shutdown().await.unwrap();
        }
        server.shutdown().await;
    });
}
