//! For tests: what can be done to an actor.

use std::time::Duration;

use ractor::ActorProcessingErr;

/// One of a client's actors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
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

/// What can be done to an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disturbance {
    /// It fails, as after a bug.
    Crash,
    /// It handles no messages for this long.
    Pause(Duration),
}

impl Disturbance {
    pub(super) async fn happen(self) -> Result<(), ActorProcessingErr> {
        match self {
            Self::Crash => Err("crashed on request".into()),
            Self::Pause(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
        }
    }
}
