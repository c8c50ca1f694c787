#![doc = include_str!("../README.md")]

mod adapter;
mod connection;
mod factory;
mod messages;
mod progress;
mod proxy;
#[cfg(test)]
mod tests;

pub use proxy::GrpcForwardProxy;

/// The target of the `tracing` events. All events about syncing have it.
const SYNC: &str = "statsig::sync";
