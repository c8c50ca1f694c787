//! ID lists in the client's data store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::manifest::Manifest;
use super::snapshot::{StoredManifest, StoredProblem, stored_manifest, stored_members};
use super::{Limits, MAX_MANIFEST_BYTES};
use crate::facts::{Fact, FactSink};
use crate::hash::text_hash;
use crate::sources::data_store::kept::{Keeper, KeptState, StoredValue};
use crate::sources::data_store::session::StoreSession;
use crate::sources::data_store::{DataStoreError, DataStoreFeature, RequestPath};
use crate::specs::id_list::{IdList, IdLists, Origin};
use crate::targets;
use crate::text::SharedStr;

/// A data store that keeps ID lists.
#[derive(Debug)]
pub(crate) struct StoredIdLists {
    keeper: Arc<Keeper<KeptLists>>,
    facts: FactSink,
    /// Whether the last read failed: each series of failures is logged once.
    is_unreadable: AtomicBool,
    /// The number of values read. It shows whether the store answers.
    values_read: AtomicUsize,
}

/// Lists that the store should hold.
#[derive(Debug, Clone, Default)]
struct KeptLists {
    lists: Arc<IdLists>,
    manifest: Arc<str>,
    facts: FactSink,
}

impl StoredIdLists {
    /// `None` when the store does not keep ID lists. `facts` receives failed writes.
    pub(crate) fn of(session: &Arc<StoreSession>, facts: FactSink) -> Option<Self> {
        let keeps_lists = (session.store()).supports_feature(DataStoreFeature::IdListSnapshot);
        keeps_lists.then(|| Self {
            keeper: Arc::new(Keeper::new(Arc::clone(session), Arc::default())),
            facts,
            is_unreadable: AtomicBool::new(false),
            values_read: AtomicUsize::new(0),
        })
    }

    /// Whether every sync asks the store first, not only the first sync.
    pub(super) fn is_polled(&self) -> bool {
        let store = self.keeper.session.store();
        store.support_polling_updates_for_feature(DataStoreFeature::IdListSnapshot) != Some(false)
    }

    /// The number of values read so far.
    pub(super) fn values_read(&self) -> usize {
        self.values_read.load(Ordering::Relaxed)
    }

    async fn read_text(
        &self,
        path: &str,
        limits: Limits,
    ) -> Result<Option<String>, DataStoreError> {
        let text = self.keeper.session.read_text(path, limits.request).await;
        self.values_read.fetch_add(1, Ordering::Relaxed);
        text
    }

    /// All lists; `None` when they are the current ones. Logs a failure, unless the previous read
    /// failed, too.
    pub(super) async fn read(
        &self,
        current: &IdLists,
        limits: Limits,
    ) -> Result<Option<IdLists>, StoredProblem> {
        let read = self.read_all(current, limits).await;
        let has_failed = !matches!(read, Ok(_) | Err(StoredProblem::Nothing));
        let had_failed = self.is_unreadable.swap(has_failed, Ordering::Relaxed);
        match &read {
            // The client now uses the lists of another process. It detects a loss when it reads
            // them.
            Ok(_) => self.keeper.forget(),
            Err(problem) if problem.is_loss() => self.keeper.lost(),
            Err(_) => {}
        }
        match &read {
            Err(problem) if has_failed && !had_failed => {
                tracing::warn!(target: targets::SYNC, %problem, "the ID lists in the data store cannot be used");
            }
            Err(problem) => {
                tracing::debug!(target: targets::SYNC, %problem, "no ID lists from the data store");
            }
            Ok(_) if had_failed => {
                tracing::info!(target: targets::SYNC, "the ID lists in the data store can be used again");
            }
            Ok(_) => {}
        }
        read
    }

    /// Reads one list after the other, so that only one is in memory as text. Keeps lists that have
    /// not changed.
    async fn read_all(
        &self,
        current: &IdLists,
        limits: Limits,
    ) -> Result<Option<IdLists>, StoredProblem> {
        let path = RequestPath::IDListsV1.as_str();
        let text = self.read_text(path, limits).await?;
        let text = text.ok_or(StoredProblem::Nothing)?;
        if text.len() > MAX_MANIFEST_BYTES {
            let problem = format!("more than {MAX_MANIFEST_BYTES} bytes");
            return Err(StoredProblem::Manifest { problem });
        }
        let manifest = Arc::new(StoredManifest::parse(&text)?);
        let mut next = IdLists::default();
        let mut count = 0;
        let mut has_changed = manifest.names.len() != current.lists.len();
        for name in &manifest.names {
            let known = current.lists.get(name);
            let list = self.read_list(&manifest, name, known, limits).await?;
            has_changed |= !known.is_some_and(|known| Arc::ptr_eq(known, &list));
            count += list.ids.count();
            if count > limits.max_ids {
                let limit = limits.max_ids;
                return Err(StoredProblem::TooManyIds { limit });
            }
            next.lists.insert(name.clone(), list);
        }
        Ok(has_changed.then_some(next))
    }

    async fn read_list(
        &self,
        manifest: &Arc<StoredManifest>,
        name: &SharedStr,
        known: Option<&Arc<IdList>>,
        limits: Limits,
    ) -> Result<Arc<IdList>, StoredProblem> {
        let list = name.clone();
        let Some(text) = self.read_text(&path_of(name), limits).await? else {
            return Err(StoredProblem::Missing { list });
        };
        let limit = limits.max_file_bytes;
        if text.len() > limit {
            return Err(StoredProblem::TooLarge { list, limit });
        }
        let (manifest, known) = (Arc::clone(manifest), known.cloned());
        // Parsing a long text takes long, so it runs outside the async workers.
        let parsed = tokio::task::spawn_blocking(move || match known {
            Some(known) if known.origin == Origin::Text(text_hash(&text)) => Ok(known),
            _ => manifest.list(&list, &text).map(Arc::new),
        });
        parsed.await.unwrap_or(Err(StoredProblem::Interrupted))
    }

    /// Records the lists in use and the service's manifest. The store should hold the lists if they
    /// are complete.
    pub(crate) fn keep(&self, lists: Arc<IdLists>, manifest: &Manifest) {
        let feature = DataStoreFeature::IdListSnapshotWrite;
        if !self.keeper.session.store().supports_feature(feature) {
            return;
        }
        let Some(manifest) = stored_manifest(&lists, manifest) else {
            tracing::debug!(target: targets::SYNC, "ID lists are not stored: some are behind the manifest");
            return;
        };
        if !self.keeper.has(|kept| *kept.manifest == *manifest) {
            let lists = KeptLists {
                lists,
                manifest: manifest.into(),
                facts: self.facts.clone(),
            };
            self.keeper.keep(lists, KeptState::Pending, true);
        }
    }

    /// Starts a task that writes the waiting lists, or checks whether the store still has them.
    pub(crate) fn check(&self) {
        self.keeper.check();
    }
}

impl StoredValue for KeptLists {
    const NAME: &'static str = "ID lists";

    async fn look(&self, session: &StoreSession) -> Result<Option<Self>, DataStoreError> {
        let lists = self.lists.lists.keys().map(path_of);
        for path in std::iter::once(RequestPath::IDListsV1.as_str().to_owned()).chain(lists) {
            if session.byte_len(&path).await?.is_none() {
                tracing::debug!(target: targets::SYNC, path, "the data store has no such value");
                return Ok(None);
            }
        }
        Ok(Some(self.clone()))
    }

    async fn write(&mut self, session: &StoreSession) -> Result<(), DataStoreError> {
        let written = self.write_all(session).await;
        if written.is_err() {
            self.facts.report(Fact::IdListsNotStored);
        }
        written
    }
}

impl KeptLists {
    async fn write_all(&self, session: &StoreSession) -> Result<(), DataStoreError> {
        let now_ms = session.now_ms();
        let mut lists: Vec<_> = self.lists.lists.iter().collect();
        lists.sort_unstable_by_key(|(name, _)| *name);
        for (name, list) in lists {
            let list = Arc::clone(list);
            let members = tokio::task::spawn_blocking(move || stored_members(&list))
                .await
                .map_err(DataStoreError::failed)?;
            session.write_text(&path_of(name), &members, now_ms).await?;
        }
        // Written last, so that a reader of the manifest finds all lists that it names.
        let path = RequestPath::IDListsV1.as_str();
        session.write_text(path, &self.manifest, now_ms).await
    }
}

fn path_of(list: &SharedStr) -> String {
    format!("{}::{list}", RequestPath::IDList.as_str())
}
