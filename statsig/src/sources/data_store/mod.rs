//! A store that services share, so that specs outlive a process: the [`DataStore`] trait.

mod file;
pub(crate) mod kept;
mod keys;
pub(crate) mod session;
pub(crate) mod specs;
mod writes;

use std::fmt::{self, Debug};
use std::time::Duration;

use bytes::Bytes;

pub use file::FileDataStore;
pub use keys::DataStoreKeyVersion;

pub use super::error::DataStoreError;

use crate::transport::BoxFuture;

/// The longest a data store is asked alone at the start: it answers in milliseconds, or something is wrong with it.
pub(crate) const STORE_TIME_ALONE: Duration = Duration::from_millis(500);

/// Keeps specs, and ID lists, outside of the process: in Redis, in a file, in what your services share.
///
/// A client with a data store reads its specs there first when it starts. It asks the network if the store has none or takes longer
/// than 500 ms, and writes back what the network brings. A store that [supports polling](Self::support_polling_updates_for) is read
/// again at every sync interval, and the network is not polled at all: one process writes, many read.
///
/// ID lists that are [enabled](crate::StatsigOptionsBuilder::enable_id_lists) are kept as well, in a store that says that it
/// [does so](Self::supports_feature): complete sets of them, read at the start before anything is downloaded, and written whenever
/// the network brought others. One that cannot be read as a whole is not used.
///
/// A write can fail, and a store can lose its content. At every sync interval the client retries a failed write, until it succeeds or
/// newer specs replace it, and writes again what the store lost. For this, a client that downloads its specs from the network keeps
/// their JSON in memory, and calls [`byte_len`](Self::byte_len) for all that it keeps in the store. Implement that method: its
/// default reads each value as a whole, by default the specs every 10 seconds and the ID lists every minute.
///
/// Specs are the service's responses, verbatim, under keys that all of Statsig's server SDKs agree on. The SDK calls a store
/// from its own tasks and holds every call to a limit; a failure is logged, and never reaches an evaluation. [`FileDataStore`]
/// comes with the SDK.
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
    /// Called before the first read or write; again before the next one if it failed, and when a client that was shut down starts
    /// again. Default: nothing to do.
    ///
    /// # Errors
    /// When the store cannot be used now.
    fn initialize(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        Box::pin(async { Ok(()) })
    }

    /// Called once when the client shuts down, after the last read and write, if initialising succeeded. Default: nothing
    /// to do.
    ///
    /// # Errors
    /// When something was left undone. It is logged.
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

    /// The bytes under this key, if there are any. Asked before [`get`](Self::get), which is not asked unless the answer is
    /// [`BytesNotImplemented`](DataStoreError::BytesNotImplemented): the default.
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

    /// Replaces the bytes under this key. Asked before [`set`](Self::set), like [`get_bytes`](Self::get_bytes).
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

    /// How many bytes are stored under this key; `None` when there is nothing. Clients that write to the store call this at every sync
    /// interval, and write lost values again. The default reads the whole value each time, which may be many megabytes. Implement
    /// this in every store that can tell a length without the value.
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

    /// Whether to read the store at every sync interval, instead of the network. Asked when a client starts. Default: false.
    fn support_polling_updates_for(&self, path: RequestPath) -> bool {
        let _ = path;
        false
    }

    /// What the store is used for. Default: specs only.
    fn supports_feature(&self, feature: DataStoreFeature) -> bool {
        feature == DataStoreFeature::ConfigSpecs
    }

    /// Whether to read the store at every sync interval for this feature, and the network only when the store has nothing. Asked
    /// for [`IdListSnapshot`](DataStoreFeature::IdListSnapshot), where `None`, no opinion, counts as yes; a process that is to download
    /// lists for others must say no. A client without a network reads it at every interval anyway. Default: `None`.
    fn support_polling_updates_for_feature(&self, feature: DataStoreFeature) -> Option<bool> {
        let _ = feature;
        None
    }
}

/// The text that a [`DataStore`] found. Its `Debug` says how many bytes these are.
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

/// The bytes that a [`DataStore`] found. Its `Debug` says how many bytes these are.
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
    /// Specs in today's format.
    RulesetsV2,
    /// Specs in the format before.
    RulesetsV1,
    /// The manifest of ID lists.
    IDListsV1,
    /// One ID list.
    IDList,
}

impl RequestPath {
    /// How it is written in keys.
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
