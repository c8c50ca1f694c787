//! A client's use of its data store, from the first read to the shutdown.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::keys::{DataStoreKeyVersion, Keys};
use super::{DataStore, DataStoreError, DataStoreFeature};
use crate::targets;
use crate::transport::identity::SdkKey;

/// The longest a write of one value may take.
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
    /// The tasks that write. A handful: each kind of value has one at work and at most one that waits.
    tasks: Mutex<JoinSet<()>>,
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
            tasks: Mutex::default(),
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
        self.spawn(async move { session.write_waiting().await });
    }

    /// Runs a task that writes; closing waits for it.
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
        match timeout(limit, read).await {
            Ok(answer) => Ok(answer?.result),
            Err(_) => Err(DataStoreError::failed(format!(
                "not read within {} ms",
                limit.as_millis()
            ))),
        }
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
        timeout(WRITE_LIMIT, write)
            .await
            .unwrap_or_else(|_| Err(not_written()))
    }

    /// Finishes writing, then shuts the store down, within the limit.
    pub(crate) async fn close(&self, limit: Duration) {
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

    fn replace_waiting(&self, with: Option<SpecsToWrite>) -> Option<SpecsToWrite> {
        std::mem::replace(&mut *lock(&self.waiting), with)
    }

    async fn write_waiting(&self) {
        let _turn = self.writing.lock().await;
        let Some(specs) = self.replace_waiting(None) else {
            return;
        };
        let outcome = timeout(WRITE_LIMIT, self.write(specs)).await;
        if let Err(problem) = outcome.unwrap_or_else(|_| Err(not_written())) {
            tracing::warn!(target: targets::SYNC, %problem, "specs were not written to the data store");
        }
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

fn not_written() -> DataStoreError {
    DataStoreError::failed(format!("not written within {} s", WRITE_LIMIT.as_secs()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
