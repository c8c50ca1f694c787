//! Keeps specs in a data store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::kept::{Keeper, KeptState, StoredValue};
use super::session::StoreSession;
use super::{DataStoreError, DataStoreFeature, RequestPath};
use crate::specs::order::ordering_time;
use crate::targets;

/// Keeps a client's specs in its data store.
pub(crate) type StoredSpecs = Keeper<KeptSpecs>;

/// Specs that a data store should hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptSpecs {
    json: Bytes,
    received_at: u64,
    /// The length of the specs in the store: another process may have written others.
    stored_bytes: usize,
}

impl StoredSpecs {
    /// Writes specs from the network in a task, and retries until it succeeds. They replace specs
    /// that still wait for a write. With `is_guarded`, the client writes them again if the store
    /// loses them.
    pub(crate) fn write_specs(self: &Arc<Self>, json: Bytes, received_at: u64, is_guarded: bool) {
        let store = self.session.store();
        if store.supports_feature(DataStoreFeature::ConfigSpecs) {
            let specs = KeptSpecs::new(json, received_at);
            self.keep(specs, KeptState::Pending, is_guarded);
            self.check();
        }
    }

    /// Records that the store has these specs, and that they are in use. The client writes them
    /// again if the store loses them.
    pub(crate) fn guard_specs(&self, json: Bytes, received_at: u64) {
        self.keep(KeptSpecs::new(json, received_at), KeptState::Stored, true);
    }

    /// Records that the client uses specs that are not for the store. The client does not write
    /// lost specs again. Specs that still wait for a write are newer, and stay.
    pub(crate) fn guard_nothing(&self) {
        if !self.is_pending() {
            self.forget();
        }
    }

    /// Writes what still waits, and closes the session within the limit.
    pub(crate) async fn close(self: &Arc<Self>, limit: Duration) {
        if self.is_pending() {
            self.check();
        }
        self.session.close(limit).await;
        if self.is_pending() {
            tracing::warn!(target: targets::SYNC, "the newest specs are not in the data store: every write failed until the shutdown");
        }
    }
}

impl KeptSpecs {
    fn new(json: Bytes, received_at: u64) -> Self {
        Self {
            stored_bytes: json.len(),
            json,
            received_at,
        }
    }
}

impl StoredValue for KeptSpecs {
    const NAME: &'static str = "specs";

    async fn look(&self, session: &StoreSession) -> Result<Option<Self>, DataStoreError> {
        let path = RequestPath::RulesetsV2.as_str();
        match session.byte_len(path).await? {
            None | Some(0) => return Ok(None),
            Some(found) if found == self.stored_bytes => return Ok(Some(self.clone())),
            Some(_) => {}
        }
        // Another process wrote other specs.
        let Some(found) = session.read_specs_in_time().await? else {
            return Ok(None);
        };
        let (ours, stored_bytes, now_ms) = (self.json.clone(), found.len(), session.now_ms());
        // Parsing specs takes long, so it runs outside the async workers.
        let is_older =
            tokio::task::spawn_blocking(move || time_of(&found, now_ms) < time_of(&ours, now_ms));
        Ok(is_older
            .await
            .is_ok_and(|is_older| !is_older)
            .then(|| Self {
                stored_bytes,
                ..self.clone()
            }))
    }

    async fn write(&mut self, session: &StoreSession) -> Result<(), DataStoreError> {
        self.stored_bytes = self.json.len();
        session
            .write_specs(self.json.clone(), self.received_at)
            .await
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
