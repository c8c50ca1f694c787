//! An upstream: another Statsig, whose specs and ID lists the server serves and which gets the
//! events.
//!
//! An SDK client downloads from the upstream. This server is the client's data store.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use serde::de::IgnoredAny;
use statsig::sources::{
    DataStore, DataStoreError, DataStoreFeature, DataStoreResponse, RequestPath,
};
use statsig::transport::{BoxFuture, shown_url};
use statsig::{Statsig, StatsigOptions};
use tokio::sync::watch;

use crate::error::LocalError;
use crate::limits::UPSTREAM_LIMIT;
use crate::notice::Notice;
use crate::relay::Relay;
use crate::shared::Shared;
use crate::sync::lock;

/// The source of the served data, for notices.
const ORIGIN: &str = "the upstream's";
const STATSIGS_EVENTS: &str = "https://prodregistryv2.org/v1/log_event";

/// An upstream, for [`LocalStatsigBuilder::upstream`](crate::LocalStatsigBuilder::upstream).
///
/// ```
/// use statsig::testing::Specs;
/// use statsig_local::{LocalStatsig, Upstream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), statsig_local::LocalError> {
/// let specs = Specs::new().gate("beta", |g| g.everyone());
/// let specs = specs.to_json().expect("a valid project");
/// let far = LocalStatsig::builder().specs_json(specs).start().await?;
///
/// let upstream = Upstream::at(far.url(), "secret-key");
/// let near = LocalStatsig::builder().upstream(upstream).start().await?;
/// assert_eq!(near.specs_summary().gates, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Upstream {
    /// `None` means the service itself.
    url: Option<String>,
    pub(crate) sdk_key: String,
    sync_interval: Option<Duration>,
}

impl Upstream {
    /// The service itself, for the project of this SDK key.
    pub fn statsig(sdk_key: impl Into<String>) -> Self {
        Self {
            url: None,
            sdk_key: sdk_key.into(),
            sync_interval: None,
        }
    }

    /// A forward proxy or another local Statsig at this address, `http://host:port`, for the
    /// project of this SDK key.
    pub fn at(url: impl Into<String>, sdk_key: impl Into<String>) -> Self {
        let url = url.into().trim_end_matches('/').to_owned();
        Self {
            url: Some(url),
            ..Self::statsig(sdk_key)
        }
    }

    /// The intervals at which the server asks for specs and for ID lists, at least 1 s. Default:
    /// the SDK's, 10 s and 60 s.
    #[must_use]
    pub fn sync_interval(mut self, interval: Duration) -> Self {
        self.sync_interval = Some(interval);
        self
    }

    fn options(&self, store: Arc<Store>) -> Result<StatsigOptions, statsig::OptionsError> {
        let mut options = StatsigOptions::builder()
            .enable_id_lists(true)
            .disable_all_logging(true)
            .init_timeout(UPSTREAM_LIMIT)
            .data_store(store);
        if let Some(url) = &self.url {
            options = options
                .specs_url(format!("{url}/v2/download_config_specs"))
                .id_lists_url(format!("{url}/v1/get_id_lists"))
                .log_event_url(self.log_event_url());
        }
        if let Some(interval) = self.sync_interval {
            options = options
                .specs_sync_interval(interval)
                .id_lists_sync_interval(interval);
        }
        options.build()
    }

    /// Connects to the upstream. Returns when the server serves the upstream's specs, and its ID
    /// lists if it has any.
    pub(crate) async fn connect(self, shared: &Arc<Shared>) -> Result<Relay, LocalError> {
        let failed = |problem: &dyn fmt::Display| LocalError::Upstream {
            problem: problem.to_string(),
        };
        let store = Arc::new(Store {
            server: Arc::downgrade(shared),
            ..Store::default()
        });
        let mut has_specs = store.has_specs.subscribe();
        let mut has_lists = store.has_lists.subscribe();
        let options = self.options(store).map_err(|error| failed(&error))?;
        let client = Statsig::new(&self.sdk_key, options);
        let details = client.initialize_with_details().await;
        let details = details.map_err(|error| failed(&error))?;
        if !details.is_config_spec_ready {
            let failure = details.failure_details.as_ref();
            return Err(failure.map_or_else(|| failed(&"no specs"), |error| failed(error)));
        }
        let served = tokio::time::timeout(UPSTREAM_LIMIT, has_specs.wait_for(|has| *has)).await;
        if !served.is_ok_and(|served| served.is_ok()) {
            return Err(failed(&"they cannot be served"));
        }
        if details.is_id_list_ready == Some(true) {
            // The lists have not arrived yet. If they do not arrive in time, a later sync
            // downloads them.
            let _ = tokio::time::timeout(UPSTREAM_LIMIT, has_lists.wait_for(|has| *has)).await;
        }
        Ok(Relay::new(client, self.log_event_url()))
    }

    fn log_event_url(&self) -> String {
        match &self.url {
            Some(url) => format!("{url}/v1/log_event"),
            None => STATSIGS_EVENTS.to_owned(),
        }
    }
}

/// The address without credentials; `statsig` for the service itself.
impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.url {
            Some(url) => f.write_str(&shown_url(url)),
            None => f.write_str("statsig"),
        }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("url", &self.to_string())
            .field("sync_interval", &self.sync_interval)
            .finish_non_exhaustive()
    }
}

/// A data store that serves what the client writes to it.
#[derive(Debug, Clone, Default)]
struct Store {
    server: Weak<Shared>,
    has_specs: watch::Sender<bool>,
    has_lists: watch::Sender<bool>,
    /// By name; served when the manifest arrives.
    lists: Arc<Mutex<BTreeMap<String, List>>>,
    /// Why something is not served, by path. The client retries at every interval. Each problem is
    /// reported once.
    refused: Arc<Mutex<BTreeMap<String, String>>>,
}

/// The last members of a list, and the lines of its file.
#[derive(Debug, Default)]
struct List {
    members: String,
    lines: Bytes,
}

impl Store {
    fn take(&self, path: &str, text: String) -> Result<(), LocalError> {
        let Some(server) = self.server.upgrade() else {
            return Ok(());
        };
        if path == RequestPath::RulesetsV2.as_str() {
            server.set_specs(text, ORIGIN)?;
            self.has_specs.send_replace(true);
        } else if path == RequestPath::IDListsV1.as_str() {
            let manifest: BTreeMap<String, IgnoredAny> =
                serde_json::from_str(&text).map_err(|error| LocalError::syntax(ORIGIN, &error))?;
            let mut lists = lock(&self.lists);
            lists.retain(|name, _| manifest.contains_key(name));
            let lines = lists
                .iter()
                .map(|(name, list)| (name.clone(), list.lines.clone()))
                .collect();
            drop(lists);
            server.change_id_lists(|sources| sources.upstream = Some(lines));
            self.has_lists.send_replace(true);
            server.notify(&Notice::IdListsLoaded {
                origin: ORIGIN.to_owned(),
                lists: manifest.len(),
            });
        } else if let Some(name) = list_name(path) {
            let mut lists = lock(&self.lists);
            lists.entry(name.to_owned()).or_default().follow(text);
        }
        Ok(())
    }
}

impl List {
    /// Appends the changes, so that clients download nothing else. Starts a new file when that is
    /// shorter.
    fn follow(&mut self, members: String) {
        if members == self.members {
            return;
        }
        let before: BTreeSet<&str> = self.members.lines().collect();
        let now: BTreeSet<&str> = members.lines().collect();
        let (left, came) = (before.difference(&now), now.difference(&before));
        let mut lines = String::from_utf8_lossy(&self.lines).into_owned();
        lines.extend(left.map(|line| line.replacen('+', "-", 1) + "\n"));
        lines.extend(came.map(|line| format!("{line}\n")));
        if lines.len() > 2 * members.len() {
            lines.clone_from(&members);
        }
        self.lines = lines.into();
        self.members = members;
    }
}

fn list_name(path: &str) -> Option<&str> {
    path.strip_prefix(RequestPath::IDList.as_str())?
        .strip_prefix("::")
}

/// The path in `statsig|path|plain_text|key`. The path may contain any character.
fn path_of(key: &str) -> Option<&str> {
    let (path, _) = key.strip_prefix("statsig|")?.rsplit_once("|plain_text|")?;
    Some(path)
}

impl DataStore for Store {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(async { Ok(DataStoreResponse::default()) })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        _: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        Box::pin(async move {
            let (store, text) = (self.clone(), value.to_owned());
            let path = path_of(key).unwrap_or_default().to_owned();
            let taking = path.clone();
            // Parsing a long text takes time, so it runs outside the async workers.
            let taken = tokio::task::spawn_blocking(move || store.take(&taking, text)).await;
            let Err(error) = taken.unwrap_or(Err(LocalError::Stopped)) else {
                lock(&self.refused).remove(&path);
                return Ok(());
            };
            let report = error.report();
            let known = lock(&self.refused).insert(path, report.clone());
            if known.as_ref() != Some(&report)
                && let Some(server) = self.server.upgrade()
            {
                server.notify(&Notice::FileRefused(error));
            }
            Err(DataStoreError::failed(report))
        })
    }

    fn supports_feature(&self, _: DataStoreFeature) -> bool {
        true
    }

    fn support_polling_updates_for_feature(&self, _: DataStoreFeature) -> Option<bool> {
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow_by_what_has_changed_and_start_anew_when_that_is_shorter() {
        let mut list = List::default();
        for (members, lines) in [
            ("+b\n+a\n", "+a\n+b\n"),
            ("+b\n+c\n", "+a\n+b\n-a\n+c\n"),
            ("+b\n+c\n", "+a\n+b\n-a\n+c\n"),
            ("+c\n", "+c\n"),
            ("", ""),
        ] {
            list.follow(members.to_owned());
            assert_eq!(list.lines, lines);
        }
    }

    #[test]
    fn keys_are_taken_apart_whatever_a_list_is_called() {
        let path = path_of("statsig|id_list::a|plain_text|b|plain_text|hash=");
        assert_eq!(path.and_then(list_name), Some("a|plain_text|b"));
        assert_eq!(path_of("other"), None);
    }

    #[test]
    fn credentials_in_the_address_are_not_shown() {
        let upstream = Upstream::at("http://user:PASSWORD@proxy:1/", "secret-key");
        assert_eq!(upstream.to_string(), "http://proxy:1/");
        assert!(!format!("{upstream:?}").contains("PASSWORD"));
        assert_eq!(Upstream::statsig("secret-key").to_string(), "statsig");
    }

    #[test]
    fn the_sdk_key_is_not_shown() {
        let upstream = Upstream::at("http://localhost:1/", "secret-key");
        let shown = format!("{upstream:?}");
        assert!(
            shown.contains("http://localhost:1/\"") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
