//! The engine behind the Statsig SDK `statsig-actors`: users, specs from bytes to their compiled form,
//! evaluation, explanations and client initialize responses.
//!
//! Applications use the SDK, which re-exports the types that they need. This crate has no runtime, no
//! network, no clock and no logger, and it is exempt from semantic versioning.

#![allow(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

// The derives name `::statsig`, also in this crate's own tests.
#[cfg(test)]
extern crate self as statsig;

pub mod catalog;
pub mod client_init;
pub mod country;
pub mod decision;
pub mod error;
pub mod evaluation;
pub mod hash;
pub mod identity;
pub mod mask;
pub mod notice;
pub mod overrides;
pub mod persistent;
pub mod results;
pub mod specs;
pub mod text;
pub mod typed;
pub mod user;
pub mod value;
