//! Evaluation: `(specs, user, now) -> Evaluation`, pure and total.
//!
//! No clock, no I/O, no logging; it cannot fail and cannot recurse or run without bound. What it decides on the way is told
//! to a [`trace::Trace`], which compiles away when nobody looks.

mod bandit;
pub(crate) mod bucket;
pub(crate) mod condition;
pub(crate) mod evaluate;
pub(crate) mod explain;
mod fields;
mod known_gates;
pub(crate) mod layer;
pub(crate) mod memo;
pub(crate) mod operators;
mod overridden;
mod ranking;
mod redirect;
pub(crate) mod result;
mod selected;
mod series;
#[cfg(test)]
mod tests;
pub(crate) mod trace;

pub(crate) use evaluate::{Evaluator, Kind, Scope};
pub(crate) use overridden::evaluate_unknown;
pub(crate) use result::{Evaluation, LookedUp, NestedGate, Outcome, ParametersRef};
pub(crate) use series::Series;
