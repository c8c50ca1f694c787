//! The messages between actors. Actors know these messages and not each other.
//!
//! Mailboxes are unbounded, so each message type says how many can wait at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::counters::{EventStats, ShutdownReport};
use crate::error::{SpecsError, StatsigError};
use crate::results::SpecsSource;
use crate::sources::id_lists::{IdListsError, Synced};
use crate::sources::{FetchError, SpecsPayload};
use crate::specs::id_list::IdLists;
use crate::specs::snapshot::Loaded;
use crate::typed::SchemaReport;

/// Callers that may wait for a flush or a refresh at the same time. More wait for their turn.
pub(super) const MAX_CALLERS: usize = 64;
/// A sync fails if its specs are not applied by then.
pub(super) const APPLY_LIMIT: Duration = Duration::from_secs(60);

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

/// To the supervisor.
///
/// At most 7 wait: a `Restart` for each child, one `Shutdown` and its `ClosedDown`, and one more
/// `Shutdown` when the last handle is dropped.
#[derive(Debug)]
pub(super) enum SupervisorMessage {
    Restart(ActorName),
    Shutdown {
        limit: Duration,
        reply: oneshot::Sender<ShutdownReport>,
    },
    /// The exposure actor has sent everything, or the time for that is over.
    ClosedDown {
        timed_out: bool,
        reply: oneshot::Sender<ShutdownReport>,
    },
}

/// To the spec sync actor.
///
/// At most `4 + MAX_CALLERS` wait, and a `Changed` and a `Fetched` for each source: one `Tick`,
/// because its timer is armed again after the work; one `Applied`; one `CheckStore`; a source is
/// watched again when its `Changed` was handled, and is asked once in a round (twice across its
/// end).
#[derive(Debug)]
pub(super) enum SpecSyncMessage {
    /// The interval passed; in a round, the time that a source has alone.
    Tick,
    /// The source with this index has something new.
    Changed(usize),
    Fetched {
        /// Tells the tasks that fetch apart.
        ask: u64,
        result: Box<Result<Fetched, FetchError>>,
    },
    /// The evaluation actor is done with the specs that it was sent.
    Applied(Result<Applied, SyncError>),
    Refresh(oneshot::Sender<Result<(), SyncError>>),
    /// It is time to check whether the data store has the specs that it should have.
    CheckStore,
}

/// To the ID list sync actor.
///
/// At most two wait: one `Tick`, because its timer is armed again after the work, or one `Synced`,
/// because one sync runs at a time.
#[derive(Debug)]
pub(super) enum IdListSyncMessage {
    Tick,
    /// A sync ended. Its lists are published.
    Synced(Box<Result<Synced, IdListsError>>),
}

/// To the evaluation actor.
///
/// At most six wait: one of `Apply` and `PublishNoValues`, because the spec sync actor sends one at
/// a time, one `PublishIdLists` (two each after a sync that timed out or crashed); one `Compiled`,
/// because compilations run one at a time; and one `DropRetired`.
#[derive(Debug)]
pub(super) enum EvaluationMessage {
    /// Compile and publish specs. If the evaluation actor crashes, the reply is dropped.
    Apply(Fetched, ApplyReply),
    PublishIdLists(Arc<IdLists>, oneshot::Sender<()>),
    /// Publish that nothing could be loaded.
    PublishNoValues(oneshot::Sender<()>),
    /// A compilation ended.
    Compiled {
        fetched: Fetched,
        reply: ApplyReply,
        started_ms: u64,
        result: Box<Result<Compilation, SyncError>>,
    },
    /// Drop generations without readers.
    DropRetired,
}

/// To the exposure actor. Every message makes it look at the queue and the outbox.
///
/// At most `6 + MAX_CONCURRENT_POSTS + MAX_CALLERS` wait. Of `Look`: one from the timer, which is
/// armed again after the work; one from the queue at its high-water mark, which asks once until it
/// is drained (two across a drain); one each from sealing and from the spool, because one such job
/// runs at a time; one for each post that the options allow at once. Of the others: one
/// `CloseDown`, and a `Flush` for each caller that may wait.
#[derive(Debug)]
pub(super) enum ExposureMessage {
    Look,
    Flush {
        /// When the time for posts is over.
        cut_at: Option<Instant>,
        reply: oneshot::Sender<EventStats>,
    },
    /// Send everything that is left, then reply.
    CloseDown(oneshot::Sender<()>),
}

/// A payload, and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    pub(super) payload: SpecsPayload,
    pub(super) source: SpecsSource,
}

pub(super) type ApplyReply = oneshot::Sender<Result<Applied, SyncError>>;

/// How specs were applied.
#[derive(Debug)]
pub(super) enum Applied {
    /// They were published.
    New {
        /// Why the options forbid a start with them.
        refusal: Option<StatsigError>,
    },
    /// They are the ones in use, or say that there is nothing new.
    Unchanged,
    /// They are older than those in use, which stay.
    Older { found: u64 },
}

/// What was loaded, and the check of parameter structs, if there was one.
pub(super) type Compilation = (Loaded, Option<Vec<SchemaReport>>);

/// Why a sync failed. The specs in use stay in use.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum SyncError {
    #[error("{0}")]
    Fetch(#[from] FetchError),
    #[error("{0}")]
    Specs(#[from] SpecsError),
    #[error("the specs were not applied within {} s", APPLY_LIMIT.as_secs())]
    NotApplied,
    #[error("an internal task ended early")]
    Interrupted,
}
