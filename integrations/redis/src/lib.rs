#![doc = include_str!("../README.md")]

mod connection;
mod store;

pub use store::RedisDataStore;

/// The target of the `tracing` events. All events about syncing have it.
const SYNC: &str = "statsig::sync";
