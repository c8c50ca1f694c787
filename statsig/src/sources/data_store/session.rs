//! A client's use of its data store, from the first read to the shutdown.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::keys::{DataStoreKeyVersion, Keys};
use super::{DataStore, DataStoreError, DataStoreFeature};
use crate::targets;
use crate::transport::identity::SdkKey;

/// The longest a write may take.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// The store with its keys: initialised once, written to by one task at a time, shut down at the end.
#[derive(Debug)]
pub(crate) struct StoreSession {
    store: Arc<dyn DataStore>,
    keys: Keys,
    initialized: OnceCell<()>,
    /// The specs to write next. Newer ones take their place while they wait.
    waiting: Mutex<Option<SpecsToWrite>>,
    /// Held while writing.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct SpecsToWrite {
    json: Bytes,
    received_at: u64,
}

impl StoreSession {
    pub(crate) fn new(
        store: Arc<dyn DataStore>,
        sdk_key: &SdkKey,
        version: DataStoreKeyVersion,
    ) -> Self {
        Self {
            store,
            keys: Keys::new(sdk_key, version),
            initialized: OnceCell::new(),
            waiting: Mutex::new(None),
            writing: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The store as it is, for what it says about itself.
    pub(crate) fn store(&self) -> &dyn DataStore {
        &*self.store
    }

    /// The store, initialised. A failure is tried again at the next call.
    pub(crate) async fn initialized(&self) -> Result<&dyn DataStore, DataStoreError> {
        self.initialized
            .get_or_try_init(|| self.store.initialize())
            .await?;
        Ok(&*self.store)
    }

    /// Writes specs that came over the network. Waits for nothing; a failure is logged.
    pub(crate) fn write_specs(self: &Arc<Self>, json: Bytes, received_at: u64) {
        if !self.store.supports_feature(DataStoreFeature::ConfigSpecs) {
            return;
        }
        let newer = SpecsToWrite { json, received_at };
        if self.replace_waiting(Some(newer)).is_some() {
            // A task that will write these instead waits already.
            return;
        }
        let session = Arc::clone(self);
        tokio::spawn(async move { session.write_waiting().await });
    }

    /// Finishes writing, then shuts the store down, within the limit.
    pub(crate) async fn close(&self, limit: Duration) {
        let close = async {
            self.write_waiting().await;
            if self.initialized.initialized()
                && let Err(error) = self.store.shutdown().await
            {
                tracing::warn!(target: targets::SYNC, %error, "the data store did not shut down cleanly");
            }
        };
        if timeout(limit, close).await.is_err() {
            tracing::warn!(target: targets::SYNC, "the data store did not shut down in time");
        }
    }

    fn replace_waiting(&self, with: Option<SpecsToWrite>) -> Option<SpecsToWrite> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *waiting, with)
    }

    async fn write_waiting(&self) {
        let _turn = self.writing.lock().await;
        let Some(specs) = self.replace_waiting(None) else {
            return;
        };
        let outcome = timeout(WRITE_LIMIT, self.write(specs)).await;
        let problem = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("not written within {} s", WRITE_LIMIT.as_secs()),
        };
        tracing::warn!(target: targets::SYNC, problem, "specs were not written to the data store");
    }

    async fn write(&self, specs: SpecsToWrite) -> Result<(), DataStoreError> {
        let store = self.initialized().await?;
        let SpecsToWrite { json, received_at } = specs;
        let key = self.keys.specs();
        match store.set_bytes(&key, json.clone(), Some(received_at)).await {
            Err(DataStoreError::BytesNotImplemented) => {
                let text = std::str::from_utf8(&json).map_err(DataStoreError::failed)?;
                store.set(&key, text, Some(received_at)).await
            }
            outcome => outcome,
        }
    }
}
