//! Where ID lists come from: the [`IdListsAdapter`] trait, the one for the network, and the data store.

pub(crate) mod http;
pub(crate) mod manifest;
mod round;
mod snapshot;
pub(crate) mod source;
pub(crate) mod store;

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::manifest::Manifest;
use self::store::StoredProblem;
use super::FetchError;
use crate::mask::shown;
use crate::specs::id_list::IdLists;
use crate::text::SharedStr;
use crate::transport::{BoxFuture, address};

/// The largest manifest that is read, in bytes: enough for some 50,000 lists.
pub(crate) const MAX_MANIFEST_BYTES: usize = 16 * 1024 * 1024;

/// Brings ID lists: the manifest that the service's `get_id_lists` endpoint answers with, and the files
/// that it names.
///
/// The SDK has one for the network, used unless options say otherwise. Implement it to take lists from
/// elsewhere. The SDK calls it from its own tasks, one call at a time for each client. The SDK decides
/// which part of which file it needs, and reads it.
///
/// ```
/// use statsig::sources::{FetchError, IdListFileRequest, IdListsAdapter, IdListsRequest};
/// use statsig::transport::BoxFuture;
/// use statsig::StatsigOptions;
///
/// #[derive(Debug)]
/// struct Employees;
///
/// impl IdListsAdapter for Employees {
///     fn manifest(&self, _: &IdListsRequest) -> BoxFuture<'_, Result<bytes::Bytes, FetchError>> {
///         let manifest = r#"{"employees": {"name": "employees", "url": "", "size": 10, "creationTime": 1}}"#;
///         Box::pin(async move { Ok(manifest.into()) })
///     }
///
///     fn file(&self, request: &IdListFileRequest) -> BoxFuture<'_, Result<bytes::Bytes, FetchError>> {
///         // The first eight characters of base64(SHA-256("a-user")).
///         let rest = "+Z/hEKLio\n".get(usize::try_from(request.start).unwrap_or(usize::MAX)..);
///         Box::pin(async move { Ok(rest.unwrap_or_default().into()) })
///     }
/// }
///
/// let options = StatsigOptions::builder()
///     .enable_id_lists(true)
///     .id_lists_adapter(std::sync::Arc::new(Employees))
///     .build()?;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
pub trait IdListsAdapter: Debug + Send + Sync + 'static {
    /// The manifest: a JSON object of list name to `{"name", "url", "size", "creationTime", "fileID"}`.
    ///
    /// # Errors
    /// When there is no manifest. The lists in use stay in use.
    fn manifest(&self, request: &IdListsRequest) -> BoxFuture<'_, Result<Bytes, FetchError>>;

    /// A file from a position to its end.
    ///
    /// # Errors
    /// When it cannot be read. The list stays unchanged, and the next sync asks for the same part.
    fn file(&self, request: &IdListFileRequest) -> BoxFuture<'_, Result<Bytes, FetchError>>;

    /// Whether it uses the network. With the option `disable_network`, such an adapter is never asked.
    /// Default: false.
    fn uses_network(&self) -> bool {
        false
    }
}

/// What the SDK wants to know about all lists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdListsRequest {
    /// How long the SDK waits.
    pub limit: Duration,
    /// The largest manifest that the SDK reads, in bytes.
    pub max_bytes: usize,
}

/// The part of a file that the SDK wants. `Debug` shows the URL without parts that may be secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdListFileRequest {
    /// The list's name.
    pub list: SharedStr,
    /// The file's URL, as the manifest has it.
    pub url: SharedStr,
    /// How many bytes of the file the SDK has.
    pub start: u64,
    /// How many bytes the file has, according to the manifest. By now it may have more.
    pub size: u64,
    /// How long the SDK waits.
    pub limit: Duration,
    /// The largest part that the SDK reads, in bytes.
    pub max_bytes: usize,
}

impl Debug for IdListFileRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdListFileRequest")
            .field("list", &self.list)
            .field("url", &address::shown_without_file(&self.url))
            .field("start", &self.start)
            .field("size", &self.size)
            .field("limit", &self.limit)
            .field("max_bytes", &self.max_bytes)
            .finish()
    }
}

/// What one sync may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For each request.
    pub(crate) request: Duration,
    /// For the data store alone, at the start, before the network is asked too.
    pub(crate) store_alone: Duration,
    pub(crate) max_file_bytes: usize,
    /// In all lists together.
    pub(crate) max_ids: usize,
}

/// The result of a sync.
#[derive(Debug, Clone)]
pub(crate) struct Synced {
    /// All lists as they are now; `None` when nothing has changed.
    pub(crate) lists: Option<Arc<IdLists>>,
    /// The first failure of a file. The lists of files that failed are unchanged.
    pub(crate) failure: Option<IdListsError>,
    /// What the service says there is, if it was asked.
    pub(crate) manifest: Option<Manifest>,
}

impl Synced {
    /// Lists that the data store had.
    fn read(lists: Option<IdLists>) -> Self {
        Self {
            lists: lists.map(Arc::new),
            failure: None,
            manifest: None,
        }
    }
}

/// Why a sync brought nothing. The lists in use stay in use.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum IdListsError {
    #[error("{0}")]
    Fetch(#[from] FetchError),
    #[error("{0}")]
    Stored(#[from] StoredProblem),
    #[error("expected a manifest of ID lists, found something else: {problem}")]
    Manifest { problem: String },
    #[error(
        "the manifest's entry of ID list `{}` is malformed: {problem}",
        shown(list)
    )]
    Entry { list: SharedStr, problem: String },
    #[error("the file of ID list `{}` {problem}", shown(list))]
    File {
        list: SharedStr,
        problem: FileProblem,
    },
    #[error("an internal task ended early")]
    Interrupted,
}

impl IdListsError {
    pub(crate) fn is_malformed_entry(&self) -> bool {
        matches!(self, Self::Entry { .. })
    }

    /// The error if the server refuses all requests or asks for a pause. A single forbidden file says
    /// nothing about the others.
    pub(crate) fn refusal(&self) -> Option<&FetchError> {
        let error = match self {
            Self::Fetch(error) => error,
            Self::File {
                problem: FileProblem::Fetch(error),
                ..
            } if error.asks_for_fewer_requests() => error,
            _ => return None,
        };
        error.asks_for_pause().then_some(error)
    }
}

/// What is wrong with the file of a list.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum FileProblem {
    #[error("cannot be read: {0}")]
    Fetch(#[from] FetchError),
    #[error("is not an ID-list file: every line must start with + or -")]
    NoList,
    #[error("has too many IDs: expected at most {limit} in all lists")]
    TooManyIds { limit: usize },
}
