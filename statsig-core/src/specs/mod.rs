//! Specs: from bytes to the compiled, immutable form that evaluation reads.
//!
//! [`parse`] reads the wire [`model`] out of a payload, [`compile`] turns it into [`compiled::CompiledSpecs`] with what it can
//! take over from the previous ones, and a
//! [`snapshot::Snapshot`] publishes that together with everything else that evaluation needs besides a user.

pub mod compile;
mod compile_cmab;
pub mod compile_condition;
mod compile_param_store;
pub mod compiled;
pub mod condition;
pub mod describe;
pub mod for_clients;
pub mod id_list;
mod left_out;
pub mod lenient;
pub mod model;
pub mod order;
pub mod origins;
pub mod parse;
#[cfg(feature = "proto")]
pub mod proto;
pub mod rendered;
pub mod servings;
pub mod settings;
mod skim;
pub mod snapshot;
pub mod symbols;
mod traits;
