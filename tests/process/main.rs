//! Clients, processes and runtimes: forks, runtimes that end, starts that fail, and many clients in
//! one process.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[cfg(unix)]
mod forks;
mod log;
mod panics;
mod runtimes;
mod starting;

use std::sync::Arc;

use statsig::testing::ScriptedTransport;
use statsig::{EventStats, StatsigOptionsBuilder};
use statsig_tests::{local_options, specs};

const KEY: &str = "secret-process";

/// A network in memory that serves the gate `on`, which everybody passes.
fn network() -> Arc<ScriptedTransport> {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::at(1, true).to_string());
    network
}

fn options(network: &Arc<ScriptedTransport>) -> StatsigOptionsBuilder {
    local_options()
        .transport(network.clone())
        .disable_diagnostics(true)
}

fn assert_balanced(stats: &EventStats) {
    assert_eq!(
        stats.enqueued + stats.recovered,
        stats.delivered
            + stats.sampled_out
            + stats.dropped.total()
            + stats.spooled
            + stats.left_on_disk
            + stats.pending,
        "{stats:?}"
    );
}

/// The events that were dropped for this reason.
fn dropped(stats: &EventStats, reason: &str) -> u64 {
    serde_json::to_value(stats).unwrap()["dropped"][reason]
        .as_u64()
        .unwrap_or_default()
}
