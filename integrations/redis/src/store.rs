//! The data store: the commands, and the connection for the next command.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use redis::{Client, Cmd, FromRedisValue, ParsingError, Value, cmd};
use statsig::sources::{
    DataStore, DataStoreBytesResponse, DataStoreError, DataStoreFeature, DataStoreResponse,
    RequestPath,
};
use statsig::transport::BoxFuture;

use crate::SYNC;
use crate::connection::{Connection, late};

/// The first attempt reads values up to this size, so that a broken peer cannot make the client
/// read more. A second attempt reads larger values.
const USUAL_VALUE_BYTES: usize = 16 * 1024 * 1024;
/// The largest value that is read. Specs also have a limit of their own, `max_specs_bytes`.
const MAX_VALUE_BYTES: usize = 256 * 1024 * 1024;
/// The time limit of an operation, including reconnecting.
const OPERATION_LIMIT: Duration = Duration::from_secs(10);

/// A [`DataStore`] in Redis: one string for each key, without expiry.
///
/// The store connects when a client starts, and keeps one connection. It closes a connection after
/// an error, and after an answer that is late (2 s of silence, or 5 s in all) or too large. If the
/// kept connection fails, it retries the operation once, on a new connection. Evaluations never
/// wait for Redis. The store reads values of up to 256 MiB.
///
/// Let one process write, and the others [poll](Self::polled) and [only read](Self::read_only):
///
/// ```
/// use std::sync::Arc;
/// use statsig::StatsigOptions;
/// use statsig_redis::RedisDataStore;
///
/// let store = RedisDataStore::new("redis://cache.internal:6379")?.polled(true).read_only(true);
/// let options = StatsigOptions::builder().data_store(Arc::new(store)).build()?;
/// # let _ = options;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With `rediss://` the connection is encrypted and trusts the system's certificate authorities.
/// For private authorities and client certificates, build a client of the crate `redis` and use
/// [`from_client`](Self::from_client). That crate then makes the connections: the time of an answer
/// is limited, but not its size. It uses rustls' process-wide cryptography provider. If the process
/// has none, the store installs *ring* when it first connects.
pub struct RedisDataStore {
    client: Client,
    is_polled: bool,
    is_read_only: bool,
    keeps_id_lists: bool,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The connection that the next operation uses. A concurrent operation opens another.
    idle: Option<Connection>,
    /// Counts starts and shutdowns of clients. A connection of an earlier period is not kept.
    period: u64,
}

impl RedisDataStore {
    /// A store at this address: `redis://[user:password@]host[:port][/database]`, `rediss://` for
    /// TLS, `redis+unix://path`.
    ///
    /// # Errors
    /// When the address is not a Redis URL.
    pub fn new(url: &str) -> Result<Self, DataStoreError> {
        match Client::open(url) {
            Ok(client) => Ok(Self::from_client(client)),
            // The address may contain a password, and the error may contain the address.
            Err(error) => Err(DataStoreError::failed(format!(
                "expected an address such as redis://host:6379, found another ({})",
                error.category()
            ))),
        }
    }

    /// A store on the server that this client of the crate `redis` 1.x connects to.
    #[must_use]
    pub fn from_client(client: Client) -> Self {
        Self {
            client,
            is_polled: false,
            is_read_only: false,
            keeps_id_lists: false,
            kept: Mutex::default(),
        }
    }

    /// Whether clients read the store at every sync interval instead of the network. Default:
    /// false.
    #[must_use]
    pub fn polled(mut self, is_polled: bool) -> Self {
        self.is_polled = is_polled;
        self
    }

    /// Whether the store discards what clients write. Default: false.
    #[must_use]
    pub fn read_only(mut self, is_read_only: bool) -> Self {
        self.is_read_only = is_read_only;
        self
    }

    /// Whether the store keeps ID lists, too. Default: false, specs only.
    #[must_use]
    pub fn with_id_lists(mut self, keeps_id_lists: bool) -> Self {
        self.keeps_id_lists = keeps_id_lists;
        self
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the kept connection: it belongs to the runtime that opened it.
    fn forget_connection(&self) {
        let mut kept = self.kept();
        kept.period = kept.period.wrapping_add(1);
        kept.idle = None;
    }

    /// Runs a command on a connection that no other operation uses at the same time. A command that
    /// fails or is cancelled closes its connection.
    async fn run<T: FromRedisValue>(
        &self,
        command: &Cmd,
        value_bytes: usize,
    ) -> Result<T, DataStoreError> {
        let (idle, period) = {
            let mut kept = self.kept();
            (kept.idle.take(), kept.period)
        };
        let run = async {
            if let Some(mut connection) = idle {
                match connection.ask(command, value_bytes).await {
                    Ok(answer) => return Ok((answer, connection)),
                    Err(problem) => {
                        tracing::debug!(target: SYNC, %problem, "replacing a connection to Redis");
                    }
                }
            }
            let mut connection = Connection::open(&self.client).await?;
            let answer = connection.ask(command, value_bytes).await?;
            Ok((answer, connection))
        };
        let run = tokio::time::timeout(OPERATION_LIMIT, run).await;
        let (answer, connection) =
            run.unwrap_or_else(|_| Err(late("an answer", OPERATION_LIMIT)))?;
        let mut kept = self.kept();
        if kept.period == period {
            kept.idle = Some(connection);
        }
        Ok(answer)
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, DataStoreError> {
        for limit in [USUAL_VALUE_BYTES, MAX_VALUE_BYTES] {
            // The end of GETRANGE is inclusive: one byte more shows that the value is larger.
            let command = cmd("GETRANGE").arg(key).arg(0).arg(limit).take();
            let found: Vec<u8> = self.run(&command, limit + 1).await?;
            if found.is_empty() {
                // GETRANGE answers an empty string for a missing key; GET tells the two apart.
                return self.run(&cmd("GET").arg(key).take(), limit).await;
            }
            if found.len() <= limit {
                return Ok(Some(found));
            }
        }
        Err(DataStoreError::failed(format!(
            "expected a value of at most {MAX_VALUE_BYTES} bytes in Redis, found more"
        )))
    }

    async fn write(&self, key: &str, value: &[u8]) -> Result<(), DataStoreError> {
        if self.is_read_only {
            return Ok(());
        }
        let set = cmd("SET").arg(key).arg(value).take();
        self.run(&set, 0).await.map(|Stored| ())
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
            text.map(DataStoreResponse::new).map_err(|error| {
                let problem = "expected text in Redis, found other bytes";
                DataStoreError::failed(problem).with_source(error.utf8_error())
            })
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

    fn byte_len<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<usize>, DataStoreError>> {
        Box::pin(async move {
            let found: usize = self.run(&cmd("STRLEN").arg(key).take(), 0).await?;
            // STRLEN answers zero for a missing key.
            let is_there = found > 0 || self.run(&cmd("EXISTS").arg(key).take(), 0).await?;
            Ok(is_there.then_some(found))
        })
    }

    fn support_polling_updates_for(&self, path: RequestPath) -> bool {
        match path {
            RequestPath::RulesetsV1 | RequestPath::RulesetsV2 => self.is_polled,
            RequestPath::IDListsV1 | RequestPath::IDList => self.is_polled && self.keeps_id_lists,
            _ => false,
        }
    }

    fn supports_feature(&self, feature: DataStoreFeature) -> bool {
        match feature {
            DataStoreFeature::ConfigSpecs => true,
            DataStoreFeature::IdListSnapshot => self.keeps_id_lists,
            DataStoreFeature::IdListSnapshotWrite => self.keeps_id_lists && !self.is_read_only,
            _ => false,
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

/// The answer of Redis to a stored value.
struct Stored;

impl FromRedisValue for Stored {
    fn from_redis_value(answer: Value) -> Result<Self, ParsingError> {
        match answer {
            Value::Okay => Ok(Self),
            _ => Err("expected OK, found another answer".into()),
        }
    }
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
        // No server listens on port 1.
        let store = RedisDataStore::new("redis://127.0.0.1:1").unwrap();
        let error = store.get("key").await.unwrap_err();
        assert!(error.to_string().contains("Redis: "), "{error}");
        assert!(store.set("key", "value", None).await.is_err());
        let reader = store.read_only(true);
        reader.set("key", "value", None).await.unwrap();
    }
}
