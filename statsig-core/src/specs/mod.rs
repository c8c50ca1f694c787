//! Specs: from bytes to the compiled, immutable form that evaluation reads.
//!
//! [`parse`] reads the wire [`model`] out of a payload, [`compile`] turns it into [`compiled::CompiledSpecs`] with what it can
//! take over from the previous ones, and a
//! [`snapshot::Snapshot`] publishes that together with everything else that evaluation needs besides a user.

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
