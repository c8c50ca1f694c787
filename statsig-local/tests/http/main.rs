//! Tests of the server over loopback.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may panic as tests do"
)]

mod client;
mod connections;
mod events;
mod faults;
mod forward_proxy;
mod hosts;
mod id_lists;
mod pages;
mod specs;
