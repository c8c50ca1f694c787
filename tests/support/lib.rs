//! What the tests of several suites share.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say what they found"
)]

pub mod client_init;
pub mod clock;
pub mod conformance;
pub mod json;
pub mod specs;
pub mod tally;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
