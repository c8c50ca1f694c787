//! Keeps specs in a data store: what could not be written, and what the store has lost, is written again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use serde::Deserialize;
use tokio::time::timeout;

use super::session::{StoreSession, WRITE_LIMIT, lock, not_written};
use super::{DataStoreError, DataStoreFeature};
use crate::sources::FetchError;
use crate::specs::order::ordering_time;
use crate::targets;

/// The specs that a data store is to hold, with what is known of it. Outlives a session, so that nothing is forgotten when a client
/// starts again.
#[derive(Debug, Default)]
pub(crate) struct KeptSpecs {
    specs: Option<Kept>,
    /// Counts what was to be kept, so that a task sees whether that was superseded meanwhile.
    version: u64,
    /// Whether the last write failed, so that each series of failures is told once.
    has_failed: bool,
}

#[derive(Debug, Clone)]
struct Kept {
    version: u64,
    json: Bytes,
    received_at: u64,
    state: State,
    /// Whether they are written again when the store loses them.
    is_guarded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be written.
    Pending,
    /// Written; not found there yet. What a store never shows cannot be lost.
    Written,
    /// The store held these, or others of this length that are no older.
    Stored { bytes: usize },
}

impl KeptSpecs {
    fn keep(&mut self, json: Bytes, received_at: u64, state: State, is_guarded: bool) {
        self.version = self.version.wrapping_add(1);
        self.specs = Some(Kept {
            version: self.version,
            json,
            received_at,
            state,
            is_guarded,
        });
    }

    /// What this version came to, unless others took its place.
    fn settle(&mut self, version: u64, state: State) {
        let Some(kept) = self.specs.as_mut().filter(|kept| kept.version == version) else {
            return;
        };
        kept.state = state;
        if state == State::Written && !kept.is_guarded {
            // The JSON may be large.
            self.specs = None;
        }
    }

    /// A write of this version ended. Whether the one before had failed.
    fn written(&mut self, version: u64, is_ok: bool) -> bool {
        if is_ok {
            self.settle(version, State::Written);
        }
        std::mem::replace(&mut self.has_failed, !is_ok)
    }

    fn is_pending(&self) -> bool {
        (self.specs.as_ref()).is_some_and(|kept| kept.state == State::Pending)
    }
}

impl StoreSession {
    /// Has specs that came over the network written, by a task, as often as it takes. Those that wait are superseded. With `is_guarded`
    /// they are written again when the store loses them.
    pub(crate) fn write_specs(self: &Arc<Self>, json: Bytes, received_at: u64, is_guarded: bool) {
        if self.store().supports_feature(DataStoreFeature::ConfigSpecs) {
            lock(&self.kept).keep(json, received_at, State::Pending, is_guarded);
            self.check_specs();
        }
    }

    /// These specs are in use, and the store has them: they are written again when it loses them.
    pub(crate) fn guard_specs(&self, json: Bytes, received_at: u64) {
        let bytes = json.len();
        lock(&self.kept).keep(json, received_at, State::Stored { bytes }, true);
    }

    /// Others are in use, which are not for the store: what it held is not written again. What waits to be written is newer than that.
    pub(crate) fn guard_nothing(&self) {
        let mut kept = lock(&self.kept);
        if !kept.is_pending() {
            kept.specs = None;
        }
    }

    /// Has a task write what waits, or see whether the store still has what it had. Waits for nothing.
    pub(crate) fn check_specs(self: &Arc<Self>) {
        if lock(&self.kept).specs.is_none() {
            return;
        }
        // One that waits for its turn will see whatever is to be kept by then.
        if !self.is_check_waiting.swap(true, Ordering::AcqRel) {
            let session = Arc::clone(self);
            self.spawn(async move {
                let _turn = session.writing.lock().await;
                session.is_check_waiting.store(false, Ordering::Release);
                session.hold().await;
            });
        }
    }

    /// Has what waits written before the session is closed.
    pub(super) fn write_the_rest(self: &Arc<Self>) {
        if lock(&self.kept).is_pending() {
            self.check_specs();
        }
    }

    /// Says what is lost when the session is closed.
    pub(super) fn tell_the_rest(&self) {
        if lock(&self.kept).is_pending() {
            tracing::warn!(target: targets::SYNC, "the newest specs are not in the data store: every write failed until the shutdown");
        }
    }

    async fn hold(&self) {
        let kept = lock(&self.kept).specs.clone();
        let Some(kept) = kept else {
            return;
        };
        let version = kept.version;
        if kept.state != State::Pending {
            if self.look_again(&kept).await != State::Pending {
                return;
            }
            tracing::info!(target: targets::SYNC, "the data store lost the specs, writing them again");
        }
        let outcome = timeout(WRITE_LIMIT, self.write(&kept)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(not_written()));
        let had_failed = lock(&self.kept).written(version, outcome.is_ok());
        if outcome.is_ok() && kept.is_guarded {
            let state = State::Written;
            self.look_again(&Kept { state, ..kept }).await;
        }
        match outcome {
            Ok(()) if had_failed => {
                tracing::info!(target: targets::SYNC, "writing specs to the data store works again");
            }
            Ok(()) => {}
            Err(problem) if had_failed => {
                tracing::debug!(target: targets::SYNC, %problem, "could not write specs to the data store");
            }
            Err(problem) => {
                tracing::warn!(target: targets::SYNC, %problem, "could not write specs to the data store, retrying at every sync interval");
            }
        }
    }

    /// Sees what became of specs that were written, or found in the store.
    async fn look_again(&self, kept: &Kept) -> State {
        let found = timeout(WRITE_LIMIT, self.look(kept)).await;
        let state = match found.unwrap_or_else(|_| Err(not_written().into())) {
            // Whoever never saw them there does not miss them.
            Ok(State::Pending) if kept.state == State::Written => State::Written,
            Ok(state) => state,
            Err(problem) => {
                tracing::debug!(target: targets::SYNC, %problem, "could not check whether the data store still has the specs");
                kept.state
            }
        };
        lock(&self.kept).settle(kept.version, state);
        state
    }

    /// Whether the store still has these specs, or newer ones.
    async fn look(&self, kept: &Kept) -> Result<State, FetchError> {
        let store = self.initialized().await?;
        let bytes = match kept.state {
            State::Stored { bytes } => bytes,
            State::Pending | State::Written => kept.json.len(),
        };
        match store.byte_len(&self.keys().specs()).await? {
            None | Some(0) => return Ok(State::Pending),
            Some(found) if found == bytes => return Ok(State::Stored { bytes }),
            Some(_) => {}
        }
        // Another process wrote others.
        let found = match self.read_specs().await {
            Err(FetchError::NothingStored) => return Ok(State::Pending),
            found => found?,
        };
        let (ours, bytes, now_ms) = (kept.json.clone(), found.len(), self.now_ms());
        // Reading specs takes a while, so that it is done off the async workers.
        let is_older =
            tokio::task::spawn_blocking(move || time_of(&found, now_ms) < time_of(&ours, now_ms));
        Ok(match is_older.await {
            Ok(false) => State::Stored { bytes },
            Ok(true) | Err(_) => State::Pending,
        })
    }

    /// The JSON.
    pub(super) async fn read_specs(&self) -> Result<Bytes, FetchError> {
        let store = self.initialized().await?;
        let key = self.keys().specs();
        let found = match store.get_bytes(&key).await {
            Ok(answer) => answer.result,
            Err(DataStoreError::BytesNotImplemented) => {
                store.get(&key).await?.result.map(Bytes::from)
            }
            Err(error) => return Err(error.into()),
        };
        found.ok_or(FetchError::NothingStored)
    }

    async fn write(&self, kept: &Kept) -> Result<(), DataStoreError> {
        let store = self.initialized().await?;
        let (json, received_at) = (kept.json.clone(), Some(kept.received_at));
        let key = self.keys().specs();
        match store.set_bytes(&key, json.clone(), received_at).await {
            Err(DataStoreError::BytesNotImplemented) => {
                let text = std::str::from_utf8(&json).map_err(DataStoreError::failed)?;
                store.set(&key, text, received_at).await
            }
            outcome => outcome,
        }
    }
}

/// The time of specs as JSON; 0 if they cannot be read, or are from the future.
pub(super) fn time_of(json: &[u8], now_ms: u64) -> u64 {
    #[derive(Deserialize)]
    struct Specs {
        time: u64,
    }

    serde_json::from_slice(json).map_or(0, |Specs { time }| ordering_time(time, now_ms))
}
