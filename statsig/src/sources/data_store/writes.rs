//! Keeps specs in a data store: retries failed writes, and writes again what the store lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::time::timeout;

use super::kept::{Kept, SpecsState, time_of};
use super::session::{StoreSession, WRITE_LIMIT, lock, not_written};
use super::{DataStoreError, DataStoreFeature};
use crate::sources::FetchError;
use crate::targets;

impl StoreSession {
    /// Writes specs from the network in a task, and retries until it succeeds. They replace specs
    /// that still wait for a write. With `is_guarded`, the client writes them again if the store
    /// loses them.
    pub(crate) fn write_specs(self: &Arc<Self>, json: Bytes, received_at: u64, is_guarded: bool) {
        if self.store().supports_feature(DataStoreFeature::ConfigSpecs) {
            lock(&self.kept).keep(json, received_at, SpecsState::Pending, is_guarded);
            self.check_specs();
        }
    }

    /// Records that the store has these specs, and that they are in use. The client writes them
    /// again if the store loses them.
    pub(crate) fn guard_specs(&self, json: Bytes, received_at: u64) {
        let bytes = json.len();
        lock(&self.kept).keep(json, received_at, SpecsState::Stored { bytes }, true);
    }

    /// Records that the client uses specs that are not for the store. The client does not write
    /// lost specs again. Specs that still wait for a write are newer, and stay.
    pub(crate) fn guard_nothing(&self) {
        let mut kept = lock(&self.kept);
        if !kept.is_pending() {
            kept.specs = None;
        }
    }

    /// Starts a task that writes the waiting specs, or checks whether the store still has the
    /// specs. Does not wait for the task.
    pub(crate) fn check_specs(self: &Arc<Self>) {
        if lock(&self.kept).specs.is_none() {
            return;
        }
        // A task that waits reads the newest specs when it begins.
        if !self.is_check_waiting.swap(true, Ordering::AcqRel) {
            let session = Arc::clone(self);
            self.spawn(async move {
                let _turn = session.writing.lock().await;
                session.is_check_waiting.store(false, Ordering::Release);
                session.hold().await;
            });
        }
    }

    /// Writes the waiting specs before the session is closed.
    pub(super) fn write_the_rest(self: &Arc<Self>) {
        if lock(&self.kept).is_pending() {
            self.check_specs();
        }
    }

    /// Logs a loss when the session is closed.
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
        if kept.state != SpecsState::Pending {
            if self.look_again(&kept).await != SpecsState::Pending {
                return;
            }
            tracing::info!(target: targets::SYNC, "the data store lost the specs, writing them again");
        }
        let outcome = timeout(WRITE_LIMIT, self.write(&kept)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(not_written()));
        let had_failed = lock(&self.kept).written(version, outcome.is_ok());
        if outcome.is_ok() && kept.is_guarded {
            let state = SpecsState::Written;
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

    /// Checks whether the store still has specs that were written or found there.
    async fn look_again(&self, kept: &Kept) -> SpecsState {
        let found = timeout(WRITE_LIMIT, self.look(kept)).await;
        let state = match found.unwrap_or_else(|_| Err(not_written().into())) {
            // The client never read them back, so it cannot know whether they are lost.
            Ok(SpecsState::Pending) if kept.state == SpecsState::Written => SpecsState::Written,
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
    async fn look(&self, kept: &Kept) -> Result<SpecsState, FetchError> {
        let store = self.initialized().await?;
        let bytes = match kept.state {
            SpecsState::Stored { bytes } => bytes,
            SpecsState::Pending | SpecsState::Written => kept.json.len(),
        };
        match store.byte_len(&self.keys().specs()).await? {
            None | Some(0) => return Ok(SpecsState::Pending),
            Some(found) if found == bytes => return Ok(SpecsState::Stored { bytes }),
            Some(_) => {}
        }
        // Another process wrote other specs.
        let found = match self.read_specs().await {
            Err(FetchError::NothingStored) => return Ok(SpecsState::Pending),
            found => found?,
        };
        let (ours, bytes, now_ms) = (kept.json.clone(), found.len(), self.now_ms());
        // Parsing specs takes long, so it runs outside the async workers.
        let is_older =
            tokio::task::spawn_blocking(move || time_of(&found, now_ms) < time_of(&ours, now_ms));
        Ok(match is_older.await {
            Ok(false) => SpecsState::Stored { bytes },
            Ok(true) | Err(_) => SpecsState::Pending,
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
                let text = std::str::from_utf8(&json)
                    .map_err(|error| DataStoreError::failed(error).with_source(error))?;
                store.set(&key, text, received_at).await
            }
            outcome => outcome,
        }
    }
}
