//! Where ID lists come from, and when.

use std::sync::Arc;
use std::time::Duration;

use super::{DEFAULT_ID_LISTS_REQUEST_TIMEOUT, StatsigOptionsBuilder};
use crate::sources::id_lists::IdListsAdapter;
use crate::transport::address::Address;

option_setters! {
    /// Downloads ID lists, which hold the members of segments with more than a thousand IDs.
    /// Without them, no user is in such a segment. Default: false.
    ///
    /// The client sends the SDK key to Statsig and to the origins that these options name. It
    /// downloads files from other origins without the key.
    ///
    /// A list takes about 8 bytes of memory for each ID, plus its file during a download.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().enable_id_lists(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn enable_id_lists(enable: bool) => enable_id_lists = enable;

    /// Sets the complete URL of the ID lists' manifest. The client requests it with an empty
    /// `POST`. Default: Statsig's URL, which contains the SDK key. Empty means the default.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .enable_id_lists(true)
    ///     .id_lists_url("http://forward-proxy:8000/v1/get_id_lists")
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn id_lists_url(url: impl Into<String>) => id_lists_url = Address::given(&url.into());

    /// Downloads the files of ID lists from this scheme and host instead of those in the manifest.
    /// The client appends the path and query from the manifest. Default: none. Empty means the
    /// default.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .enable_id_lists(true)
    ///     .download_id_list_file_api("http://id-lists.internal:8000")
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn download_id_list_file_api(base: impl Into<String>) =>
        download_id_list_file_api = Address::given(&base.into());

    /// Sets the pause between two syncs of the ID lists. Default: 60 s. At least 1 s.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder()
    ///     .id_lists_sync_interval(Duration::from_secs(300))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn id_lists_sync_interval(interval: Duration) => id_lists_sync_interval = interval;

    /// Sets the limit of each request for the manifest or a file, response included. Default: 10 s.
    /// Zero means the default.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::time::Duration;
    /// let options = StatsigOptions::builder()
    ///     .id_lists_request_timeout(Duration::from_secs(30))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn id_lists_request_timeout(limit: Duration) =>
        id_lists_request_timeout = if limit.is_zero() {
            DEFAULT_ID_LISTS_REQUEST_TIMEOUT
        } else {
            limit
        };

    /// Sets the limit in bytes of one download of an ID list (a file or a part of it), after
    /// decompression. An ID takes 10 bytes. Default: 256 MiB.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().max_id_list_bytes(512 * 1024 * 1024).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn max_id_list_bytes(bytes: usize) => max_id_list_bytes = bytes;

    /// Loads ID lists from this adapter instead of the network.
    /// [`enable_id_lists`](Self::enable_id_lists) must be on, too. Default: none. For an example
    /// see [`IdListsAdapter`].
    pub fn id_lists_adapter(adapter: Arc<dyn IdListsAdapter>) => id_lists_adapter = Some(adapter);

    /// Sets the complete URL that [`Statsig::enrich`](crate::Statsig::enrich) asks, with the SDK
    /// key in a header. Default: `v1/user_enrichment` at the API of `specs_url`.
    /// Empty means the default.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .user_enrichment_url("http://forward-proxy:8000/v1/user_enrichment")
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn user_enrichment_url(url: impl Into<String>) =>
        user_enrichment_url = Address::given(&url.into());
}
