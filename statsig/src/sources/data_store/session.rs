//! A client's use of its data store, from the first read to the shutdown.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::keys::{DataStoreKeyVersion, Keys};
use super::{DataStore, DataStoreError};
use crate::clock::Clock;
use crate::process::lock;
use crate::targets;
use crate::transport::identity::SdkKey;

/// The time limit of writing or checking one value.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// The store with its keys: initialised once, written to by one task at a time, shut down at the
/// end.
#[derive(Debug)]
pub(crate) struct StoreSession {
    store: Arc<dyn DataStore>,
    keys: Keys,
    initialized: OnceCell<()>,
    clock: Arc<dyn Clock>,
    /// Held while writing.
    writing: tokio::sync::Mutex<()>,
    /// The tasks that write: for each kind of value, one that runs and at most one that waits.
    tasks: Mutex<JoinSet<()>>,
}

impl StoreSession {
    pub(crate) fn new(
        store: Arc<dyn DataStore>,
        sdk_key: &SdkKey,
        version: DataStoreKeyVersion,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            keys: Keys::new(sdk_key, version),
            initialized: OnceCell::new(),
            clock,
            writing: tokio::sync::Mutex::default(),
            tasks: Mutex::default(),
        }
    }

    #[cfg(feature = "proto")]
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// The store, for questions about its features.
    pub(crate) fn store(&self) -> &dyn DataStore {
        &*self.store
    }

    /// The store, initialised. After a failure, the next call tries again.
    pub(crate) async fn initialized(&self) -> Result<&dyn DataStore, DataStoreError> {
        self.initialized
            .get_or_try_init(|| self.store.initialize())
            .await?;
        Ok(&*self.store)
    }

    /// Spawns a task that writes. Closing the session waits for it.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// The text from this path, if there is one.
    pub(crate) async fn read_text(
        &self,
        path: &str,
        limit: Duration,
    ) -> Result<Option<String>, DataStoreError> {
        let key = self.keys.text(path);
        let read = async { self.initialized().await?.get(&key).await };
        Ok(in_time(limit, "not read", read).await?.result)
    }

    /// The specs as JSON, if there are any. The caller limits the time.
    pub(super) async fn read_specs(&self) -> Result<Option<Bytes>, DataStoreError> {
        let store = self.initialized().await?;
        let key = self.keys.specs();
        match store.get_bytes(&key).await {
            Err(DataStoreError::BytesNotImplemented) => {
                Ok(store.get(&key).await?.result.map(Bytes::from))
            }
            answer => Ok(answer?.result),
        }
    }

    pub(super) async fn read_specs_in_time(&self) -> Result<Option<Bytes>, DataStoreError> {
        in_time(WRITE_LIMIT, "not read", self.read_specs()).await
    }

    /// The length of the text from this path, if there is one.
    pub(crate) async fn byte_len(&self, path: &str) -> Result<Option<usize>, DataStoreError> {
        let key = self.keys.text(path);
        let ask = async { self.initialized().await?.byte_len(&key).await };
        in_time(WRITE_LIMIT, "no answer", ask).await
    }

    /// Replaces the text from this path.
    pub(crate) async fn write_text(
        &self,
        path: &str,
        text: &str,
        time: u64,
    ) -> Result<(), DataStoreError> {
        let key = self.keys.text(path);
        let _turn = self.writing.lock().await;
        let write = async { self.initialized().await?.set(&key, text, Some(time)).await };
        in_time(WRITE_LIMIT, "not written", write).await
    }

    /// Replaces the specs.
    pub(super) async fn write_specs(&self, json: Bytes, time: u64) -> Result<(), DataStoreError> {
        let key = self.keys.specs();
        let _turn = self.writing.lock().await;
        let write = async {
            let store = self.initialized().await?;
            match store.set_bytes(&key, json.clone(), Some(time)).await {
                Err(DataStoreError::BytesNotImplemented) => {
                    let text = std::str::from_utf8(&json)
                        .map_err(|error| DataStoreError::failed(error).with_source(error))?;
                    store.set(&key, text, Some(time)).await
                }
                outcome => outcome,
            }
        };
        in_time(WRITE_LIMIT, "not written", write).await
    }

    /// Finishes the writes, then shuts the store down, within the limit.
    pub(super) async fn close(&self, limit: Duration) {
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        let close = async {
            while tasks.join_next().await.is_some() {}
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
}

/// The result of an access to the store. `problem` says what did not happen if it is late.
async fn in_time<T>(
    limit: Duration,
    problem: &str,
    access: impl Future<Output = Result<T, DataStoreError>>,
) -> Result<T, DataStoreError> {
    timeout(limit, access).await.unwrap_or_else(|_| {
        let millis = limit.as_millis();
        Err(DataStoreError::failed(format!(
            "{problem} within {millis} ms"
        )))
    })
}
