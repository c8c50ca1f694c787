//! Specs from a Statsig forward proxy that streams them over gRPC.

mod adapter;
mod connection;
mod messages;
mod progress;
mod proxy;
#[cfg(test)]
mod tests;

pub(crate) use adapter::GrpcSpecs;
pub use proxy::GrpcForwardProxy;
