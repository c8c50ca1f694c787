//! Shared code of several test suites.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say what they found"
)]

use statsig::{StatsigOptions, StatsigOptionsBuilder};

mod binary;
pub mod client_init;
pub mod clock;
pub mod conformance;
pub mod json;
pub mod specs;
pub mod tally;

/// Options for tests with sockets. Every default address is on this machine, and no server listens
/// there, so that no request leaves the machine. Tests set the addresses of their own servers.
pub fn local_options() -> StatsigOptionsBuilder {
    StatsigOptions::builder()
        .specs_url("http://127.0.0.1:1/v2/download_config_specs")
        .id_lists_url("http://127.0.0.1:1/v1/get_id_lists")
        .log_event_url("http://127.0.0.1:1/v1/log_event")
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
