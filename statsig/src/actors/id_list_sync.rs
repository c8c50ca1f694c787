//! The ID list sync actor: decides when to update ID lists.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use super::abort_on_drop::AbortOnDrop;
use super::actor::{Actor, Address, StartError};
use super::live::MAX_ATTEMPTS;
use super::messages::{EvaluationMessage, IdListSyncMessage};
use super::tasks::cast_result;
use super::tree::Tree;
use crate::cause::Cause;
use crate::facts::Fact;
use crate::sources::data_store::STORE_TIME_ALONE;
use crate::sources::id_lists::source::IdListSource;
use crate::sources::id_lists::{IdListsError, Limits, Synced};
use crate::sources::schedule::Refusals;
use crate::targets;

/// A sync fails if its lists are not published by then. The next one fetches them again.
const PUBLISH_LIMIT: Duration = Duration::from_secs(10);
/// The IDs that all lists may have together; they take about 8 bytes each.
const MAX_IDS: usize = 100_000_000;

pub(super) struct IdListSync {
    tree: Arc<Tree>,
    me: Address<IdListSyncMessage>,
    source: IdListSource,
    syncing: Option<AbortOnDrop>,
    timer: AbortOnDrop,
    /// When the last sync began.
    started: Instant,
    failures_in_row: u32,
    refusals: Refusals,
}

impl Actor for IdListSync {
    type Message = IdListSyncMessage;
    type Arguments = Arc<Tree>;

    async fn start(me: Address<IdListSyncMessage>, tree: Arc<Tree>) -> Result<Self, StartError> {
        let source = tree.usable_id_lists().ok_or("ID lists are not enabled")?;
        Ok(Self {
            source: source.clone(),
            tree,
            timer: me.cast_after(Duration::ZERO, IdListSyncMessage::Tick),
            me,
            syncing: None,
            started: Instant::now(),
            failures_in_row: 0,
            refusals: Refusals::default(),
        })
    }

    async fn handle(&mut self, message: IdListSyncMessage) {
        match message {
            IdListSyncMessage::Tick => self.sync(),
            IdListSyncMessage::Synced(result) => self.synced(*result),
        }
    }
}

impl IdListSync {
    fn sync(&mut self) {
        self.started = Instant::now();
        let options = &self.tree.shared.options;
        let share = options.init_timeout.filter(|limit| !limit.is_zero());
        let limits = Limits {
            request: options.id_lists_request_timeout,
            store_alone: share.map_or(STORE_TIME_ALONE, |limit| STORE_TIME_ALONE.min(limit / 2)),
            max_file_bytes: options.max_id_list_bytes,
            max_ids: MAX_IDS,
        };
        let tree = Arc::clone(&self.tree);
        let source = self.source.clone();
        let is_first = !tree.initialization.id_lists.is_over();
        let span = tracing::debug_span!(target: targets::SYNC, "sync_id_lists");
        let syncing = async move {
            let current = Arc::clone(&tree.shared.published.load().id_lists);
            let synced = source.sync(&current, is_first, limits).await?;
            if let Some(lists) = &synced.lists {
                let publish = |reply| EvaluationMessage::PublishIdLists(Arc::clone(lists), reply);
                let publishing = tree.evaluation.ask(MAX_ATTEMPTS, PUBLISH_LIMIT, publish);
                publishing.await.map_err(|_| IdListsError::Interrupted)?;
            }
            Ok(synced)
        };
        let syncing = cast_result(&self.me, syncing.instrument(span), |result| {
            let result = result.unwrap_or(Err(IdListsError::Interrupted));
            IdListSyncMessage::Synced(Box::new(result))
        });
        self.syncing = Some(syncing);
    }

    fn synced(&mut self, result: Result<Synced, IdListsError>) {
        self.syncing = None;
        let (failure, manifest) = match result {
            Ok(synced) => (synced.failure, synced.manifest),
            Err(error) => (Some(error), None),
        };
        let duration = self.started.elapsed();
        let shared = &self.tree.shared;
        shared.note(Fact::IdListsSynced { duration });
        self.tree.initialization.id_lists.end(match &failure {
            None => Ok(()),
            Some(error) => Err(Cause::new(error.clone())),
        });
        let refusal = failure.as_ref().and_then(IdListsError::refusal);
        let interval = shared.options.id_lists_sync_interval;
        match refusal {
            Some(error) => {
                let (now, random) = (Instant::now(), fastrand::f64());
                self.refusals.refused(error, interval, now, random);
            }
            None => self.refusals.passed(),
        }
        match failure {
            None => {
                if self.failures_in_row > 0 {
                    let failures = self.failures_in_row;
                    tracing::info!(target: targets::SYNC, failures, "ID lists sync works again");
                }
                self.failures_in_row = 0;
                if let (Some(manifest), Some(store)) = (manifest, &self.source.store) {
                    store.keep(Arc::clone(&shared.published.load().id_lists), &manifest);
                }
            }
            Some(error) => {
                self.failures_in_row = self.failures_in_row.saturating_add(1);
                // Once for each series of failures: the service may be away for hours.
                if self.failures_in_row == 1 {
                    if shared.published.load().id_lists.lists.is_empty() {
                        tracing::warn!(target: targets::SYNC, %error, "ID lists sync failed, and there are no lists yet: no user is in an ID list until a sync succeeds");
                    } else {
                        tracing::warn!(target: targets::SYNC, %error, "ID lists sync failed; the failed lists keep their members");
                    }
                }
            }
        }
        if let Some(store) = &self.source.store {
            store.check();
        }
        let pause = self.refusals.pause(interval, Instant::now());
        self.timer = self.me.cast_after(pause, IdListSyncMessage::Tick);
    }
}
