//! The sources of ID lists: the [`IdListsAdapter`] trait, its implementation for the network, and
//! the data store.

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
use self::snapshot::StoredProblem;
use super::FetchError;
use crate::mask::shown;
use crate::specs::id_list::IdLists;
use crate::text::SharedStr;
use crate::transport::{BoxFuture, address};

/// The limit of a manifest in bytes: enough for about 50,000 lists.
pub(crate) const MAX_MANIFEST_BYTES: usize = 16 * 1024 * 1024;

/// Loads ID lists: the manifest that the service's `get_id_lists` endpoint returns, and the files
/// that it names.
///
/// By default, the SDK uses its own adapter for the network. Implement this trait to load lists
/// from another source. The SDK calls it from its own tasks, one call at a time for each client.
/// The SDK decides which part of which file it needs, and parses it.
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
    /// The manifest: a JSON object that maps list names to
    /// `{"name", "url", "size", "creationTime", "fileID"}`.
    ///
    /// # Errors
    /// When there is no manifest. The lists in use stay in use.
    fn manifest(&self, request: &IdListsRequest) -> BoxFuture<'_, Result<Bytes, FetchError>>;

    /// A file from a position to its end.
    ///
    /// # Errors
    /// When it cannot be read. The list does not change, and the next sync requests the same part.
    fn file(&self, request: &IdListFileRequest) -> BoxFuture<'_, Result<Bytes, FetchError>>;

    /// Whether it uses the network. With the option `disable_network`, the SDK never calls such an
    /// adapter. Default: false.
    fn uses_network(&self) -> bool {
        false
    }
}

/// A request for the manifest of all lists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdListsRequest {
    /// The time limit of the request.
    pub limit: Duration,
    /// The largest manifest that the SDK reads, in bytes.
    pub max_bytes: usize,
}

/// A request for a part of a file. `Debug` shows the URL without parts that may be secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdListFileRequest {
    /// The list's name.
    pub list: SharedStr,
    /// The file's URL, as the manifest has it.
    pub url: SharedStr,
    /// The number of bytes of the file that the SDK has.
    pub start: u64,
    /// The size of the file in the manifest. The file may have grown since.
    pub size: u64,
    /// The time limit of the request.
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

/// The limits of one sync.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The time limit of each request.
    pub(crate) request: Duration,
    /// How long the start waits for the data store alone, before it also asks the network.
    pub(crate) store_alone: Duration,
    pub(crate) max_file_bytes: usize,
    /// The limit of IDs in all lists together.
    pub(crate) max_ids: usize,
}

/// The result of a sync.
#[derive(Debug, Clone)]
pub(crate) struct Synced {
    /// All lists as they are now; `None` when nothing has changed.
    pub(crate) lists: Option<Arc<IdLists>>,
    /// The first failure of a file. Lists whose files failed do not change.
    pub(crate) failure: Option<IdListsError>,
    /// The service's manifest, if the sync requested it.
    pub(crate) manifest: Option<Manifest>,
}

impl Synced {
    /// Lists from the data store.
    fn read(lists: Option<IdLists>) -> Self {
        Self {
            lists: lists.map(Arc::new),
            failure: None,
            manifest: None,
        }
    }
}

/// Why a sync failed. The lists in use stay in use.
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

    /// The error if the server refuses all requests or asks for a pause. A single forbidden file
    /// does not mean that the server refuses the others.
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

/// The problem with the file of a list.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum FileProblem {
    #[error("cannot be read: {0}")]
    Fetch(#[from] FetchError),
    #[error("is not an ID-list file: every line must start with + or -")]
    NoList,
    #[error("has too many IDs: expected at most {limit} in all lists")]
    TooManyIds { limit: usize },
}
