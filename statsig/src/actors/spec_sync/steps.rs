//! The steps of a round: asks the sources in turn, and has their specs applied.

use std::hash::BuildHasher;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument;

use super::round::{Round, try_to_fetch};
use super::{Phase, SpecSync};
use crate::actors::live::{MAX_ATTEMPTS, Unanswered};
use crate::actors::messages::{
    APPLY_LIMIT, Applied, EvaluationMessage, Fetched, SpecSyncMessage, SyncError,
};
use crate::actors::tasks::cast_result;
use crate::error::SpecsError;
use crate::sources::chain::Turn;
use crate::sources::schedule::Trigger;
use crate::sources::{FetchError, SpecsRequest};
use crate::targets;

impl SpecSync {
    /// Asks the source whose turn it is.
    pub(super) fn ask(&mut self, turn: Turn) {
        let options = &self.tree.shared.options;
        let Some(round) = &mut self.round else {
            return;
        };
        let Some(from) = self.tree.specs.adapter(turn).cloned() else {
            // The factory of the only source made no adapter.
            self.end(Err(FetchError::Abandoned.into()));
            return;
        };
        let trigger = round.trigger;
        round.turn = turn;
        self.log.source = from.source();
        self.is_background_set_going |= self.tree.specs.is_background(turn);
        if options.disable_network && from.uses_network() {
            self.attempt_failed(turn, FetchError::NetworkDisabled.into());
            return;
        }
        if let Some(refusal) = self.refusal_in_force(trigger, turn) {
            self.next_attempt(turn, refusal.into());
            return;
        }
        let snapshot = self.tree.shared.published.load();
        let request = SpecsRequest {
            since_time: snapshot.ordering_time(self.tree.shared.clock.now_ms()),
            checksum: snapshot.specs.checksum.clone(),
            limit: trigger.limit(options.init_timeout, options.specs_request_timeout),
            max_bytes: options.max_specs_bytes,
            is_background: trigger == Trigger::Background,
        };
        self.asks = self.asks.wrapping_add(1);
        let ask = self.asks;
        let attempts = trigger.attempts();
        let span = tracing::debug_span!(target: targets::SYNC, "fetch_specs", ?trigger);
        let fetching = async move { try_to_fetch(&*from, &request, attempts).await };
        let task = cast_result(&self.me, fetching.instrument(span), move |result| {
            let result = Box::new(result.unwrap_or(Err(FetchError::Abandoned)));
            SpecSyncMessage::Fetched { ask, result }
        });
        if let Some(round) = &mut self.round {
            round.asked(ask, task);
        }
        self.wait();
    }

    /// Waits for the sources that were asked. If a caller waits too, the next source is asked as
    /// well when this one has had its time.
    fn wait(&mut self) {
        self.phase = Phase::Fetching;
        self.timer = None;
        let Some(round) = &self.round else {
            return;
        };
        let options = &self.tree.shared.options;
        let limit = (round.trigger).limit(options.init_timeout, options.specs_request_timeout);
        if round.trigger.shares_time() && self.next_turn().is_some() {
            let alone = self.tree.specs.time_alone(round.turn, limit);
            self.timer = Some(self.me.cast_after(alone, SpecSyncMessage::Tick));
        }
    }

    pub(super) fn ask_next_too(&mut self) {
        if let Some(turn) = self.next_turn() {
            tracing::debug!(target: targets::SYNC, "no specs yet, asking the next source too");
            self.ask(turn);
        }
    }

    /// Whose turn it is after the one that was taken last.
    fn next_turn(&self) -> Option<Turn> {
        let round = self.round.as_ref()?;
        let asks_fallback = round.trigger.asks_fallback(self.background_failures);
        self.tree.specs.turn_after(round.turn, asks_fallback)
    }

    pub(super) fn answered(&mut self, turn: Turn, result: Result<Fetched, FetchError>) {
        let is_applying = matches!(self.phase, Phase::Applying { .. });
        match (result, &mut self.round) {
            (Ok(fetched), Some(round)) if is_applying => round.arrived.push_back((turn, fetched)),
            (Ok(fetched), _) => self.hand_over(turn, fetched),
            (Err(error), _) if is_applying => {
                let error = error.into();
                self.note_refusal(turn, &error);
                self.log.notes(&error);
            }
            (Err(error), _) => self.attempt_failed(turn, error.into()),
        }
    }

    fn hand_over(&mut self, turn: Turn, fetched: Fetched) {
        if let Some(from) = self.tree.specs.adapter(turn) {
            self.log.source = from.source();
            self.log.has_payload = true;
        }
        if let Some(round) = &mut self.round {
            round.used = Some(turn);
        }
        if self.tree.specs.is_background(turn) {
            self.refusals.passed();
        }
        let fingerprint = self.fingerprints.hash_one(&fetched.payload.body);
        if self.applied == Some(fingerprint) {
            self.end(Ok(Applied::Unchanged));
            return;
        }
        let tree = Arc::clone(&self.tree);
        let applying = async move {
            let message = |reply| EvaluationMessage::Apply(fetched.clone(), reply);
            let asking = tree.evaluation.ask(MAX_ATTEMPTS, APPLY_LIMIT, message);
            asking.await.unwrap_or_else(|unanswered| match unanswered {
                Unanswered::TimedOut => Err(SyncError::NotApplied),
                Unanswered::Crashed => Err(SyncError::Interrupted),
            })
        };
        let task = cast_result(&self.me, applying, |result| {
            SpecSyncMessage::Applied(result.unwrap_or(Err(SyncError::Interrupted)))
        });
        self.timer = None;
        self.phase = Phase::Applying {
            turn,
            fingerprint,
            _task: task,
        };
    }

    pub(super) fn applied(&mut self, turn: Turn, fingerprint: u64, applied: Applied) {
        let in_use = self.tree.shared.published.load().specs.time;
        let is_empty_handed = matches!(applied, Applied::Unchanged) && in_use == 0;
        if is_empty_handed && self.round.as_ref().is_some_and(Round::has_more) {
            self.attempt_failed(turn, SpecsError::NothingLoaded.into());
            return;
        }
        if let Applied::Older { found } = applied {
            self.found_older(turn, in_use, found);
            return;
        }
        self.applied = Some(fingerprint);
        self.end(Ok(applied));
    }

    /// Caches can serve older specs than those in use. That is a failure only for a caller that
    /// asked for the newest.
    fn found_older(&mut self, turn: Turn, in_use: u64, found: u64) {
        let error = SpecsError::Older { in_use, found };
        let round = self.round.as_ref();
        let is_manual = round.is_some_and(|round| round.trigger == Trigger::Manual);
        if is_manual || !self.waiting.is_empty() {
            self.attempt_failed(turn, error.into());
        } else {
            self.log.found_older(&error);
            self.end(Ok(Applied::Older { found }));
        }
    }

    /// One source has failed.
    pub(super) fn attempt_failed(&mut self, turn: Turn, error: SyncError) {
        self.note_refusal(turn, &error);
        self.next_attempt(turn, error);
    }

    /// Applies what another source brought, asks the next one, or waits for those that were asked.
    /// If none is left, the sync has failed.
    fn next_attempt(&mut self, turn: Turn, error: SyncError) {
        let Some(round) = &mut self.round else {
            return;
        };
        if round.trigger == Trigger::Background && !turn.is_fallback() {
            self.background_failures = self.background_failures.wrapping_add(1);
        }
        let arrived = round.arrived.pop_front();
        let (is_turn_awaited, is_awaited) = (round.is_turn_awaited(), round.is_awaited());
        let next = self.next_turn().filter(|_| !is_turn_awaited);
        if arrived.is_none() && next.is_none() && !is_awaited {
            self.end(Err(error));
            return;
        }
        tracing::debug!(target: targets::SYNC, %error, "specs sync failed with one source, trying another");
        self.log.notes(&error);
        match (arrived, next) {
            (Some((turn, fetched)), _) => self.hand_over(turn, fetched),
            (None, Some(turn)) => self.ask(turn),
            (None, None) => self.wait(),
        }
    }

    /// Asks a source that refuses less often, even if its fallback succeeds.
    fn note_refusal(&mut self, turn: Turn, error: &SyncError) {
        if !self.tree.specs.is_background(turn) {
            return;
        }
        let round = self.round.as_ref();
        let is_scheduled = round.is_none_or(|round| round.trigger != Trigger::Manual);
        let (now, interval) = (Instant::now(), self.tree.shared.options.specs_sync_interval);
        let refusal = match error {
            SyncError::Fetch(error) if error.asks_for_pause() => Some(error),
            _ => None,
        };
        match refusal {
            Some(error) if is_scheduled => {
                (self.refusals).refused(error, interval, now, fastrand::f64());
            }
            Some(error) => self.refusals.keep_quiet(error.retry_after(), now),
            None if is_scheduled => self.refusals.passed(),
            None => {}
        }
        self.refusal = refusal.cloned().or(self.refusal.take());
    }

    /// Why the source that keeps the specs fresh is skipped now, so that its fallback takes its
    /// turn. Without a fallback the timer waits instead, and an earlier request follows a change
    /// signal.
    fn refusal_in_force(&self, trigger: Trigger, turn: Turn) -> Option<FetchError> {
        let is_due = trigger != Trigger::Background
            || !self.tree.specs.is_background(turn)
            || !self.tree.specs.has_background_fallback()
            || !self.refusals.is_quiet(Instant::now());
        if is_due { None } else { self.refusal.clone() }
    }
}
