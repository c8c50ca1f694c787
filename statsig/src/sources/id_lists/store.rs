//! ID lists in the client's data store.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::manifest::Manifest;
use super::snapshot::{SnapshotProblem, StoredManifest, stored_manifest, stored_members};
use super::{Limits, MAX_MANIFEST_BYTES};
use crate::hash::text_hash;
use crate::sources::data_store::session::StoreSession;
use crate::sources::data_store::{DataStoreError, DataStoreFeature, RequestPath};
use crate::specs::id_list::{IdList, IdLists, Origin};
use crate::targets;
use crate::text::SharedStr;

/// A data store that keeps ID lists.
#[derive(Debug)]
pub(crate) struct StoredIdLists {
    session: Arc<StoreSession>,
    /// Whether the last read failed: each series of failures is logged once.
    is_unreadable: AtomicBool,
    /// The number of values read. It shows whether the store answers.
    values_read: AtomicUsize,
    /// Held while writing.
    writing: Arc<tokio::sync::Mutex<()>>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The lists that the store should hold.
    lists: Option<KeptLists>,
    /// Whether the last write failed: each series of failures is logged once.
    has_failed: bool,
}

#[derive(Debug, Clone)]
struct KeptLists {
    lists: Arc<IdLists>,
    manifest: Arc<str>,
    state: ListsState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListsState {
    /// Waits for the write.
    Pending,
    /// Written, but not read back yet. The client cannot detect a loss before it has read the
    /// values once.
    Written,
    /// The store held them.
    Stored,
}

/// Why stored lists could not be used.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoredProblem {
    #[error(transparent)]
    Store(#[from] DataStoreError),
    #[error("expected ID lists in the data store, found none")]
    Nothing,
    #[error(transparent)]
    Snapshot(#[from] SnapshotProblem),
    #[error("an internal task ended early")]
    Interrupted,
}

impl StoredProblem {
    /// Whether the written values are missing or damaged, so that another write helps.
    fn is_loss(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Snapshot(problem) => !problem.is_excess(),
            Self::Store(_) | Self::Interrupted => false,
        }
    }
}

impl StoredIdLists {
    /// `None` when the store does not keep ID lists.
    pub(crate) fn of(session: &Arc<StoreSession>) -> Option<Self> {
        let keeps_lists = (session.store()).supports_feature(DataStoreFeature::IdListSnapshot);
        keeps_lists.then(|| Self {
            session: Arc::clone(session),
            is_unreadable: AtomicBool::new(false),
            values_read: AtomicUsize::new(0),
            writing: Arc::default(),
            kept: Mutex::default(),
        })
    }

    /// Whether every sync asks the store first, not only the first sync.
    pub(super) fn is_polled(&self) -> bool {
        let store = self.session.store();
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
        let text = self.session.read_text(path, limits.request).await;
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
        let kept = &mut self.kept().lists;
        match &read {
            // The client now uses the lists of another process. It detects a loss when it reads
            // them.
            Ok(_) => *kept = None,
            Err(problem) if problem.is_loss() => {
                if let Some(kept) = kept {
                    kept.state = ListsState::Pending;
                }
            }
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
            return Err(SnapshotProblem::Manifest { problem }.into());
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
                return Err(SnapshotProblem::TooManyIds { limit }.into());
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
        let list = || name.clone();
        let path = path_of(name);
        let text = self.read_text(&path, limits).await?;
        let text = text.ok_or_else(|| SnapshotProblem::Missing { list: list() })?;
        let limit = limits.max_file_bytes;
        if text.len() > limit {
            return Err(SnapshotProblem::TooLarge {
                list: list(),
                limit,
            }
            .into());
        }
        let (manifest, name, known) = (Arc::clone(manifest), name.clone(), known.cloned());
        // Parsing a long text takes long, so it runs outside the async workers.
        let parsed = tokio::task::spawn_blocking(move || match known {
            Some(known) if known.origin == Origin::Text(text_hash(&text)) => Ok(known),
            _ => manifest.list(&name, &text).map(Arc::new),
        });
        Ok(parsed.await.map_err(|_| StoredProblem::Interrupted)??)
    }

    /// Records the lists in use and the service's manifest. The store should hold the lists if they
    /// are complete.
    pub(crate) fn keep(&self, lists: Arc<IdLists>, manifest: &Manifest) {
        let feature = DataStoreFeature::IdListSnapshotWrite;
        if !self.session.store().supports_feature(feature) {
            return;
        }
        let Some(manifest) = stored_manifest(&lists, manifest) else {
            tracing::debug!(target: targets::SYNC, "ID lists are not stored: some are behind the manifest");
            return;
        };
        let mut kept = self.kept();
        if kept
            .lists
            .as_ref()
            .is_none_or(|kept| *kept.manifest != *manifest)
        {
            kept.lists = Some(KeptLists {
                lists,
                manifest: manifest.into(),
                state: ListsState::Pending,
            });
        }
    }

    /// Starts a task that writes the waiting lists, or checks whether the store still has them. A
    /// shutdown waits for the task. Does nothing while another such task runs; a later sync tries
    /// again. Calls `on_failure` if a write fails.
    pub(crate) fn check(self: &Arc<Self>, now_ms: u64, on_failure: impl FnOnce() + Send + 'static) {
        let Some(kept) = self.kept().lists.clone() else {
            return;
        };
        let Ok(turn) = Arc::clone(&self.writing).try_lock_owned() else {
            return;
        };
        let me = Arc::clone(self);
        self.session.spawn(async move {
            let _turn = turn;
            if kept.state == ListsState::Pending || me.has_lost(&kept).await {
                me.write(&kept, now_ms, on_failure).await;
            }
        });
    }

    /// Whether the store has lost some of its values.
    async fn has_lost(&self, kept: &KeptLists) -> bool {
        match self.lacks(kept).await {
            Ok(None) => {
                self.settle(kept, ListsState::Stored);
                false
            }
            // A client that never read them back cannot know whether they are lost.
            Ok(Some(_)) if kept.state == ListsState::Written => false,
            Ok(Some(path)) => {
                tracing::info!(target: targets::SYNC, path, "the data store lost ID lists, writing them again");
                self.settle(kept, ListsState::Pending);
                true
            }
            Err(problem) => {
                tracing::debug!(target: targets::SYNC, %problem, "could not check whether the data store still has the ID lists");
                false
            }
        }
    }

    /// The first path without a stored value.
    async fn lacks(&self, kept: &KeptLists) -> Result<Option<String>, DataStoreError> {
        let lists = kept.lists.lists.keys().map(path_of);
        for path in std::iter::once(RequestPath::IDListsV1.as_str().to_owned()).chain(lists) {
            if self.session.byte_len(&path).await?.is_none() {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    async fn write(&self, kept: &KeptLists, now_ms: u64, on_failure: impl FnOnce()) {
        let outcome = self.write_all(&kept.lists, &kept.manifest, now_ms).await;
        let had_failed = std::mem::replace(&mut self.kept().has_failed, outcome.is_err());
        let Err(problem) = outcome else {
            self.settle(kept, ListsState::Written);
            let state = ListsState::Written;
            self.has_lost(&KeptLists {
                state,
                ..kept.clone()
            })
            .await;
            return;
        };
        if had_failed {
            tracing::debug!(target: targets::SYNC, %problem, "could not write ID lists to the data store");
        } else {
            tracing::warn!(target: targets::SYNC, %problem, "could not write ID lists to the data store, retrying at every sync interval");
        }
        on_failure();
    }

    /// Sets the state of these lists, unless other lists replaced them.
    fn settle(&self, settled: &KeptLists, state: ListsState) {
        let mut kept = self.kept();
        let lists = kept.lists.as_mut();
        if let Some(lists) = lists.filter(|lists| Arc::ptr_eq(&lists.manifest, &settled.manifest)) {
            lists.state = state;
        }
    }

    async fn write_all(
        &self,
        lists: &IdLists,
        manifest: &str,
        now_ms: u64,
    ) -> Result<(), StoredProblem> {
        let mut names: Vec<_> = lists.lists.keys().collect();
        names.sort_unstable();
        for name in names {
            let Some(list) = lists.lists.get(name).cloned() else {
                continue;
            };
            let made = tokio::task::spawn_blocking(move || stored_members(&list));
            let members = made.await.map_err(|_| StoredProblem::Interrupted)?;
            let path = path_of(name);
            self.session.write_text(&path, &members, now_ms).await?;
        }
        // Written last, so that a reader of the manifest finds all lists that it names.
        let path = RequestPath::IDListsV1.as_str();
        Ok(self.session.write_text(path, manifest, now_ms).await?)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path_of(list: &SharedStr) -> String {
    format!("{}::{list}", RequestPath::IDList.as_str())
}
