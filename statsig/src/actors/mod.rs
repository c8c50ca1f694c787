//! The actors: the owners of all mutable state. [`Handle`] is the only access to them.
//!
//! ```text
//! Supervisor ─┬─ SpecSync     when and where from: interval, retries, fallback
//!             ├─ IdListSync   the same for ID lists, if they are enabled
//!             ├─ Evaluation   compiles payloads, publishes snapshots
//!             └─ Exposure     drains the queue, has batches sealed and posted
//! ```
//!
//! The supervisor starts the others, again after a crash, and ends them in order. Messages do not
//! pass through it: the address of each actor stands in [`Tree`](tree::Tree), and the supervisor
//! replaces it at a restart. A message that needs an answer carries a oneshot sender. If that is
//! dropped, the actor crashed, and its successor gets the message ([`Live::ask`](live::Live::ask)).
//!
//! State that must survive a crash is in [`Shared`](crate::shared::Shared) or the tree.

mod abort_on_drop;
mod actor;
mod drops;
mod evaluation;
mod exposure;
mod handle;
mod id_list_sync;
mod initialization;
mod live;
mod messages;
mod observed;
mod posting;
mod reporting;
mod restart;
mod schemas;
mod sealing;
mod spec_sync;
mod spooling;
mod supervisor;
mod tasks;
mod tree;

#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::actor::Disturbance;
pub(crate) use self::handle::{Handle, SHUTDOWN_LIMIT, start};
#[cfg(any(test, feature = "testing"))]
pub use self::messages::ActorName;
