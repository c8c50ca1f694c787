//! The spec sync actor: decides when to fetch specs and from where.

mod asking;
mod log;
mod rounds;

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use foldhash::fast::RandomState;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::time::Instant;

use self::asking::{Fetched, Round};
use self::log::SyncLog;
#[cfg(any(test, feature = "testing"))]
use super::disturbance::Disturbance;
use super::evaluation::{Applied, Assignment};
use super::supervisor::SupervisorMsg;
use super::timer::{AbortOnDrop, cast_after};
use super::tree::Tree;
use crate::error::SpecsError;
use crate::sources::chain::Turn;
use crate::sources::schedule::{Refusals, Trigger};
use crate::sources::{BackgroundSync, FetchError};

/// If specs are not applied by then, the sync counts as failed.
const APPLY_LIMIT: Duration = Duration::from_secs(60);

/// Why a sync failed. What was in use stays in use.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum SyncError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Specs(#[from] SpecsError),
    #[error("the specs were not applied within {} s", APPLY_LIMIT.as_secs())]
    NotApplied,
    #[error("an internal task ended early")]
    Interrupted,
}

/// What the spec sync actor is told.
///
/// At most `4 + MAX_CALLERS` wait, and a `Changed` and a `Fetched` for each source: one `Tick`, as its timer is armed again only
/// after the work; a source's watcher is started again only when its `Changed` was handled; a source is asked once in a round
/// (twice across a round's end); one `Applied`; one `CheckStore`; and a `Refresh` for each caller that may wait.
#[derive(Debug)]
pub(super) enum SpecSyncMsg {
    /// The interval passed; in a round, the time that a source has alone, or the limit of applying.
    Tick,
    /// The source with this index has something new.
    Changed(usize),
    Fetched {
        /// Tells the tasks that ask apart.
        ask: u64,
        result: Box<Result<Fetched, FetchError>>,
    },
    /// The evaluation actor is done with what was fetched.
    Applied {
        fingerprint: u64,
        outcome: Result<Applied, SyncError>,
    },
    Refresh(RpcReplyPort<Result<(), SyncError>>),
    /// It is time to see whether the data store has what it is to hold.
    CheckStore,
    #[cfg(any(test, feature = "testing"))]
    Disturb(Disturbance),
}

pub(super) struct SpecSyncActor;

pub(super) struct State {
    tree: Arc<Tree>,
    supervisor: ActorRef<SupervisorMsg>,
    phase: Phase,
    /// `None` when idle.
    round: Option<Round>,
    /// How often a source was asked.
    asks: u64,
    /// See [`SpecSyncMsg::Tick`].
    timer: Option<AbortOnDrop>,
    /// The next check of the data store.
    store_timer: Option<AbortOnDrop>,
    /// One for each source that may have something new.
    watchers: Vec<AbortOnDrop>,
    /// The sources that had something new while a round was under way.
    changed: BTreeSet<usize>,
    log: SyncLog,
    /// How often the source that keeps the specs fresh has refused, in a row.
    refusals: Refusals,
    /// What it said last.
    refusal: Option<FetchError>,
    /// Background rounds in which the source failed, whatever came of its fallback.
    background_failures: u32,
    /// Whether the source that keeps the specs fresh was ever asked.
    is_background_set_going: bool,
    /// The fingerprint of the payload that was applied last: the same bytes again are no news, whatever they say.
    applied: Option<u64>,
    fingerprints: RandomState,
    /// Callers that wait for the sync that is under way.
    waiting: Vec<RpcReplyPort<Result<(), SyncError>>>,
}

enum Phase {
    Idle,
    Fetching,
    Applying {
        /// Whose payload it is.
        turn: Turn,
        fingerprint: u64,
    },
}

impl Actor for SpecSyncActor {
    type Msg = SpecSyncMsg;
    type State = State;
    type Arguments = (Arc<Tree>, ActorRef<SupervisorMsg>);

    async fn pre_start(
        &self,
        me: ActorRef<SpecSyncMsg>,
        (tree, supervisor): Self::Arguments,
    ) -> Result<State, ActorProcessingErr> {
        let mut state = State {
            tree,
            supervisor,
            phase: Phase::Idle,
            round: None,
            asks: 0,
            timer: None,
            store_timer: None,
            watchers: Vec::new(),
            changed: BTreeSet::new(),
            log: SyncLog::new(),
            refusals: Refusals::default(),
            refusal: None,
            background_failures: 0,
            is_background_set_going: false,
            applied: None,
            fingerprints: RandomState::default(),
            waiting: Vec::new(),
        };
        let sources = 0..state.tree.changes.len();
        state.watchers = sources.map(|source| state.watch(&me, source)).collect();
        state.timer = Some(cast_after(&me, Duration::ZERO, SpecSyncMsg::Tick));
        state.check_store(&me);
        Ok(state)
    }

    async fn handle(
        &self,
        me: ActorRef<SpecSyncMsg>,
        message: SpecSyncMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SpecSyncMsg::Tick => match state.phase {
                Phase::Idle => state.start_what_is_due(&me),
                Phase::Applying { turn, .. } => {
                    state.attempt_failed(&me, turn, SyncError::NotApplied)
                }
                Phase::Fetching => state.ask_next_too(&me),
            },
            SpecSyncMsg::Changed(source) => {
                let watcher = state.watch(&me, source);
                if let Some(place) = state.watchers.get_mut(source) {
                    *place = watcher;
                }
                state.changed.insert(source);
                if matches!(state.phase, Phase::Idle) {
                    state.start_what_is_due(&me);
                }
            }
            SpecSyncMsg::Refresh(reply) => {
                state.waiting.retain(|caller| !caller.is_closed());
                state.waiting.push(reply);
                state.check_store(&me);
                if matches!(state.phase, Phase::Idle) {
                    if state.tree.is_first_sync_over() {
                        let turn = state.tree.specs.first_turn(Trigger::Manual);
                        state.start(&me, Trigger::Manual, turn);
                    } else {
                        state.start_what_is_due(&me);
                    }
                }
            }
            SpecSyncMsg::Fetched { ask, result } => {
                let round = state.round.as_mut();
                if let Some(turn) = round.and_then(|round| round.answered(ask)) {
                    state.answered(&me, turn, *result);
                }
            }
            SpecSyncMsg::Applied {
                fingerprint: of,
                outcome,
            } => {
                // Otherwise it came too late, or a predecessor of this actor fetched it.
                if matches!(state.phase, Phase::Applying { fingerprint, .. } if fingerprint == of)
                    && let Phase::Applying { turn, .. } =
                        std::mem::replace(&mut state.phase, Phase::Fetching)
                {
                    match outcome {
                        Ok(applied) => state.applied(&me, turn, of, applied),
                        Err(error) => state.attempt_failed(&me, turn, error),
                    }
                }
            }
            SpecSyncMsg::CheckStore => state.check_store(&me),
            #[cfg(any(test, feature = "testing"))]
            SpecSyncMsg::Disturb(disturbance) => disturbance.happen().await?,
        }
        Ok(())
    }
}

impl State {
    /// Starts the first round of all, or one for a source with something new, or the regular one.
    fn start_what_is_due(&mut self, me: &ActorRef<SpecSyncMsg>) {
        let chain = &self.tree.specs;
        let (trigger, turn) = if !self.tree.is_first_sync_over() {
            (Trigger::Initial, chain.first_turn(Trigger::Initial))
        } else if let Some(source) = self.changed.pop_first() {
            (Trigger::Background, Some(chain.turn_of(source)))
        } else {
            (Trigger::Background, chain.first_turn(Trigger::Background))
        };
        self.start(me, trigger, turn);
    }

    fn start(&mut self, me: &ActorRef<SpecSyncMsg>, trigger: Trigger, turn: Option<Turn>) {
        self.timer = None;
        self.log.begins(trigger);
        if let Some(turn) = turn {
            self.round = Some(Round::new(trigger, turn));
            self.ask(me, turn);
        }
    }

    /// Ends the sync: answers whoever waits for it and arranges the next one.
    fn end(&mut self, me: &ActorRef<SpecSyncMsg>, outcome: Result<(), SyncError>) {
        self.phase = Phase::Idle;
        let round = self.round.take();
        let problem = self.log.ends(&self.tree.shared, &outcome);
        if !self.tree.is_first_sync_over() {
            match &outcome {
                // Specs that were published have ended it already, perhaps otherwise.
                Ok(()) => self.tree.end_first_sync(Ok(())),
                Err(_) => self.tell_supervisor(Assignment::NoValues { reason: problem }),
            }
        }
        for caller in self.waiting.drain(..) {
            // Refused only when the caller has stopped waiting.
            let _ = caller.send(outcome.clone());
        }
        // Another source was faster than the one that keeps the specs fresh, which may have newer ones.
        let is_overtaken = outcome.is_ok()
            && round
                .is_some_and(|round| round.overtook(|turn| self.tree.specs.is_background(turn)));
        let pause = if self.changed.is_empty() {
            self.pause_until_next(is_overtaken)
        } else {
            Some(Duration::ZERO)
        };
        self.timer = pause.map(|pause| cast_after(me, pause, SpecSyncMsg::Tick));
    }

    fn pause_until_next(&self, is_overtaken: bool) -> Option<Duration> {
        let options = &self.tree.shared.options;
        let background = self.tree.specs.background()?;
        let is_silent = options.disable_network && background.uses_network();
        match background.background_sync() {
            BackgroundSync::Polled if is_overtaken => Some(Duration::ZERO),
            BackgroundSync::Polled if !is_silent => {
                let interval = options.specs_sync_interval;
                // A fallback takes its turn while the source itself is left alone.
                Some(if self.tree.specs.has_background_fallback() {
                    interval
                } else {
                    self.refusals.pause(interval, Instant::now())
                })
            }
            BackgroundSync::Pushed if !is_silent && !self.is_background_set_going => {
                Some(Duration::ZERO)
            }
            _ => None,
        }
    }

    /// Has the data store checked, now and at every interval.
    fn check_store(&mut self, me: &ActorRef<SpecSyncMsg>) {
        if let Some(store) = &self.tree.data_store {
            store.check_specs();
            let interval = self.tree.shared.options.specs_sync_interval;
            self.store_timer = Some(cast_after(me, interval, SpecSyncMsg::CheckStore));
        }
    }

    fn watch(&self, me: &ActorRef<SpecSyncMsg>, source: usize) -> AbortOnDrop {
        let changed = self.tree.changes.get(source).and_then(Weak::upgrade);
        let me = me.clone();
        let task = tokio::spawn(async move {
            if let Some(changed) = changed {
                changed.notified().await;
                // Refused only when this actor is gone; its successor asks the source anyway.
                let _ = me.cast(SpecSyncMsg::Changed(source));
            }
        });
        AbortOnDrop::new(&task)
    }

    fn tell_supervisor(&self, assignment: Assignment) {
        // Refused only when the supervisor is gone, and everything ends.
        let _ = self
            .supervisor
            .cast(SupervisorMsg::ForEvaluation(assignment));
    }
}
