//! The state that the handlers, the file watcher and the handle share.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use crate::access::Access;
use crate::body::Refusal;
use crate::error::LocalError;
use crate::events::ReceivedEvent;
use crate::faults::{FaultScript, WireFaults};
use crate::id_lists::{self, IdListLines, IdListStore};
use crate::notice::Notice;
use crate::record::Record;
use crate::specs::ServedSpecs;
use crate::sync::lock;

pub(crate) type EventCallback = Box<dyn Fn(&ReceivedEvent) + Send + Sync>;
pub(crate) type NoticeCallback = Box<dyn Fn(&Notice) + Send + Sync>;

pub(crate) struct Shared {
    /// `http://host:port`, for clients whose request names no host.
    pub(crate) url: String,
    pub(crate) access: Access,
    /// The accepted SDK keys; `None` accepts every key.
    pub(crate) sdk_keys: Option<BTreeSet<String>>,
    pub(crate) is_forward_proxy: bool,
    /// Whether the served data belongs to the project of an upstream.
    pub(crate) has_upstream: bool,
    /// Replaced as a whole.
    pub(crate) specs: watch::Sender<Arc<ServedSpecs>>,
    pub(crate) id_lists: IdListStore,
    pub(crate) faults: FaultScript,
    pub(crate) record: Record,
    pub(crate) on_event: Option<EventCallback>,
    pub(crate) on_notice: Option<NoticeCallback>,
    /// Held while new specs are prepared. This takes long, and readers must not wait for it.
    pub(crate) replacing_specs: Mutex<()>,
    pub(crate) id_list_sources: Mutex<IdListSources>,
    /// Set before the server answers requests, if there is an upstream.
    #[cfg(feature = "upstream")]
    pub(crate) relay: std::sync::OnceLock<crate::relay::Relay>,
}

/// The sources of the ID lists. Lists set by code replace those of the file, and those of the file
/// replace the upstream's.
#[derive(Debug, Default)]
pub(crate) struct IdListSources {
    /// `None` until the upstream has sent its manifest.
    pub(crate) upstream: Option<IdListLines>,
    pub(crate) file: IdListLines,
    pub(crate) code: IdListLines,
}

impl Shared {
    pub(crate) fn serves(&self, sdk_key: &str) -> bool {
        self.sdk_keys
            .as_ref()
            .is_none_or(|keys| keys.contains(sdk_key))
    }

    /// Refuses requests until the upstream has sent the manifest of ID lists.
    pub(crate) fn check_id_lists(&self) -> Result<(), Refusal> {
        if self.has_upstream && lock(&self.id_list_sources).upstream.is_none() {
            return Err(Refusal::NoIdListsYet);
        }
        Ok(())
    }

    pub(crate) fn current_specs(&self) -> Arc<ServedSpecs> {
        Arc::clone(&self.specs.borrow())
    }

    pub(crate) fn notify(&self, notice: &Notice) {
        if let Some(on_notice) = &self.on_notice {
            on_notice(notice);
        }
    }

    /// Serves another specs text. Returns false if the server already serves it.
    pub(crate) fn set_specs(&self, text: String, origin: &str) -> Result<bool, LocalError> {
        let replacing = lock(&self.replacing_specs);
        let previous = self.current_specs();
        if previous.was_made_from(&text) {
            return Ok(false);
        }
        let specs = ServedSpecs::parse(text, origin, Some(&previous))?;
        let summary = specs.summary;
        self.specs.send_replace(Arc::new(specs));
        drop(replacing);
        self.notify(&Notice::SpecsLoaded {
            origin: origin.to_owned(),
            summary,
        });
        Ok(true)
    }

    /// Serves the ID lists of another text instead of the previous ones. Returns false if they are
    /// the same.
    pub(crate) fn set_id_lists(&self, text: &str, origin: &str) -> Result<bool, LocalError> {
        let lists = id_lists::parse(text, origin)?;
        let count = lists.len();
        let is_change = self.change_id_lists(|sources| {
            let is_change = sources.file != lists;
            sources.file = lists;
            is_change
        });
        if is_change {
            self.notify(&Notice::IdListsLoaded {
                origin: origin.to_owned(),
                lists: count,
            });
        }
        Ok(is_change)
    }

    /// Replaces all faults by those of a file, from its beginning. Always returns true: requests
    /// may have used some of the old ones.
    pub(crate) fn set_faults(&self, text: &str, origin: &str) -> Result<bool, LocalError> {
        let WireFaults { faults } = WireFaults::parse(text, origin)?;
        let count = faults.len();
        self.faults.replace(faults)?;
        self.notify(&Notice::FaultsLoaded {
            origin: origin.to_owned(),
            faults: count,
        });
        Ok(true)
    }

    pub(crate) fn change_id_lists<T>(&self, change: impl FnOnce(&mut IdListSources) -> T) -> T {
        let mut sources = lock(&self.id_list_sources);
        let result = change(&mut sources);
        let mut all = sources.upstream.clone().unwrap_or_default();
        all.extend(sources.file.clone());
        all.extend(sources.code.clone());
        self.id_lists.replace(&all);
        result
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
