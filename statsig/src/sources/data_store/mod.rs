//! The [`DataStore`] trait: a store that services share, so that specs outlive a process.

mod file;
pub(crate) mod kept;
mod keys;
pub(crate) mod session;
pub(crate) mod specs;
pub(crate) mod writes;

use std::fmt::{self, Debug};
use std::time::Duration;

use bytes::Bytes;

pub use file::FileDataStore;
pub use keys::DataStoreKeyVersion;

pub use super::error::DataStoreError;

use crate::transport::BoxFuture;

/// How long the start waits for a data store alone. A healthy store answers in milliseconds.
pub(crate) const STORE_TIME_ALONE: Duration = Duration::from_millis(500);

/// Keeps specs and ID lists outside the process: in Redis, in a file or in another store that your
/// services share.
///
/// When a client with a data store starts, it first reads its specs from the store. If the store
/// has none or takes longer than 500 ms, the client asks the network, and writes the specs from the
/// network to the store. If a store [supports polling](Self::support_polling_updates_for), the
/// client reads it at every sync interval and does not poll the network: one process writes, many
/// read.
///
/// If ID lists are [enabled](crate::StatsigOptionsBuilder::enable_id_lists) and the store
/// [supports them](Self::supports_feature), the client keeps complete sets of them, too. It reads a
/// set at the start before any download, and writes a set when the network has other lists. It does
/// not use a set that it cannot read completely.
///
/// A write can fail, and a store can lose its content. At every sync interval the client retries a
/// failed write, until it succeeds or newer specs replace it, and writes again what the store lost.
/// For this, a client that downloads its specs from the network keeps their JSON in memory, and
/// calls [`byte_len`](Self::byte_len) for each of its values in the store. Implement that method:
/// its default reads each value completely, the specs every 10 seconds and the ID lists every
/// minute with the default intervals.
///
/// Specs are the service's responses, verbatim, under keys that all of Statsig's server SDKs agree
/// on. The SDK calls a store from its own tasks, with a time limit for every call. It logs
/// failures; they never affect an evaluation. The SDK includes [`FileDataStore`].
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex, PoisonError};
/// use statsig::sources::{DataStore, DataStoreError, DataStoreResponse};
/// use statsig::transport::BoxFuture;
///
/// #[derive(Debug, Default)]
/// struct InMemory(Mutex<HashMap<String, String>>);
///
/// impl DataStore for InMemory {
///     fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
///         let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         let result = values.get(key).cloned();
///         Box::pin(async { Ok(DataStoreResponse::new(result)) })
///     }
///
///     fn set<'a>(
///         &'a self,
///         key: &'a str,
///         value: &'a str,
///         _time: Option<u64>,
///     ) -> BoxFuture<'a, Result<(), DataStoreError>> {
///         let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         values.insert(key.to_owned(), value.to_owned());
///         Box::pin(async { Ok(()) })
///     }
/// }
///
/// let store: Arc<dyn DataStore> = Arc::new(InMemory::default());
/// # let _ = store;
/// ```
pub trait DataStore: Debug + Send + Sync + 'static {
    /// Called before the first read or write. Called again before the next one if it failed, and
    /// when a client starts again after a shutdown. Default: does nothing.
    ///
    /// # Errors
    /// When the store cannot be used now.
    fn initialize(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        Box::pin(async { Ok(()) })
    }

    /// Called once when the client shuts down, after the last read and write, if `initialize`
    /// succeeded. Default: does nothing.
    ///
    /// # Errors
    /// When the store could not finish its work. The client logs the error.
    fn shutdown(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        Box::pin(async { Ok(()) })
    }

    /// The text under this key, if there is one.
    ///
    /// # Errors
    /// When the store cannot tell.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>>;

    /// Replaces the text under this key. `time` is when the SDK received it, in epoch milliseconds.
    ///
    /// # Errors
    /// When it was not stored.
    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        time: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>>;

    /// The bytes under this key, if there are any. The SDK calls this before [`get`](Self::get),
    /// and calls `get` only if the result is
    /// [`BytesNotImplemented`](DataStoreError::BytesNotImplemented), which is the default.
    ///
    /// # Errors
    /// When the store keeps text only, or cannot tell.
    fn get_bytes<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<DataStoreBytesResponse, DataStoreError>> {
        let _ = key;
        Box::pin(async { Err(DataStoreError::BytesNotImplemented) })
    }

    /// Replaces the bytes under this key. The SDK calls this before [`set`](Self::set), like
    /// [`get_bytes`](Self::get_bytes).
    ///
    /// # Errors
    /// When the store keeps text only, or they were not stored.
    fn set_bytes<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        time: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        let _ = (key, value, time);
        Box::pin(async { Err(DataStoreError::BytesNotImplemented) })
    }

    /// How many bytes are stored under this key; `None` when there is nothing. Clients that write
    /// to the store call this at every sync interval, and write lost values again. The default
    /// reads the whole value each time, which may be many megabytes. Implement this in every store
    /// that can return a length without the value.
    ///
    /// # Errors
    /// When the store cannot tell.
    fn byte_len<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<usize>, DataStoreError>> {
        Box::pin(async move {
            match self.get_bytes(key).await {
                Err(DataStoreError::BytesNotImplemented) => {
                    let text = self.get(key).await?.result;
                    Ok(text.map(|text| text.len()))
                }
                found => Ok(found?.result.map(|bytes| bytes.len())),
            }
        })
    }

    /// Whether to read the store at every sync interval, instead of the network. Called when a
    /// client starts. Default: false.
    fn support_polling_updates_for(&self, path: RequestPath) -> bool {
        let _ = path;
        false
    }

    /// What the store is used for. Default: specs only.
    fn supports_feature(&self, feature: DataStoreFeature) -> bool {
        feature == DataStoreFeature::ConfigSpecs
    }

    /// Whether to read the store at every sync interval for this feature, and the network only when
    /// the store has nothing. Called for [`IdListSnapshot`](DataStoreFeature::IdListSnapshot),
    /// where `None` counts as yes. A process that downloads lists for others must return
    /// `Some(false)`. A client without a network reads the store at every interval anyway. Default:
    /// `None`.
    fn support_polling_updates_for_feature(&self, feature: DataStoreFeature) -> Option<bool> {
        let _ = feature;
        None
    }
}

/// The text that a [`DataStore`] found. Its `Debug` shows only the number of bytes.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataStoreResponse {
    /// The text; `None` when there is nothing under the key.
    pub result: Option<String>,
    /// When it was stored, in epoch milliseconds, if the store knows. The SDK does not use it.
    pub time: Option<u64>,
}

impl Debug for DataStoreResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataStoreResponse")
            .field("bytes", &self.result.as_ref().map(|found| found.len()))
            .field("time", &self.time)
            .finish()
    }
}

impl DataStoreResponse {
    /// An answer without a time.
    #[must_use]
    pub fn new(result: Option<String>) -> Self {
        Self { result, time: None }
    }
}

/// The bytes that a [`DataStore`] found. Its `Debug` shows only their number.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataStoreBytesResponse {
    /// The bytes; `None` when there is nothing under the key.
    pub result: Option<Bytes>,
    /// When they were stored, in epoch milliseconds, if the store knows. The SDK does not use it.
    pub time: Option<u64>,
}

impl Debug for DataStoreBytesResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataStoreBytesResponse")
            .field("bytes", &self.result.as_ref().map(|found| found.len()))
            .field("time", &self.time)
            .finish()
    }
}

impl DataStoreBytesResponse {
    /// An answer without a time.
    #[must_use]
    pub fn new(result: Option<Bytes>) -> Self {
        Self { result, time: None }
    }
}

/// What a [`DataStore`] can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataStoreFeature {
    /// Specs.
    ConfigSpecs,
    /// Reading complete sets of ID lists.
    IdListSnapshot,
    /// Writing complete sets of ID lists.
    IdListSnapshotWrite,
}

/// The endpoint whose responses a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestPath {
    /// Specs in the current format.
    RulesetsV2,
    /// Specs in the previous format.
    RulesetsV1,
    /// The manifest of ID lists.
    IDListsV1,
    /// One ID list.
    IDList,
}

impl RequestPath {
    /// Its text in keys.
    ///
    /// ```
    /// assert_eq!(statsig::sources::RequestPath::RulesetsV2.as_str(), "/v2/download_config_specs");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RulesetsV2 => "/v2/download_config_specs",
            Self::RulesetsV1 => "/v1/download_config_specs",
            Self::IDListsV1 => "/v1/get_id_lists",
            Self::IDList => "id_list",
        }
    }
}
