//! Data stores in memory that record their requests.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use statsig::sources::{
    DataStore, DataStoreBytesResponse, DataStoreError, DataStoreFeature, DataStoreResponse,
    RequestPath,
};
use statsig::transport::BoxFuture;

/// The key of the specs of `KEY`: the SDK key as SHA-256, in base64 with padding.
pub(crate) const SPECS_KEY: &str =
    "statsig|/v2/download_config_specs|plain_text|htpYY4JzMUoeHrmFrFCLvgN04MI/la+ny5BoZfCoWEI=";

fn key(path: &str) -> String {
    SPECS_KEY.replace("/v2/download_config_specs", path)
}

#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    pub(crate) values: Mutex<HashMap<String, Bytes>>,
    /// Every write: key, time, and whether it was bytes.
    pub(crate) writes: Mutex<Vec<(String, Option<u64>, bool)>>,
    pub(crate) reads: AtomicUsize,
    pub(crate) keeps_bytes: bool,
    pub(crate) is_polled: bool,
    pub(crate) is_without_specs: bool,
    pub(crate) keeps_id_lists: bool,
    pub(crate) writes_id_lists: bool,
    pub(crate) polls_id_lists: Option<bool>,
    /// Every operation fails.
    pub(crate) is_down: AtomicBool,
    /// Reads never end.
    pub(crate) hangs: AtomicBool,
    /// Writes never end.
    pub(crate) hangs_in_writes: AtomicBool,
    /// How long a read takes.
    pub(crate) delay: Duration,
    pub(crate) initialized: AtomicUsize,
    pub(crate) shut_down: AtomicUsize,
}

impl MemoryStore {
    pub(crate) fn holding(specs: impl ToString) -> Self {
        let store = Self::default();
        store.put(specs);
        store
    }

    pub(crate) fn put(&self, specs: impl ToString) {
        self.insert(SPECS_KEY, specs.to_string().into());
    }

    pub(crate) fn specs(&self) -> Option<Bytes> {
        lock(&self.values).get(SPECS_KEY).cloned()
    }

    pub(crate) fn writes(&self) -> Vec<(String, Option<u64>, bool)> {
        lock(&self.writes).clone()
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// The text from this path of `KEY`.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let value = lock(&self.values).get(&key(path)).cloned()?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }

    pub(crate) fn put_text(&self, path: &str, text: impl Into<String>) {
        self.insert(&key(path), text.into().into());
    }

    fn insert(&self, key: &str, value: Bytes) {
        lock(&self.values).insert(key.to_owned(), value);
    }

    async fn read(&self, key: &str) -> Result<Option<Bytes>, DataStoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.work()?;
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        Ok(lock(&self.values).get(key).cloned())
    }

    async fn write(
        &self,
        key: &str,
        value: Bytes,
        time: Option<u64>,
        as_bytes: bool,
    ) -> Result<(), DataStoreError> {
        self.work()?;
        if self.hangs_in_writes.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        lock(&self.writes).push((key.to_owned(), time, as_bytes));
        self.insert(key, value);
        Ok(())
    }

    fn work(&self) -> Result<(), DataStoreError> {
        let initialized = self.initialized.load(Ordering::Relaxed);
        let shut_down = self.shut_down.load(Ordering::Relaxed);
        assert!(
            initialized > shut_down,
            "used before it was initialised, or after its shutdown"
        );
        if self.is_down.load(Ordering::Relaxed) {
            return Err(DataStoreError::failed("no connection"));
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DataStore for MemoryStore {
    fn initialize(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        Box::pin(async {
            self.initialized.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        Box::pin(async {
            self.shut_down.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(async {
            let value = self.read(key).await?;
            let text = value.map(|value| String::from_utf8(value.to_vec()).unwrap());
            Ok(DataStoreResponse::new(text))
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        time: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        Box::pin(async move { self.write(key, value.to_owned().into(), time, false).await })
    }

    fn get_bytes<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<DataStoreBytesResponse, DataStoreError>> {
        Box::pin(async {
            if !self.keeps_bytes {
                return Err(DataStoreError::BytesNotImplemented);
            }
            Ok(DataStoreBytesResponse::new(self.read(key).await?))
        })
    }

    fn set_bytes<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        time: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        Box::pin(async move {
            if !self.keeps_bytes {
                return Err(DataStoreError::BytesNotImplemented);
            }
            self.write(key, value, time, true).await
        })
    }

    fn byte_len<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<usize>, DataStoreError>> {
        Box::pin(async move {
            self.work()?;
            Ok(lock(&self.values).get(key).map(Bytes::len))
        })
    }

    fn support_polling_updates_for(&self, path: RequestPath) -> bool {
        assert_eq!(path, RequestPath::RulesetsV2);
        self.is_polled
    }

    fn supports_feature(&self, feature: DataStoreFeature) -> bool {
        match feature {
            DataStoreFeature::ConfigSpecs => !self.is_without_specs,
            DataStoreFeature::IdListSnapshot => self.keeps_id_lists,
            DataStoreFeature::IdListSnapshotWrite => self.writes_id_lists,
            _ => false,
        }
    }

    fn support_polling_updates_for_feature(&self, feature: DataStoreFeature) -> Option<bool> {
        (self.polls_id_lists).filter(|_| feature == DataStoreFeature::IdListSnapshot)
    }
}
