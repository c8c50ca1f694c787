//! Tools for tests: a client without actors, simulated time, a scripted transport.

#[doc(hidden)]
pub mod internals;
mod offline;

pub use crate::client::{Inspected, InspectedGate, InspectedKind};
pub use offline::OfflineClient;

use crate::client::Statsig;
use crate::user::StatsigUser;

/// What an evaluation knows and the public results do not show. Logs nothing.
#[must_use]
pub fn inspect(
    statsig: &Statsig,
    kind: InspectedKind,
    user: &StatsigUser,
    name: &str,
) -> Inspected {
    statsig.inspect(kind, user, name)
}
