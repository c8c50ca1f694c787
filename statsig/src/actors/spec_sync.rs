//! The spec sync actor: decides when to fetch specs and from where.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::time::Instant;
use tracing::Instrument;

use super::answer::Answer;
#[cfg(any(test, feature = "testing"))]
use super::disturbance::Disturbance;
use super::evaluation::Assignment;
use super::supervisor::SupervisorMsg;
use super::timer::{AbortOnDrop, cast_after};
use super::tree::Tree;
use crate::error::SpecsError;
use crate::observability::facts::{Fact, SyncEnded};
use crate::sources::schedule::{RETRY_BACKOFF, Trigger};
use crate::sources::{FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
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
/// At most `4 + MAX_CALLERS` wait: one `Tick`, as its timer is armed again only after the work; one `Changed`, as its watcher is
/// started again only when it was handled; one `Fetched`, as one fetch runs at a time; one `Applied`, its consequence; and a
/// `Refresh` for each caller that may wait.
#[derive(Debug)]
pub(super) enum SpecSyncMsg {
    /// The interval passed.
    Tick,
    /// The adapter has something new.
    Changed,
    Fetched(Box<Result<SpecsPayload, FetchError>>),
    /// The evaluation actor is done with what was fetched.
    Applied {
        fingerprint: u64,
        outcome: Result<(), SyncError>,
    },
    Refresh(RpcReplyPort<Result<(), SyncError>>),
    #[cfg(any(test, feature = "testing"))]
    Disturb(Disturbance),
}

pub(super) struct SpecSyncActor;

pub(super) struct State {
    tree: Arc<Tree>,
    supervisor: ActorRef<SupervisorMsg>,
    phase: Phase,
    /// The next tick; while specs are being applied, the limit of that.
    timer: Option<AbortOnDrop>,
    watcher: Option<AbortOnDrop>,
    /// The adapter had something new while a fetch was under way.
    fetch_again: bool,
    failures_in_row: u32,
    /// About the round that is under way, or the last one.
    started: Instant,
    is_initial: bool,
    got_payload: bool,
    /// The fingerprint of the payload that was applied last: the same bytes again are no news, whatever they say.
    applied: Option<u64>,
    fingerprints: RandomState,
    /// Callers that wait for the sync that is under way.
    waiting: Vec<RpcReplyPort<Result<(), SyncError>>>,
}

enum Phase {
    Idle,
    Fetching { round: Round, _task: AbortOnDrop },
    Applying { round: Round, fingerprint: u64 },
}

/// One round of syncing: why it runs, and whom it asked last.
#[derive(Debug, Clone, Copy)]
struct Round {
    trigger: Trigger,
    from_fallback: bool,
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
            watcher: None,
            fetch_again: false,
            failures_in_row: 0,
            started: Instant::now(),
            is_initial: false,
            got_payload: false,
            applied: None,
            fingerprints: RandomState::default(),
            waiting: Vec::new(),
        };
        state.watch_adapter(&me);
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
                Phase::Idle if state.tree.is_first_sync_over() => {
                    state.start(&me, Trigger::Background);
                }
                Phase::Idle => state.start(&me, Trigger::Initial),
                Phase::Applying { round, .. } => {
                    state.attempt_failed(&me, round, SyncError::NotApplied)
                }
                Phase::Fetching { .. } => {}
            },
            SpecSyncMsg::Changed => {
                state.watch_adapter(&me);
                if matches!(state.phase, Phase::Idle) {
                    state.start(&me, Trigger::Background);
                } else {
                    state.fetch_again = true;
                }
            }
            SpecSyncMsg::Refresh(reply) => {
                state.waiting.retain(|caller| !caller.is_closed());
                state.waiting.push(reply);
                if matches!(state.phase, Phase::Idle) {
                    state.start(&me, Trigger::Manual);
                }
            }
            SpecSyncMsg::Fetched(result) => {
                if let Phase::Fetching { round, .. } = state.phase {
                    match *result {
                        Ok(payload) => state.hand_over(&me, round, payload),
                        Err(error) => state.attempt_failed(&me, round, error.into()),
                    }
                }
            }
            SpecSyncMsg::Applied {
                fingerprint: of,
                outcome,
            } => {
                // Otherwise it came too late, or a predecessor of this actor fetched it.
                if let Phase::Applying { round, fingerprint } = state.phase
                    && fingerprint == of
                {
                    match outcome {
                        Ok(()) => {
                            state.applied = Some(fingerprint);
                            state.end(&me, Ok(()));
                        }
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
    fn start(&mut self, me: &ActorRef<SpecSyncMsg>, trigger: Trigger) {
        self.timer = None;
        self.fetch_again = false;
        self.started = Instant::now();
        self.is_initial = trigger == Trigger::Initial;
        self.got_payload = false;
        let round = Round {
            trigger,
            from_fallback: false,
        };
        let specs = Arc::clone(&self.tree.specs);
        self.fetch(me, round, specs);
    }

    fn fetch(&mut self, me: &ActorRef<SpecSyncMsg>, round: Round, from: Arc<dyn SpecsAdapter>) {
        let options = &self.tree.shared.options;
        if options.disable_network && from.uses_network() {
            self.end(me, Err(FetchError::NetworkDisabled.into()));
            return;
        }
        let snapshot = self.tree.shared.snapshot.load();
        let request = SpecsRequest {
            since_time: snapshot.specs.time,
            checksum: snapshot.specs.checksum.clone(),
            limit: round.trigger.limit(options.init_timeout),
            max_bytes: options.max_specs_bytes,
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

    fn hand_over(&mut self, me: &ActorRef<SpecSyncMsg>, round: Round, payload: SpecsPayload) {
        self.got_payload = true;
        let fingerprint = self.fingerprints.hash_one(&payload.body);
        if self.applied == Some(fingerprint) {
            self.end(me, Ok(()));
            return;
        }
        self.phase = Phase::Applying { round, fingerprint };
        self.timer = Some(cast_after(me, APPLY_LIMIT, SpecSyncMsg::Tick));
        let source = payload
            .source
            .clone()
            .unwrap_or_else(|| self.tree.specs.source());
        self.tell_supervisor(Assignment::Apply {
            payload,
            source,
            fingerprint,
        });
    }

    /// Asks the fallback, if it is its turn; otherwise the sync has failed.
    fn attempt_failed(&mut self, me: &ActorRef<SpecSyncMsg>, round: Round, error: SyncError) {
        self.timer = None;
        let is_asked =
            !round.from_fallback && round.trigger.asks_fallback(self.failures_in_row + 1);
        match self.tree.fallback.clone().filter(|_| is_asked) {
            Some(fallback) => {
                tracing::debug!(target: targets::SYNC, %error, "specs sync failed, asking the fallback");
                let round = Round {
                    from_fallback: true,
                    ..round
                };
                self.fetch(me, round, fallback);
            }
            None => self.end(me, Err(error)),
        }
    }

    /// Ends the sync: answers whoever waits for it and arranges the next one.
    fn end(&mut self, me: &ActorRef<SpecSyncMsg>, outcome: Result<(), SyncError>) {
        self.phase = Phase::Idle;
        self.note_end(&outcome);
        match &outcome {
            Ok(()) => {
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
                // Once for each series of failures: the service may be away for hours.
                if self.failures_in_row == 1 && *error != FetchError::NetworkDisabled.into() {
                    tracing::warn!(
                        target: targets::SYNC,
                        %error,
                        "specs sync failed, the specs in use stay in use"
                    );
                }
                if !self.tree.is_first_sync_over() {
                    let reason = error.to_string();
                    self.tell_supervisor(Assignment::NoValues { reason });
                }
            }
        }
        for caller in self.waiting.drain(..) {
            // Refused only when the caller has stopped waiting.
            let _ = caller.send(outcome.clone());
        }
        let pause = if self.fetch_again {
            Some(Duration::ZERO)
        } else {
            self.pause_until_next()
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
            source: self.tree.specs.source(),
            network_success: self.got_payload,
            error: error.map(ToString::to_string),
        }));
    }

    fn pause_until_next(&self) -> Option<Duration> {
        let options = &self.tree.shared.options;
        let is_silent = options.disable_network && self.tree.specs.uses_network();
        (self.tree.specs.is_polled() && !is_silent).then_some(options.specs_sync_interval)
    }

    fn watch_adapter(&mut self, me: &ActorRef<SpecSyncMsg>) {
        let changed = Arc::clone(&self.tree.changed);
        let me = me.clone();
        let task = tokio::spawn(async move {
            changed.notified().await;
            // Refused only when this actor is gone; its successor asks the adapter anyway.
            let _ = me.cast(SpecSyncMsg::Changed);
        });
        self.watcher = Some(AbortOnDrop::new(&task));
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
) -> Result<SpecsPayload, FetchError> {
    let limit = request.limit;
    let mut failures = 0;
    loop {
        let error = match tokio::time::timeout(limit, from.fetch(request)).await {
            Ok(Ok(payload)) => return Ok(payload),
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
