//! An axum service and a tower service with flags, called without sockets.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod cancelling;
mod extracting;
mod flush;
mod gate;
mod generations;
mod health;
mod layer;
mod overrides;
mod shutdown;
mod support;
