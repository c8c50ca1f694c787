//! The names of the actors and, for tests, what can be done to them.

#[cfg(any(test, feature = "testing"))]
use std::fmt;

#[cfg(any(test, feature = "testing"))]
use crate::transport::BoxFuture;

/// One of a client's actors, each of which owns a part of the client's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(
    not(any(test, feature = "testing")),
    allow(unreachable_pub, dead_code, reason = "exported for tests")
)]
pub enum ActorName {
    /// Starts the others, restarts them after a crash, and ends them. Nothing restarts it: without
    /// it, reads continue with the specs in use, and all other calls return errors.
    Supervisor,
    /// Downloads specs, at each interval and in a refresh.
    SpecSync,
    /// Downloads ID lists, if they are enabled.
    IdListSync,
    /// Compiles and publishes specs.
    Evaluation,
    /// Batches and sends events.
    Exposure,
}

impl ActorName {
    /// For error reports.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::SpecSync => "spec sync",
            Self::IdListSync => "ID list sync",
            Self::Evaluation => "evaluation",
            Self::Exposure => "exposure",
        }
    }
}

/// What can be done to an actor.
#[cfg(any(test, feature = "testing"))]
pub(crate) enum Disturbance {
    /// It fails, as after a bug.
    Crash,
    /// It handles no messages until this ends.
    Busy(BoxFuture<'static, ()>),
}

#[cfg(any(test, feature = "testing"))]
impl Disturbance {
    /// An error ends the actor.
    pub(super) async fn happen(self) -> Result<(), &'static str> {
        match self {
            Self::Crash => Err("crashed on request"),
            Self::Busy(until) => {
                until.await;
                Ok(())
            }
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl fmt::Debug for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crash => "Crash",
            Self::Busy(_) => "Busy",
        })
    }
}
