#![doc = include_str!("../README.md")]

mod adapter;
mod address;
mod backoff;
mod connection;
mod factory;
mod messages;
mod progress;
mod proxy;
#[cfg(test)]
mod tests;

pub use proxy::GrpcForwardProxy;

/// The target of the `tracing` events: the same as for everything else about syncing.
const SYNC: &str = "statsig::sync";
