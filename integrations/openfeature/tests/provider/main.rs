//! The provider, used through a client of OpenFeature.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod context;
mod flags;
mod overrides;
mod stores;
mod structs;
mod support;
