//! The spec sync actor: decides when to fetch specs and from where.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use foldhash::fast::RandomState;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::time::Instant;
use tracing::Instrument;

use super::answer::Answer;
#[cfg(any(test, feature = "testing"))]
use super::disturbance::Disturbance;
use super::evaluation::{Applied, Assignment};
use super::supervisor::SupervisorMsg;
use super::timer::{AbortOnDrop, cast_after};
use super::tree::Tree;
use crate::error::SpecsError;
use crate::observability::facts::{Fact, SyncEnded};
use crate::results::SpecsSource;
use crate::sources::chain::Turn;
use crate::sources::schedule::{RETRY_BACKOFF, Refusals, Trigger};
use crate::sources::{BackgroundSync, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use crate::targets;

/// If specs are not applied by then, the sync counts as failed.
const APPLY_LIMIT: Duration = Duration::from_secs(60);

/// Why a sync failed. What was in use stays in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
/// At most `3 + MAX_CALLERS` wait, and one `Changed` for each source: one `Tick`, as its timer is armed again only after the
/// work; a source's watcher is started again only when its `Changed` was handled; one `Fetched`, as one fetch runs at a time;
/// one `Applied`, its consequence; and a `Refresh` for each caller that may wait.
#[derive(Debug)]
pub(super) enum SpecSyncMsg {
    /// The interval passed.
    Tick,
    /// The source with this index has something new.
    Changed(usize),
    Fetched(Box<Result<Fetched, FetchError>>),
    /// The evaluation actor is done with what was fetched.
    Applied {
        fingerprint: u64,
        outcome: Result<Applied, SyncError>,
    },
    Refresh(RpcReplyPort<Result<(), SyncError>>),
    #[cfg(any(test, feature = "testing"))]
    Disturb(Disturbance),
}

/// A payload, and where it came from.
#[derive(Debug)]
pub(super) struct Fetched {
    payload: SpecsPayload,
    source: SpecsSource,
}

pub(super) struct SpecSyncActor;

pub(super) struct State {
    tree: Arc<Tree>,
    supervisor: ActorRef<SupervisorMsg>,
    phase: Phase,
    /// The next tick; while specs are being applied, the limit of that.
    timer: Option<AbortOnDrop>,
    /// One for each source that may have something new.
    watchers: Vec<AbortOnDrop>,
    /// The sources that had something new while a round was under way.
    changed: BTreeSet<usize>,
    /// For the log.
    failures_in_row: u32,
    /// How often the source that keeps the specs fresh has refused, in a row.
    refusals: Refusals,
    /// What it said last.
    refusal: Option<FetchError>,
    /// The time of older specs that a warning told of: once for each series.
    older: Option<u64>,
    /// Background rounds in which the source failed, whatever came of its fallback.
    background_failures: u32,
    /// What went wrong in the round that is under way.
    problems: Vec<String>,
    /// About the round that is under way, or the last one.
    started: Instant,
    is_initial: bool,
    /// Whom it asked last.
    asked: SpecsSource,
    got_payload: bool,
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
    Fetching {
        round: Round,
        _task: AbortOnDrop,
    },
    Applying {
        round: Round,
        fingerprint: u64,
        /// What to write to the data store if it is new.
        to_store: Option<Bytes>,
    },
}

/// One round of syncing: why it runs, and whose turn it is.
#[derive(Debug, Clone, Copy)]
struct Round {
    trigger: Trigger,
    turn: Turn,
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
            timer: None,
            watchers: Vec::new(),
            changed: BTreeSet::new(),
            failures_in_row: 0,
            refusals: Refusals::default(),
            refusal: None,
            older: None,
            background_failures: 0,
            problems: Vec::new(),
            started: Instant::now(),
            is_initial: false,
            asked: SpecsSource::default(),
            got_payload: false,
            is_background_set_going: false,
            applied: None,
            fingerprints: RandomState::default(),
            waiting: Vec::new(),
        };
        let sources = 0..state.tree.changes.len();
        state.watchers = sources.map(|source| state.watch(&me, source)).collect();
        state.timer = Some(cast_after(&me, Duration::ZERO, SpecSyncMsg::Tick));
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
                Phase::Applying { round, .. } => {
                    state.attempt_failed(&me, round, SyncError::NotApplied)
                }
                Phase::Fetching { .. } => {}
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
                if matches!(state.phase, Phase::Idle) {
                    if state.tree.is_first_sync_over() {
                        let turn = state.tree.specs.first_turn(Trigger::Manual);
                        state.start(&me, Trigger::Manual, turn);
                    } else {
                        state.start_what_is_due(&me);
                    }
                }
            }
            SpecSyncMsg::Fetched(result) => {
                if let Phase::Fetching { round, .. } = state.phase {
                    match *result {
                        Ok(fetched) => state.hand_over(&me, round, fetched),
                        Err(error) => state.attempt_failed(&me, round, error.into()),
                    }
                }
            }
            SpecSyncMsg::Applied {
                fingerprint: of,
                outcome,
            } => {
                // Otherwise it came too late, or a predecessor of this actor fetched it.
                if matches!(state.phase, Phase::Applying { fingerprint, .. } if fingerprint == of)
                    && let Phase::Applying {
                        round, to_store, ..
                    } = std::mem::replace(&mut state.phase, Phase::Idle)
                {
                    match outcome {
                        Ok(applied) => state.applied(&me, round, of, applied, to_store),
                        Err(error) => state.attempt_failed(&me, round, error),
                    }
                }
            }
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
        self.problems.clear();
        self.started = Instant::now();
        self.is_initial = trigger == Trigger::Initial;
        self.got_payload = false;
        if let Some(turn) = turn {
            self.fetch(me, Round { trigger, turn });
        }
    }

    fn fetch(&mut self, me: &ActorRef<SpecSyncMsg>, round: Round) {
        let options = &self.tree.shared.options;
        let Some(from) = self.tree.specs.adapter(round.turn).cloned() else {
            return;
        };
        self.asked = from.source();
        self.is_background_set_going |= self.tree.specs.is_background(round.turn);
        if options.disable_network && from.uses_network() {
            self.attempt_failed(me, round, FetchError::NetworkDisabled.into());
            return;
        }
        if let Some(refusal) = self.refusal_in_force(round) {
            self.next_attempt(me, round, refusal.into());
            return;
        }
        let snapshot = self.tree.shared.snapshot.load();
        let request = SpecsRequest {
            since_time: snapshot.ordering_time(self.tree.shared.clock.now_ms()),
            checksum: snapshot.specs.checksum.clone(),
            limit: (round.trigger).limit(options.init_timeout, options.specs_request_timeout),
            max_bytes: options.max_specs_bytes,
            is_background: round.trigger == Trigger::Background,
        };
        let after_panic = SpecSyncMsg::Fetched(Box::new(Err(FetchError::Abandoned)));
        let answer = Answer::new(me, after_panic);
        let attempts = round.trigger.attempts();
        let span =
            tracing::debug_span!(target: targets::SYNC, "fetch_specs", trigger = ?round.trigger);
        let fetching = async move {
            let result = try_to_fetch(&*from, &request, attempts).await;
            answer.give(SpecSyncMsg::Fetched(Box::new(result)));
        };
        let task = tokio::spawn(fetching.instrument(span));
        self.phase = Phase::Fetching {
            round,
            _task: AbortOnDrop::new(&task),
        };
    }

    fn hand_over(&mut self, me: &ActorRef<SpecSyncMsg>, round: Round, fetched: Fetched) {
        let Fetched { payload, source } = fetched;
        self.got_payload = true;
        if self.tree.specs.is_background(round.turn) {
            self.refusals.passed();
        }
        let fingerprint = self.fingerprints.hash_one(&payload.body);
        if self.applied == Some(fingerprint) {
            self.end(me, Ok(()));
            return;
        }
        let is_for_store = source == SpecsSource::Network && !payload.deltas_used;
        let to_store =
            (is_for_store && self.tree.data_store.is_some()).then(|| payload.body.clone());
        self.phase = Phase::Applying {
            round,
            fingerprint,
            to_store,
        };
        self.timer = Some(cast_after(me, APPLY_LIMIT, SpecSyncMsg::Tick));
        self.tell_supervisor(Assignment::Apply {
            payload,
            source,
            fingerprint,
        });
    }

    fn applied(
        &mut self,
        me: &ActorRef<SpecSyncMsg>,
        round: Round,
        fingerprint: u64,
        applied: Applied,
        to_store: Option<Bytes>,
    ) {
        let snapshot = self.tree.shared.snapshot.load_full();
        let is_empty_handed = applied == Applied::Unchanged && snapshot.specs.time == 0;
        if is_empty_handed && round.turn.has_more() {
            self.attempt_failed(me, round, SpecsError::NothingLoaded.into());
            return;
        }
        if let Applied::Older { found } = applied {
            self.found_older(me, round, found, snapshot.specs.time);
            return;
        }
        self.older = None;
        self.applied = Some(fingerprint);
        if let (Applied::New, Some(store), Some(json)) = (applied, &self.tree.data_store, to_store)
        {
            store.write_specs(json, snapshot.received_at.unwrap_or_default());
        }
        self.end(me, Ok(()));
    }

    /// Older specs than those in use are no failure while nobody waits: caches lag behind. Whoever asked for the newest is told.
    fn found_older(&mut self, me: &ActorRef<SpecSyncMsg>, round: Round, found: u64, in_use: u64) {
        let error = SpecsError::Older { in_use, found };
        if round.trigger == Trigger::Manual || !self.waiting.is_empty() {
            self.attempt_failed(me, round, error.into());
            return;
        }
        if self.older.replace(found).is_none() {
            tracing::warn!(target: targets::SYNC, source = %self.asked, %error, "the specs in use stay in use");
        }
        self.end(me, Ok(()));
    }

    /// Asks the next in turn, if there is one; otherwise the sync has failed.
    fn attempt_failed(&mut self, me: &ActorRef<SpecSyncMsg>, round: Round, error: SyncError) {
        self.note_refusal(round, &error);
        self.next_attempt(me, round, error);
    }

    fn next_attempt(&mut self, me: &ActorRef<SpecSyncMsg>, round: Round, error: SyncError) {
        self.timer = None;
        if round.trigger == Trigger::Background && !round.turn.is_fallback() {
            self.background_failures = self.background_failures.wrapping_add(1);
        }
        let asks_fallback = round.trigger.asks_fallback(self.background_failures);
        match self.tree.specs.turn_after(round.turn, asks_fallback) {
            Some(turn) => {
                tracing::debug!(target: targets::SYNC, %error, "specs sync failed, asking the next source");
                self.note_problem(&error);
                self.fetch(me, Round { turn, ..round });
            }
            None => self.end(me, Err(error)),
        }
    }

    /// A source that refuses is asked less often, whatever comes of its fallback.
    fn note_refusal(&mut self, round: Round, error: &SyncError) {
        if !self.tree.specs.is_background(round.turn) {
            return;
        }
        let is_scheduled = round.trigger != Trigger::Manual;
        match error {
            SyncError::Fetch(error) if error.is_refusal() => {
                let (retry_after, now) = (error.retry_after(), Instant::now());
                if is_scheduled {
                    let interval = self.tree.shared.options.specs_sync_interval;
                    let random = fastrand::f64();
                    self.refusals.refused(retry_after, interval, now, random);
                } else {
                    self.refusals.keep_quiet(retry_after, now);
                }
                self.refusal = Some(error.clone());
            }
            _ if is_scheduled => self.refusals.passed(),
            _ => {}
        }
    }

    /// Why the source that keeps the specs fresh is not asked now, if it is to be left alone and its fallback takes its turn.
    /// Without a fallback the timer waits, and what comes earlier is news of the source itself.
    fn refusal_in_force(&self, round: Round) -> Option<FetchError> {
        let is_due = round.trigger != Trigger::Background
            || !self.tree.specs.is_background(round.turn)
            || !self.tree.specs.has_background_fallback()
            || !self.refusals.is_quiet(Instant::now());
        if is_due { None } else { self.refusal.clone() }
    }

    /// That the network is disabled is no problem: an option says so.
    fn note_problem(&mut self, error: &SyncError) {
        if *error != FetchError::NetworkDisabled.into() {
            self.problems.push(error.to_string());
        }
    }

    /// Ends the sync: answers whoever waits for it and arranges the next one.
    fn end(&mut self, me: &ActorRef<SpecSyncMsg>, outcome: Result<(), SyncError>) {
        self.phase = Phase::Idle;
        self.note_end(&outcome);
        match &outcome {
            Ok(()) => {
                // Specs that were published have ended it already, perhaps otherwise.
                if !self.tree.is_first_sync_over() {
                    self.tree.end_first_sync(Ok(()));
                }
                if self.failures_in_row > 0 {
                    tracing::info!(
                        target: targets::SYNC,
                        failures = self.failures_in_row,
                        "specs sync works again"
                    );
                }
                self.failures_in_row = 0;
            }
            Err(error) => {
                self.failures_in_row = self.failures_in_row.saturating_add(1);
                self.note_problem(error);
                let problem = (!self.problems.is_empty()).then(|| self.problems.join("; then: "));
                // Once for each series of failures: the service may be away for hours.
                if self.failures_in_row == 1
                    && let Some(problem) = &problem
                {
                    if self.tree.shared.snapshot.load().specs.time == 0 {
                        tracing::warn!(target: targets::SYNC, problem, "specs sync failed, and there are no specs yet: evaluations serve fallbacks until one succeeds");
                    } else {
                        tracing::warn!(target: targets::SYNC, problem, "specs sync failed, the specs in use stay in use");
                    }
                }
                if !self.tree.is_first_sync_over() {
                    self.tell_supervisor(Assignment::NoValues { reason: problem });
                }
            }
        }
        for caller in self.waiting.drain(..) {
            // Refused only when the caller has stopped waiting.
            let _ = caller.send(outcome.clone());
        }
        let pause = if self.changed.is_empty() {
            self.pause_until_next()
        } else {
            Some(Duration::ZERO)
        };
        self.timer = pause.map(|pause| cast_after(me, pause, SpecSyncMsg::Tick));
    }

    fn note_end(&self, outcome: &Result<(), SyncError>) {
        let error = outcome.as_ref().err();
        if error.is_some_and(|error| *error == FetchError::NetworkDisabled.into()) {
            return;
        }
        let shared = &self.tree.shared;
        shared.note(Fact::SyncEnded(SyncEnded {
            at_ms: shared.clock.now_ms(),
            is_initial: self.is_initial,
            duration: self.started.elapsed(),
            source: self.asked.clone(),
            network_success: self.got_payload,
            error: error.map(ToString::to_string),
        }));
    }

    fn pause_until_next(&self) -> Option<Duration> {
        let options = &self.tree.shared.options;
        let background = self.tree.specs.background()?;
        let is_silent = options.disable_network && background.uses_network();
        match background.background_sync() {
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

/// Asks up to `attempts` times, with pauses in between.
async fn try_to_fetch(
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
