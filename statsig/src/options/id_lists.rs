//! Where ID lists come from, and when.

use std::sync::Arc;
use std::time::Duration;

use super::{DEFAULT_ID_LISTS_REQUEST_TIMEOUT, StatsigOptionsBuilder};
use crate::sources::id_lists::IdListsAdapter;
use crate::transport::address::Address;

impl StatsigOptionsBuilder {
    /// Downloads ID lists, which hold the members of segments with more than a thousand IDs. Without them, no user is in such a
    /// segment. Default: false.
    ///
    /// The SDK key goes to Statsig and to the origins that these options name. Files at other origins are downloaded without it.
    ///
    /// A list of ten million IDs takes about 8 bytes of memory for each, plus its file during a download.
    pub fn enable_id_lists(mut self, enable: bool) -> Self {
        self.options.enable_id_lists = enable;
        self
    }

    /// Where the manifest of the ID lists comes from: the complete URL, which is asked with an empty `POST`. Default: Statsig's,
    /// with the SDK key in it. Empty means the default.
    pub fn id_lists_url(mut self, url: impl Into<String>) -> Self {
        self.options.id_lists_url = Address::given(&url.into());
        self
    }

    /// Downloads the files of ID lists from this address instead of the one in the manifest: scheme and host, to which path
    /// and query of the manifest's are added. Default: none. Empty means the default.
    pub fn download_id_list_file_api(mut self, base: impl Into<String>) -> Self {
        self.options.download_id_list_file_api = Address::given(&base.into());
        self
    }

    /// The pause between two syncs of the ID lists. Default: 60 s. At least 1 s.
    pub fn id_lists_sync_interval(mut self, interval: Duration) -> Self {
        self.options.id_lists_sync_interval = interval;
        self
    }

    /// The limit of each request for the manifest or a file. Default: 10 s; zero means the default.
    pub fn id_lists_request_timeout(mut self, limit: Duration) -> Self {
        self.options.id_lists_request_timeout = if limit.is_zero() {
            DEFAULT_ID_LISTS_REQUEST_TIMEOUT
        } else {
            limit
        };
        self
    }

    /// The largest file of an ID list, or part of one, to accept at a time, in bytes after decompression. An ID takes ten of
    /// them. Default: 256 MiB.
    pub fn max_id_list_bytes(mut self, bytes: usize) -> Self {
        self.options.max_id_list_bytes = bytes;
        self
    }

    /// Takes ID lists from this adapter instead of the network. They must be [enabled](Self::enable_id_lists) too.
    pub fn id_lists_adapter(mut self, adapter: Arc<dyn IdListsAdapter>) -> Self {
        self.options.id_lists_adapter = Some(adapter);
        self
    }
}
