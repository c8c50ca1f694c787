//! A data store in Redis.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, Cmd, ConnectionAddr, FromRedisValue, RedisError, cmd};
use bytes::Bytes;

use super::{
    DataStore, DataStoreBytesResponse, DataStoreError, DataStoreFeature, DataStoreResponse,
    RequestPath,
};
use crate::transport::BoxFuture;

/// The largest value that is read. Specs have a limit of their own beside it, `max_specs_bytes`.
const MAX_VALUE_BYTES: usize = 256 * 1024 * 1024;
/// The longest an operation may take, reconnecting included.
const OPERATION_LIMIT: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// How long Redis may take for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// An operation on a connection that turns out to be lost is tried once more, on a new one.
const ATTEMPTS: u32 = 2;
/// Connecting is tried so often again, with pauses that double from the first.
const CONNECT_RETRIES: usize = 3;
const FIRST_CONNECT_PAUSE: Duration = Duration::from_millis(100);

/// A [`DataStore`] in Redis: one string for each key, without expiry.
///
/// One connection is kept, and made again when it is lost: an operation that finds it lost is tried once more. No evaluation ever
/// waits for it. Nothing is connected before a client starts.
///
/// Let one process write, and the others [poll](Self::polled) and [only read](Self::read_only):
///
/// ```
/// use std::sync::Arc;
/// use statsig::{RedisDataStore, StatsigOptions};
///
/// let store = RedisDataStore::new("redis://cache.internal:6379")?.polled(true).read_only(true);
/// let options = StatsigOptions::builder().data_store(Arc::new(store)).build()?;
/// # let _ = options;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With `rediss://` the connection is encrypted and the system's certificate authorities are trusted. The Redis client takes
/// its cryptography from rustls' process-wide provider; if the process has none, the store installs *ring* as such when it first
/// connects. Private authorities and client certificates: build a client of the crate `redis` and use
/// [`from_client`](Self::from_client).
pub struct RedisDataStore {
    client: Client,
    is_polled: bool,
    is_read_only: bool,
    keeps_id_lists: bool,
    /// Bound to the runtime that it was made on, so it is made again when a client starts.
    connection: Mutex<Option<ConnectionManager>>,
}

impl RedisDataStore {
    /// The store at this address: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS, `redis+unix://path`.
    ///
    /// # Errors
    /// When the address cannot be understood.
    pub fn new(url: &str) -> Result<Self, DataStoreError> {
        match Client::open(url) {
            Ok(client) => Ok(Self::from_client(client)),
            // The address may hold a password, so it is not shown.
            Err(error) => Err(DataStoreError::failed(format!(
                "expected an address such as redis://host:6379, found another ({})",
                error.category()
            ))),
        }
    }

    /// The store that this client of the crate `redis` 1.x connects to.
    #[must_use]
    pub fn from_client(client: Client) -> Self {
        Self {
            client,
            is_polled: false,
            is_read_only: false,
            keeps_id_lists: false,
            connection: Mutex::default(),
        }
    }

    /// Whether clients read it at every sync interval and leave the network alone. Default: false.
    #[must_use]
    pub fn polled(mut self, is_polled: bool) -> Self {
        self.is_polled = is_polled;
        self
    }

    /// Whether what clients write is discarded. Default: false.
    #[must_use]
    pub fn read_only(mut self, is_read_only: bool) -> Self {
        self.is_read_only = is_read_only;
        self
    }

    /// Whether ID lists are kept too. Default: false, specs only.
    #[must_use]
    pub fn with_id_lists(mut self, keeps_id_lists: bool) -> Self {
        self.keeps_id_lists = keeps_id_lists;
        self
    }

    fn connection(&self) -> Result<ConnectionManager, DataStoreError> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let made = connect(&self.client)?;
        *connection = Some(made.clone());
        Ok(made)
    }

    fn forget_connection(&self) {
        *self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, DataStoreError> {
        within_limit(async {
            let mut attempts = 1;
            loop {
                let mut connection = self.connection()?;
                match command.query_async(&mut connection).await {
                    Err(error) if attempts < ATTEMPTS && is_connection_lost(&error) => {
                        attempts += 1;
                    }
                    answer => return answer.map_err(failed),
                }
            }
        })
        .await
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, DataStoreError> {
        // A value beyond the limit is not read as a whole.
        let command = cmd("GETRANGE").arg(key).arg(0).arg(MAX_VALUE_BYTES).take();
        let found: Vec<u8> = self.run(&command).await?;
        let value = if found.is_empty() {
            // Or missing, which only this tells.
            self.run(&cmd("GET").arg(key).take()).await?
        } else {
            Some(found)
        };
        match value {
            Some(value) if value.len() > MAX_VALUE_BYTES => Err(DataStoreError::failed(format!(
                "expected a value of at most {MAX_VALUE_BYTES} bytes in Redis, found more"
            ))),
            value => Ok(value),
        }
    }

    async fn write(&self, key: &str, value: &[u8]) -> Result<(), DataStoreError> {
        if self.is_read_only {
            return Ok(());
        }
        self.run(&cmd("SET").arg(key).arg(value).take()).await
    }
}

impl DataStore for RedisDataStore {
    fn initialize(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        self.forget_connection();
        Box::pin(async { Ok(()) })
    }

    fn shutdown(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        self.forget_connection();
        Box::pin(async { Ok(()) })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(async move {
            let text = self.read(key).await?.map(String::from_utf8).transpose();
            text.map(DataStoreResponse::new)
                .map_err(|_| DataStoreError::failed("expected text in Redis, found other bytes"))
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        _: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        Box::pin(self.write(key, value.as_bytes()))
    }

    fn get_bytes<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<DataStoreBytesResponse, DataStoreError>> {
        Box::pin(async move {
            let value = self.read(key).await?;
            Ok(DataStoreBytesResponse::new(value.map(Bytes::from)))
        })
    }

    fn set_bytes<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        _: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        Box::pin(async move { self.write(key, &value).await })
    }

    fn support_polling_updates_for(&self, path: RequestPath) -> bool {
        match path {
            RequestPath::RulesetsV1 | RequestPath::RulesetsV2 => self.is_polled,
            RequestPath::IDListsV1 | RequestPath::IDList => self.is_polled && self.keeps_id_lists,
        }
    }

    fn supports_feature(&self, feature: DataStoreFeature) -> bool {
        match feature {
            DataStoreFeature::ConfigSpecs => true,
            DataStoreFeature::IdListSnapshot => self.keeps_id_lists,
            DataStoreFeature::IdListSnapshotWrite => self.keeps_id_lists && !self.is_read_only,
        }
    }

    fn support_polling_updates_for_feature(&self, feature: DataStoreFeature) -> Option<bool> {
        Some(self.is_polled && self.supports_feature(feature))
    }
}

impl fmt::Debug for RedisDataStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.client.get_connection_info().addr().to_string();
        f.debug_struct("RedisDataStore")
            .field("address", &address)
            .field("is_polled", &self.is_polled)
            .field("is_read_only", &self.is_read_only)
            .finish_non_exhaustive()
    }
}

/// Does not connect yet: the first operation does.
fn connect(client: &Client) -> Result<ConnectionManager, DataStoreError> {
    // The client library expects a runtime and a provider of cryptography, and panics without.
    tokio::runtime::Handle::try_current()
        .map_err(|_| DataStoreError::failed("expected a tokio runtime, found none"))?;
    let address = client.get_connection_info().addr();
    if matches!(address, ConnectionAddr::TcpTls { .. })
        && rustls::crypto::CryptoProvider::get_default().is_none()
    {
        // Refused only when another thread has just installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_LIMIT))
        .set_response_timeout(Some(ANSWER_LIMIT))
        .set_number_of_retries(CONNECT_RETRIES)
        .set_min_delay(FIRST_CONNECT_PAUSE);
    ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(failed)
}

async fn within_limit<T>(
    operation: impl Future<Output = Result<T, DataStoreError>>,
) -> Result<T, DataStoreError> {
    tokio::time::timeout(OPERATION_LIMIT, operation)
        .await
        .unwrap_or_else(|_| {
            Err(DataStoreError::failed(format!(
                "expected an answer from Redis within {} s, found none",
                OPERATION_LIMIT.as_secs()
            )))
        })
}

fn is_connection_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_connection_dropped()
}

fn failed(error: RedisError) -> DataStoreError {
    DataStoreError::failed(format!("Redis: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked_and_its_password_is_not_shown() {
        let store = RedisDataStore::new("redis://user:hidden@localhost:6380/2").unwrap();
        let shown = format!("{store:?}");
        assert!(shown.contains("localhost:6380"), "{shown}");
        assert!(!shown.contains("hidden"), "{shown}");
        let error = RedisDataStore::new("http://user:hidden@localhost").unwrap_err();
        assert!(!error.to_string().contains("hidden"), "{error}");
    }

    #[test]
    fn what_is_asked_of_it_follows_from_its_settings() {
        let store = || RedisDataStore::new("redis://localhost").unwrap();
        let features = |store: &RedisDataStore| {
            [
                DataStoreFeature::ConfigSpecs,
                DataStoreFeature::IdListSnapshot,
                DataStoreFeature::IdListSnapshotWrite,
            ]
            .map(|feature| store.supports_feature(feature))
        };
        assert_eq!(features(&store()), [true, false, false]);
        assert_eq!(features(&store().with_id_lists(true)), [true; 3]);
        let reader = store().with_id_lists(true).read_only(true);
        assert_eq!(features(&reader), [true, true, false]);
        assert!(!reader.support_polling_updates_for(RequestPath::RulesetsV2));
        assert!(
            reader
                .polled(true)
                .support_polling_updates_for(RequestPath::RulesetsV2)
        );
    }

    #[tokio::test]
    async fn without_a_server_operations_fail_and_a_reader_writes_nothing() {
        // Nobody listens on port 1.
        let store = RedisDataStore::new("redis://127.0.0.1:1").unwrap();
        let error = store.get("key").await.unwrap_err();
        assert!(error.to_string().contains("Redis: "), "{error}");
        assert!(store.set("key", "value", None).await.is_err());
        let reader = store.read_only(true);
        assert_eq!(reader.set("key", "value", None).await, Ok(()));
    }
}
