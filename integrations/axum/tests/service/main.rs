//! An axum service and a tower service with flags, called without sockets.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod extracting;
mod gate;
mod layer;
mod support;
