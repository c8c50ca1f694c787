//! Specs: from bytes to the compiled, immutable form that evaluation reads.
//!
//! [`parse`] reads the wire `model` from a payload. `compile` converts it to
//! [`compiled::CompiledSpecs`], and takes over unchanged parts of the previous specs. A
//! [`snapshot::Snapshot`] publishes the result, with all other inputs of evaluation except the
//! user.

pub(crate) mod compile;
pub mod compiled;
pub(crate) mod describe;
pub(crate) mod for_clients;
pub mod id_list;
pub mod lenient;
pub(crate) mod model;
pub mod order;
pub mod parse;
pub mod possible_values;
#[cfg(feature = "proto")]
pub mod proto;
pub mod settings;
mod skim;
pub mod snapshot;
pub mod symbols;
