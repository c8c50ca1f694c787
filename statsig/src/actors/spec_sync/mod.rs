//! The spec sync actor: decides when to fetch specs and from where.

mod log;
mod round;
mod steps;

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use foldhash::fast::RandomState;
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::log::SyncLog;
use self::round::Round;
use super::abort_on_drop::AbortOnDrop;
use super::actor::{Actor, Address, StartError};
use super::live::MAX_ATTEMPTS;
use super::messages::{APPLY_LIMIT, Applied, EvaluationMessage, SpecSyncMessage, SyncError};
use super::tree::Tree;
use crate::cause::Cause;
use crate::error::StatsigError;
use crate::sources::chain::Turn;
use crate::sources::schedule::{Refusals, Trigger};
use crate::sources::{BackgroundSync, FetchError};

pub(super) struct SpecSync {
    tree: Arc<Tree>,
    me: Address<SpecSyncMessage>,
    phase: Phase,
    /// `None` when idle.
    round: Option<Round>,
    /// How often a source was asked.
    asks: u64,
    /// See [`SpecSyncMessage::Tick`].
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
    /// Background rounds in which the source failed, even if its fallback succeeded.
    background_failures: u32,
    /// Whether the source that keeps the specs fresh was asked at least once.
    is_background_set_going: bool,
    /// The fingerprint of the payload that was applied last. The same bytes are not applied again.
    applied: Option<u64>,
    fingerprints: RandomState,
    /// Callers that wait for the sync that is under way.
    waiting: Vec<oneshot::Sender<Result<(), SyncError>>>,
    /// Publishes that the first sync failed.
    giving_up: Option<AbortOnDrop>,
}

enum Phase {
    Idle,
    Fetching,
    Applying {
        /// Whose payload it is.
        turn: Turn,
        fingerprint: u64,
        _task: AbortOnDrop,
    },
}

impl Actor for SpecSync {
    type Message = SpecSyncMessage;
    type Arguments = Arc<Tree>;

    async fn start(me: Address<SpecSyncMessage>, tree: Arc<Tree>) -> Result<Self, StartError> {
        let mut spec_sync = Self {
            timer: Some(me.cast_after(Duration::ZERO, SpecSyncMessage::Tick)),
            tree,
            me,
            phase: Phase::Idle,
            round: None,
            asks: 0,
            store_timer: None,
            watchers: Vec::new(),
            changed: BTreeSet::new(),
            log: SyncLog::default(),
            refusals: Refusals::default(),
            refusal: None,
            background_failures: 0,
            is_background_set_going: false,
            applied: None,
            fingerprints: RandomState::default(),
            waiting: Vec::new(),
            giving_up: None,
        };
        let sources = 0..spec_sync.tree.changes.len();
        spec_sync.watchers = sources.map(|source| spec_sync.watch(source)).collect();
        spec_sync.check_store();
        Ok(spec_sync)
    }

    async fn handle(&mut self, message: SpecSyncMessage) {
        match message {
            SpecSyncMessage::Tick => match self.phase {
                Phase::Idle => self.start_what_is_due(),
                Phase::Fetching => self.ask_next_too(),
                Phase::Applying { .. } => {}
            },
            SpecSyncMessage::Changed(source) => {
                let watcher = self.watch(source);
                if let Some(place) = self.watchers.get_mut(source) {
                    *place = watcher;
                }
                self.changed.insert(source);
                if matches!(self.phase, Phase::Idle) {
                    self.start_what_is_due();
                }
            }
            SpecSyncMessage::Refresh(reply) => {
                self.waiting.retain(|caller| !caller.is_closed());
                self.waiting.push(reply);
                self.check_store();
                if matches!(self.phase, Phase::Idle) {
                    if self.tree.initialization.specs.is_over() {
                        let turn = self.tree.specs.first_turn(Trigger::Manual);
                        self.start(Trigger::Manual, turn);
                    } else {
                        self.start_what_is_due();
                    }
                }
            }
            SpecSyncMessage::Fetched { ask, result } => {
                let round = self.round.as_mut();
                if let Some(turn) = round.and_then(|round| round.answered(ask)) {
                    self.answered(turn, *result);
                }
            }
            SpecSyncMessage::Applied(result) => {
                if let Phase::Applying {
                    turn, fingerprint, ..
                } = self.phase
                {
                    self.phase = Phase::Fetching;
                    match result {
                        Ok(applied) => self.applied(turn, fingerprint, applied),
                        Err(error) => self.attempt_failed(turn, error),
                    }
                }
            }
            SpecSyncMessage::CheckStore => self.check_store(),
        }
    }
}

impl SpecSync {
    /// Starts the first round of all, or one for a source with something new, or the regular one.
    fn start_what_is_due(&mut self) {
        let chain = &self.tree.specs;
        let (trigger, turn) = if !self.tree.initialization.specs.is_over() {
            (Trigger::Initial, chain.first_turn(Trigger::Initial))
        } else if let Some(source) = self.changed.pop_first() {
            (Trigger::Background, Some(chain.turn_of(source)))
        } else {
            (Trigger::Background, chain.first_turn(Trigger::Background))
        };
        self.start(trigger, turn);
    }

    fn start(&mut self, trigger: Trigger, turn: Option<Turn>) {
        self.timer = None;
        self.log.begins(trigger);
        if let Some(turn) = turn {
            self.round = Some(Round::new(trigger, turn));
            self.ask(turn);
        }
    }

    /// Ends the sync: answers all callers that wait for it, and arranges the next one.
    fn end(&mut self, outcome: Result<Applied, SyncError>) {
        self.phase = Phase::Idle;
        let round = self.round.take();
        let problem = self.log.ends(&self.tree.shared, outcome.as_ref().err());
        self.end_first_sync(&outcome, problem);
        for caller in self.waiting.drain(..) {
            // Refused only when the caller has stopped waiting.
            let _ = caller.send(outcome.as_ref().map(|_| ()).map_err(SyncError::clone));
        }
        // Another source was faster than the one that keeps the specs fresh, which may have newer
        // ones.
        let is_overtaken = outcome.is_ok()
            && round
                .is_some_and(|round| round.overtook(|turn| self.tree.specs.is_background(turn)));
        let pause = if self.changed.is_empty() {
            self.pause_until_next(is_overtaken)
        } else {
            Some(Duration::ZERO)
        };
        self.timer = pause.map(|pause| self.me.cast_after(pause, SpecSyncMessage::Tick));
    }

    /// Ends the first sync. Specs that are published later replace its failure.
    fn end_first_sync(&mut self, outcome: &Result<Applied, SyncError>, cause: Option<Cause>) {
        let initialization = &self.tree.initialization;
        match outcome {
            Ok(Applied::New { refusal }) => {
                initialization
                    .specs
                    .end(refusal.clone().map_or(Ok(()), Err));
            }
            _ if initialization.specs.is_over() => {}
            Ok(Applied::Unchanged | Applied::Older { .. }) => initialization.specs.end(Ok(())),
            Err(_) => {
                let tree = Arc::clone(&self.tree);
                // Without a problem, the options forbid to fetch.
                let failure = cause.map(|source| StatsigError::NoSpecs { source });
                self.giving_up = Some(AbortOnDrop::spawn(async move {
                    let message = EvaluationMessage::PublishNoValues;
                    let asking = tree.evaluation.ask(MAX_ATTEMPTS, APPLY_LIMIT, message);
                    // If it is not published, the start has failed all the same.
                    let _ = asking.await;
                    let specs = &tree.initialization.specs;
                    specs.end(failure.map_or(Ok(()), Err));
                }));
            }
        }
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
    fn check_store(&mut self) {
        if let Some(store) = &self.tree.data_store {
            store.check();
            let interval = self.tree.shared.options.specs_sync_interval;
            let message = SpecSyncMessage::CheckStore;
            self.store_timer = Some(self.me.cast_after(interval, message));
        }
    }

    fn watch(&self, source: usize) -> AbortOnDrop {
        let changed = self.tree.changes.get(source).and_then(Weak::upgrade);
        let me = self.me.clone();
        AbortOnDrop::spawn(async move {
            if let Some(changed) = changed {
                changed.notified().await;
                me.cast(SpecSyncMessage::Changed(source));
            }
        })
    }
}
