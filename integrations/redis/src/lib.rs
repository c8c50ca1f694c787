#![doc = include_str!("../README.md")]

mod connection;
mod store;

pub use store::RedisDataStore;

/// The target of the `tracing` events: the same as for everything else about syncing.
const SYNC: &str = "statsig::sync";
