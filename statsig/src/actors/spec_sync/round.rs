//! The sources that are asked within one round of syncing specs.

use std::collections::VecDeque;

use crate::actors::abort_on_drop::AbortOnDrop;
use crate::actors::messages::Fetched;
use crate::sources::chain::Turn;
use crate::sources::schedule::{RETRY_BACKOFF, Trigger};
use crate::sources::{FetchError, SpecsAdapter, SpecsRequest};

/// One round: why it runs, which source is next, and which sources have not answered yet.
///
/// A slow source stays in the round when the next one is asked: the first good specs end the round.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) trigger: Trigger,
    /// The last turn that was taken.
    pub(super) turn: Turn,
    /// The source whose payload was passed on last.
    pub(super) used: Option<Turn>,
    under_way: Vec<Ask>,
    /// Payloads that came while another one was being applied; they wait until that is refused.
    pub(super) arrived: VecDeque<(Turn, Fetched)>,
}

#[derive(Debug)]
struct Ask {
    id: u64,
    turn: Turn,
    _task: AbortOnDrop,
}

impl Round {
    pub(super) fn new(trigger: Trigger, turn: Turn) -> Self {
        Self {
            trigger,
            turn,
            used: None,
            under_way: Vec::new(),
            arrived: VecDeque::new(),
        }
    }

    /// The source whose turn it is was asked, by this task.
    pub(super) fn asked(&mut self, id: u64, task: AbortOnDrop) {
        self.under_way.push(Ask {
            id,
            turn: self.turn,
            _task: task,
        });
    }

    /// The task with this ID ended. Whose turn it was; `None` if it belongs to another round.
    pub(super) fn answered(&mut self, id: u64) -> Option<Turn> {
        let place = self.under_way.iter().position(|ask| ask.id == id)?;
        Some(self.under_way.swap_remove(place).turn)
    }

    /// Whether a source has not answered yet.
    pub(super) fn is_awaited(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Whether the source whose turn it is has not answered yet.
    pub(super) fn is_turn_awaited(&self) -> bool {
        self.under_way.iter().any(|ask| ask.turn == self.turn)
    }

    /// Whether others may have specs if this one has none.
    pub(super) fn has_more(&self) -> bool {
        self.turn.has_more() || self.is_awaited() || !self.arrived.is_empty()
    }

    /// Whether another source was faster than one that is meant: that has not answered, or its
    /// payload was not used.
    pub(super) fn overtook(&self, is_meant: impl Fn(Turn) -> bool) -> bool {
        let unanswered = self.under_way.iter().map(|ask| ask.turn);
        let unused = self.arrived.iter().map(|(turn, _)| *turn);
        let is_own = |turn: Turn| self.used.is_some_and(|used| used.is_of_same_link(turn));
        unanswered
            .chain(unused)
            .any(|turn| is_meant(turn) && !is_own(turn))
    }
}

/// Asks up to `attempts` times, with pauses in between.
pub(super) async fn try_to_fetch(
    from: &dyn SpecsAdapter,
    request: &SpecsRequest,
    attempts: u32,
) -> Result<Fetched, FetchError> {
    let limit = request.limit;
    let mut failures = 0;
    loop {
        let error = match tokio::time::timeout(limit, from.fetch(request)).await {
            Ok(Ok(payload)) => {
                let source = payload.source.clone().unwrap_or_else(|| from.source());
                return Ok(Fetched { payload, source });
            }
            Ok(Err(error)) => error,
            Err(_) => FetchError::TimedOut { limit },
        };
        failures += 1;
        if failures >= attempts || !error.is_worth_retrying() {
            return Err(error);
        }
        tokio::time::sleep(RETRY_BACKOFF.pause(failures, fastrand::f64())).await;
    }
}
