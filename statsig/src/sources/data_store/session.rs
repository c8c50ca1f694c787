//! A client's use of its data store, from the first read to the shutdown.

use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::kept::KeptSpecs;
use super::keys::{DataStoreKeyVersion, Keys};
use super::{DataStore, DataStoreError};
use crate::clock::Clock;
use crate::targets;
use crate::transport::identity::SdkKey;

/// The time limit of writing one value.
pub(super) const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// The store with its keys: initialised once, written to by one task at a time, shut down at the
/// end.
#[derive(Debug)]
pub(crate) struct StoreSession {
    store: Arc<dyn DataStore>,
    keys: Keys,
    initialized: OnceCell<()>,
    pub(super) kept: Arc<Mutex<KeptSpecs>>,
    clock: Arc<dyn Clock>,
    /// Whether a task waits to check the stored values.
    pub(super) is_check_waiting: AtomicBool,
    /// Held while writing.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// The tasks that write: for each kind of value, one that runs and at most one that waits.
    tasks: Mutex<JoinSet<()>>,
}

impl StoreSession {
    pub(crate) fn new(
        store: Arc<dyn DataStore>,
        sdk_key: &SdkKey,
        version: DataStoreKeyVersion,
        kept: Arc<Mutex<KeptSpecs>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            keys: Keys::new(sdk_key, version),
            initialized: OnceCell::new(),
            kept,
            clock,
            is_check_waiting: AtomicBool::new(false),
            writing: tokio::sync::Mutex::new(()),
            tasks: Mutex::default(),
        }
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn now_ms(&self) -> u64 {
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
        match timeout(limit, read).await {
            Ok(answer) => Ok(answer?.result),
            Err(_) => Err(DataStoreError::failed(format!(
                "not read within {} ms",
                limit.as_millis()
            ))),
        }
    }

    /// The length of the text from this path, if there is one.
    pub(crate) async fn byte_len(&self, path: &str) -> Result<Option<usize>, DataStoreError> {
        let key = self.keys.text(path);
        let ask = async { self.initialized().await?.byte_len(&key).await };
        timeout(WRITE_LIMIT, ask).await.unwrap_or_else(|_| {
            let limit = WRITE_LIMIT.as_secs();
            Err(DataStoreError::failed(format!(
                "no answer within {limit} s"
            )))
        })
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

    /// Finishes the writes, then shuts the store down, within the limit.
    pub(crate) async fn close(self: &Arc<Self>, limit: Duration) {
        self.write_the_rest();
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
        self.tell_the_rest();
    }
}

pub(super) fn not_written() -> DataStoreError {
    DataStoreError::failed(format!("not written within {} s", WRITE_LIMIT.as_secs()))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
