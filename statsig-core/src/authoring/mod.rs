//! Describes a Statsig project, and writes its specs as the service would.
//!
//! Tests describe a project with a builder. The ID of a rule is its name, and salts come from
//! names, so the same project always gives the same specs and the same users in each group.
//!
//! ```
//! use statsig_core::authoring::{Specs, custom};
//!
//! let specs = Specs::new()
//!     .gate("free_shipping", |g| {
//!         g.rule("premium").when(custom("plan").any(["gold"])).pass(100)
//!             .rule("half").everyone().pass(50)
//!     })
//!     .layer("promo", |l| l.default("title", "Welcome").default("discount", 0.0))
//!     .experiment("title_test", |e| {
//!         e.layer("promo")
//!             .group("Control", |g| g.value("title", "Welcome"))
//!             .group("Deep cut", |g| g.value("title", "Everything must go"))
//!     });
//!
//! let json = specs.to_json()?; // what `/v2/download_config_specs` would answer
//! # assert!(json.contains("Everything must go"));
//! # Ok::<(), statsig_core::authoring::InvalidSpecs>(())
//! ```
//!
//! The model is plain data: every field can be read, and a change of it is checked when the specs
//! are written. [`Specs::problems`] finds what the service would not accept.

mod check;
mod condition;
mod entity;
mod experiment;
mod layer;
mod problem;
mod rule;
mod specs;
mod store;
#[cfg(test)]
mod tests;
mod write;

pub use condition::{
    Condition, Operator, Subject, app_version, browser_name, bucket, country, current_time, custom,
    email, environment, everyone, experiment_group, fails_gate, in_id_list, in_segment, locale,
    not_in_id_list, not_in_segment, os_name, passes_gate, unit_id, user_id,
};
pub use entity::{AsConfig, AsGate, DynamicConfig, Entity, Gate, GateKind, WithDefaults};
pub use experiment::{AsExperiment, Experiment, Group, GroupOverride};
pub use layer::{AsLayer, Layer};
pub use problem::{InvalidSpecs, Known, Problem};
pub use rule::{Rule, Values};
pub use specs::Specs;
pub use store::{ParameterStore, StoreParameter, StoreTarget};
