//! The ID list sync actor: decides when to bring ID lists up to date.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::time::Instant;
use tracing::Instrument;

use super::answer::Answer;
#[cfg(any(test, feature = "testing"))]
use super::disturbance::Disturbance;
use super::supervisor::SupervisorMsg;
use super::timer::{AbortOnDrop, cast_after};
use super::tree::Tree;
use crate::observability::facts::Fact;
use crate::sources::data_store::STORE_TIME_ALONE;
use crate::sources::id_lists::manifest::Manifest;
use crate::sources::id_lists::source::IdListSource;
use crate::sources::id_lists::{IdListsError, Limits, Synced};
use crate::sources::schedule::Refusals;
use crate::targets;

/// If lists are not published by then, the sync counts as failed.
const PUBLISH_LIMIT: Duration = Duration::from_secs(10);
/// The IDs that all lists may have together; they take about 8 bytes each.
const MAX_IDS: usize = 100_000_000;

/// What the ID list sync actor is told.
///
/// At most four wait: one `Tick`, as its timer is armed again only after the work; one `Synced`, as one sync runs at a time;
/// and one `Published`, its consequence (two when the one before came too late).
#[derive(Debug)]
pub(super) enum IdListSyncMsg {
    /// The interval passed; while lists are being published, the limit of that.
    Tick,
    Synced(Box<Result<Synced, IdListsError>>),
    /// The evaluation actor has published what was synced.
    Published,
    #[cfg(any(test, feature = "testing"))]
    Disturb(Disturbance),
}

pub(super) struct IdListSyncActor;

pub(super) struct State {
    tree: Arc<Tree>,
    supervisor: ActorRef<SupervisorMsg>,
    source: IdListSource,
    phase: Phase,
    timer: Option<AbortOnDrop>,
    /// When the last sync began.
    started: Instant,
    failures_in_row: u32,
    refusals: Refusals,
}

enum Phase {
    Idle,
    Syncing {
        _task: AbortOnDrop,
    },
    /// With how the sync ended.
    Publishing(Outcome),
}

/// How a sync ended.
#[derive(Debug, Default)]
struct Outcome {
    /// Why some lists could not be had.
    failure: Option<IdListsError>,
    /// What the service says there is, if it was asked.
    manifest: Option<Manifest>,
}

impl From<IdListsError> for Outcome {
    fn from(error: IdListsError) -> Self {
        Self {
            failure: Some(error),
            manifest: None,
        }
    }
}

impl Actor for IdListSyncActor {
    type Msg = IdListSyncMsg;
    type State = State;
    type Arguments = (Arc<Tree>, ActorRef<SupervisorMsg>, IdListSource);

    async fn pre_start(
        &self,
        me: ActorRef<IdListSyncMsg>,
        (tree, supervisor, source): Self::Arguments,
    ) -> Result<State, ActorProcessingErr> {
        Ok(State {
            tree,
            supervisor,
            source,
            phase: Phase::Idle,
            timer: Some(cast_after(&me, Duration::ZERO, IdListSyncMsg::Tick)),
            started: Instant::now(),
            failures_in_row: 0,
            refusals: Refusals::default(),
        })
    }

    async fn handle(
        &self,
        me: ActorRef<IdListSyncMsg>,
        message: IdListSyncMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            IdListSyncMsg::Tick => match state.phase {
                Phase::Idle => state.start(&me),
                Phase::Syncing { .. } => {}
                // The evaluation actor crashed with the lists in hand. They are fetched again.
                Phase::Publishing(_) => state.end(&me, IdListsError::Interrupted.into()),
            },
            IdListSyncMsg::Synced(result) => state.synced(&me, *result),
            IdListSyncMsg::Published => {
                if let Phase::Publishing(outcome) = &mut state.phase {
                    let outcome = std::mem::take(outcome);
                    state.end(&me, outcome);
                }
            }
            #[cfg(any(test, feature = "testing"))]
            IdListSyncMsg::Disturb(disturbance) => disturbance.happen().await?,
        }
        Ok(())
    }
}

impl State {
    fn start(&mut self, me: &ActorRef<IdListSyncMsg>) {
        self.timer = None;
        self.started = Instant::now();
        let options = &self.tree.shared.options;
        let share = options.init_timeout.filter(|limit| !limit.is_zero());
        let limits = Limits {
            request: options.id_lists_request_timeout,
            store_alone: share.map_or(STORE_TIME_ALONE, |limit| STORE_TIME_ALONE.min(limit / 2)),
            max_file_bytes: options.max_id_list_bytes,
            max_ids: MAX_IDS,
        };
        let current = Arc::clone(&self.tree.shared.published.load().id_lists);
        let source = self.source.clone();
        let is_first = !self.tree.is_first_id_list_sync_over();
        let after_panic = IdListSyncMsg::Synced(Box::new(Err(IdListsError::Interrupted)));
        let answer = Answer::new(me, after_panic);
        let span = tracing::debug_span!(target: targets::SYNC, "sync_id_lists");
        let syncing = async move {
            let result = source.sync(&current, is_first, limits).await;
            answer.give(IdListSyncMsg::Synced(Box::new(result)));
        };
        let task = tokio::spawn(syncing.instrument(span));
        self.phase = Phase::Syncing {
            _task: AbortOnDrop::new(&task),
        };
    }

    fn synced(&mut self, me: &ActorRef<IdListSyncMsg>, result: Result<Synced, IdListsError>) {
        match result {
            Err(error) => self.end(me, error.into()),
            Ok(Synced {
                lists,
                failure,
                manifest,
            }) => {
                let outcome = Outcome { failure, manifest };
                match lists {
                    None => self.end(me, outcome),
                    Some(lists) => {
                        self.phase = Phase::Publishing(outcome);
                        self.timer = Some(cast_after(me, PUBLISH_LIMIT, IdListSyncMsg::Tick));
                        // Refused only when the supervisor is gone, and everything ends.
                        let _ = self.supervisor.cast(SupervisorMsg::PublishIdLists(lists));
                    }
                }
            }
        }
    }

    fn end(&mut self, me: &ActorRef<IdListSyncMsg>, outcome: Outcome) {
        self.phase = Phase::Idle;
        let duration = self.started.elapsed();
        let shared = &self.tree.shared;
        shared.note(Fact::IdListsSynced { duration });
        self.tree.end_first_id_lists(match &outcome.failure {
            None => Ok(()),
            Some(error) => Err(error.to_string()),
        });
        let refusal = outcome.failure.as_ref().and_then(IdListsError::refusal);
        let interval = shared.options.id_lists_sync_interval;
        match refusal {
            Some(error) => {
                let (now, random) = (Instant::now(), fastrand::f64());
                self.refusals.refused(error, interval, now, random);
            }
            None => self.refusals.passed(),
        }
        match outcome.failure {
            None => {
                if self.failures_in_row > 0 {
                    let failures = self.failures_in_row;
                    tracing::info!(target: targets::SYNC, failures, "ID lists sync works again");
                }
                self.failures_in_row = 0;
                if let (Some(manifest), Some(store)) = (outcome.manifest, &self.source.store) {
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
            let noting = Arc::clone(shared);
            store.check(shared.clock.now_ms(), move || {
                noting.note(Fact::IdListsNotStored);
            });
        }
        let pause = self.refusals.pause(interval, Instant::now());
        self.timer = Some(cast_after(me, pause, IdListSyncMsg::Tick));
    }
}
