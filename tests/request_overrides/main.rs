//! Overrides of one request: forced values that only one pinned handle reads, without exposures.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod isolation;
mod reads;
mod support;
mod surroundings;
