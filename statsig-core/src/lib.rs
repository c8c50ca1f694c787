//! The engine of the Statsig SDK `statsig-actors`: users, specs from bytes to their compiled form,
//! evaluation, explanations and client initialize responses.
//!
//! Applications use the SDK, which re-exports the types that they need. This crate has no runtime,
//! no network, no clock and no logger, and it is exempt from semantic versioning.
//!
//! ```
//! use std::sync::Arc;
//!
//! use statsig_core::authoring::Specs;
//! use statsig_core::country::Countries;
//! use statsig_core::entity_kind::EntityKind;
//! use statsig_core::evaluation::{EvaluationContext, Evaluator, NamedEvaluation};
//! use statsig_core::results::{Served, SpecsSource};
//! use statsig_core::specs::snapshot::{Loaded, Snapshot};
//! use statsig_core::user::StatsigUser;
//!
//! let specs = Specs::new().gate("a_gate", |g| g.everyone()).to_json()?;
//!
//! // Compile the bytes, and publish the compiled specs as a generation for evaluations.
//! let empty = Snapshot::uninitialized(None, Arc::default(), Countries::disabled());
//! let now_ms = 1_750_000_000_000;
//! let Loaded::New(compiled) = empty.load(specs.as_bytes(), now_ms)? else {
//!     panic!("expected new specs");
//! };
//! let snapshot = empty.with_specs(*compiled, SpecsSource::Bootstrap, None, now_ms);
//!
//! // An evaluation depends only on the snapshot, the user and the time.
//! let user = StatsigUser::with_user_id("a-user");
//! let entry = snapshot.specs.find("a_gate").expect("a gate of this name");
//! let context = EvaluationContext::of(&snapshot, now_ms, 0);
//! let evaluation = Evaluator::new(context, &user).evaluate(EntityKind::Gate, entry);
//! let named = NamedEvaluation {
//!     snapshot: &snapshot,
//!     name: "a_gate",
//!     entry: Some(entry),
//!     evaluation: &evaluation,
//! };
//! let gate = named.feature_gate(Served::default());
//! assert!(gate.value);
//! assert_eq!(gate.details.reason, "Bootstrap:Recognized");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

// The derive macros expand to `::statsig` paths, also in this crate's own tests.
#[cfg(test)]
extern crate self as statsig;

pub mod authoring;
mod catalog;
pub mod cause;
pub mod client_init;
pub mod country;
pub mod entity_kind;
pub mod error;
pub mod evaluation;
pub mod hash;
pub mod identity;
pub mod mask;
pub mod notice;
pub mod overrides;
pub mod persistent;
pub mod request_overrides;
pub mod results;
pub mod specs;
pub mod striped;
pub mod text;
pub mod typed;
pub mod user;
pub mod value;
