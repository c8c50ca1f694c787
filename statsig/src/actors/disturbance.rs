//! The names of the actors and, for tests, what can be done to them.

#[cfg(any(test, feature = "testing"))]
use std::time::Duration;

/// One of a client's actors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(
    not(any(test, feature = "testing")),
    allow(unreachable_pub, dead_code, reason = "exported for tests")
)]
pub enum ActorName {
    /// Owns the others.
    Supervisor,
    /// Fetches specs.
    SpecSync,
    /// Fetches ID lists, if they are enabled.
    IdListSync,
    /// Compiles and publishes specs.
    Evaluation,
    /// Sends events.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disturbance {
    /// It fails, as after a bug.
    Crash,
    /// It handles no messages for this long.
    Pause(Duration),
}

#[cfg(any(test, feature = "testing"))]
impl Disturbance {
    /// An error ends the actor.
    pub(super) async fn happen(self) -> Result<(), &'static str> {
        match self {
            Self::Crash => Err("crashed on request"),
            Self::Pause(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
        }
    }
}
