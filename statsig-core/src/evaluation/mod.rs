//! Evaluation: `(specs, user, now) -> Evaluation`, pure and total.
//!
//! No clock, no I/O, no logging; it cannot fail and cannot recurse or run without bound. What it decides on the way is told
//! to a [`trace::Trace`], which compiles away when nobody looks.

mod bandit;
pub(crate) mod bucket;
pub(crate) mod condition;
mod context;
pub(crate) mod evaluate;
pub mod explain;
mod fields;
mod known_gates;
pub(crate) mod layer;
pub mod memo;
mod named;
pub(crate) mod operators;
mod overridden;
mod param_store;
mod ranking;
mod redirect;
pub(crate) mod result;
mod selected;
mod series;
#[cfg(test)]
mod tests;
pub(crate) mod trace;

pub use context::EvaluationContext;
pub use evaluate::Evaluator;
pub use named::NamedEvaluation;
pub use overridden::evaluate_unknown;
pub use param_store::{OpenedStore, open_store};
pub use result::{Evaluation, LookedUp, NestedGate, Outcome, ParametersRef};
pub use series::Series;
