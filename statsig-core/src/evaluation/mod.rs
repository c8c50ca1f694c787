//! Evaluation: `(specs, user, now) -> Evaluation`, pure and total.
//!
//! The evaluation uses no clock, no I/O and no log. It cannot fail, and its recursion and time are
//! bounded. It sends its events to a `Trace`. Without a trace, the events compile to nothing.

mod bandit;
mod basis;
pub(crate) mod bucket;
pub(crate) mod condition;
mod context;
pub(crate) mod evaluate;
pub mod explain;
mod fields;
mod forced;
mod known_gates;
pub(crate) mod layer;
pub mod memo;
mod named;
pub(crate) mod operators;
mod overridden;
mod param_store;
mod redirect;
pub(crate) mod result;
mod selected;
mod series;
#[cfg(test)]
mod tests;
pub(crate) mod trace;

pub use basis::Basis;
pub use context::EvaluationContext;
pub use evaluate::Evaluator;
pub use forced::{REQUEST_OVERRIDE, over};
pub use named::NamedEvaluation;
pub use overridden::evaluate_unknown;
pub use param_store::{OpenedStore, open_store, open_unforced_store};
pub use result::{Aside, Evaluation, Forced, LookedUp, NestedGate, Outcome, ParametersRef};
pub use series::Series;
