//! Keeps values in a data store: retries failed writes, and writes again what the store lost.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::DataStoreError;
use super::session::StoreSession;
use crate::process::lock;
use crate::targets;

/// A value that a data store should hold.
pub(crate) trait StoredValue: Clone + Send + Sync + 'static {
    /// What the log calls it.
    const NAME: &'static str;

    /// The value if the store still has it, or a newer one. `None` if it is lost.
    fn look(
        &self,
        session: &StoreSession,
    ) -> impl Future<Output = Result<Option<Self>, DataStoreError>> + Send;

    fn write(
        &mut self,
        session: &StoreSession,
    ) -> impl Future<Output = Result<(), DataStoreError>> + Send;
}

/// The value that the store should hold. It outlives a session, so that a restarted client still
/// has it.
#[derive(Debug, Default)]
pub(crate) struct Kept<V> {
    current: Option<Version<V>>,
    /// Counts the values. A task uses it to detect newer values.
    count: u64,
    /// Whether the last write failed: each series of failures is logged once.
    has_failed: bool,
}

#[derive(Debug, Clone)]
struct Version<V> {
    number: u64,
    value: V,
    state: KeptState,
    /// Whether the client writes the value again when the store loses it.
    is_guarded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeptState {
    /// Waits for the write.
    Pending,
    /// Written, but not read back yet. The client cannot detect a loss before it has read the value
    /// once.
    Written,
    /// The store held this value, or another one that is not older.
    Stored,
}

/// Keeps one value in the store of a session.
#[derive(Debug)]
pub(crate) struct Keeper<V> {
    pub(crate) session: Arc<StoreSession>,
    kept: Arc<Mutex<Kept<V>>>,
    /// Whether a task waits for its turn. It reads the newest value when it begins.
    is_task_waiting: AtomicBool,
    /// Held by the task that checks and writes.
    turn: tokio::sync::Mutex<()>,
}

impl<V: StoredValue> Keeper<V> {
    pub(crate) fn new(session: Arc<StoreSession>, kept: Arc<Mutex<Kept<V>>>) -> Self {
        Self {
            session,
            kept,
            is_task_waiting: AtomicBool::new(false),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Replaces the value that the store should hold.
    pub(crate) fn keep(&self, value: V, state: KeptState, is_guarded: bool) {
        let mut kept = lock(&self.kept);
        kept.count = kept.count.wrapping_add(1);
        kept.current = Some(Version {
            number: kept.count,
            value,
            state,
            is_guarded,
        });
    }

    /// Ends the care for the value: the client uses another one that is not for the store.
    pub(crate) fn forget(&self) {
        lock(&self.kept).current = None;
    }

    /// Records that the store has lost the value.
    pub(crate) fn lost(&self) {
        if let Some(current) = &mut lock(&self.kept).current {
            current.state = KeptState::Pending;
        }
    }

    pub(crate) fn has(&self, is_meant: impl FnOnce(&V) -> bool) -> bool {
        (lock(&self.kept).current.as_ref()).is_some_and(|current| is_meant(&current.value))
    }

    pub(crate) fn is_pending(&self) -> bool {
        let kept = lock(&self.kept);
        (kept.current.as_ref()).is_some_and(|current| current.state == KeptState::Pending)
    }

    /// Starts a task that writes the waiting value, or checks whether the store still has the
    /// value. Does not wait for the task; a shutdown does.
    pub(crate) fn check(self: &Arc<Self>) {
        if !self.has(|_| true) || self.is_task_waiting.swap(true, Ordering::AcqRel) {
            return;
        }
        let me = Arc::clone(self);
        self.session.spawn(async move {
            let _turn = me.turn.lock().await;
            me.is_task_waiting.store(false, Ordering::Release);
            me.write_what_lacks().await;
        });
    }

    async fn write_what_lacks(&self) {
        let kept = lock(&self.kept).current.clone();
        let Some(mut kept) = kept else {
            return;
        };
        let name = V::NAME;
        if kept.state != KeptState::Pending {
            if self.look(&kept).await != KeptState::Pending {
                return;
            }
            tracing::info!(target: targets::SYNC, "the data store lost {name}, writing them again");
        }
        let outcome = kept.value.write(&self.session).await;
        let had_failed = std::mem::replace(&mut lock(&self.kept).has_failed, outcome.is_err());
        match outcome {
            Ok(()) => {
                kept.state = KeptState::Written;
                self.settle(kept.clone());
                if had_failed {
                    tracing::info!(target: targets::SYNC, "writing {name} to the data store works again");
                }
                if kept.is_guarded {
                    self.look(&kept).await;
                }
            }
            Err(problem) if had_failed => {
                tracing::debug!(target: targets::SYNC, %problem, "could not write {name} to the data store");
            }
            Err(problem) => {
                tracing::warn!(target: targets::SYNC, %problem, "could not write {name} to the data store, retrying at every sync interval");
            }
        }
    }

    /// Checks whether the store still has a value that was written or found there.
    async fn look(&self, kept: &Version<V>) -> KeptState {
        let (value, state) = match kept.value.look(&self.session).await {
            Ok(Some(found)) => (found, KeptState::Stored),
            // The client never read it back, so it cannot know whether it is lost.
            Ok(None) if kept.state == KeptState::Written => return kept.state,
            Ok(None) => (kept.value.clone(), KeptState::Pending),
            Err(problem) => {
                let name = V::NAME;
                tracing::debug!(target: targets::SYNC, %problem, "could not check whether the data store still has {name}");
                return kept.state;
            }
        };
        self.settle(Version {
            value,
            state,
            ..kept.clone()
        });
        state
    }

    /// Records this state, unless a newer value replaced it.
    fn settle(&self, settled: Version<V>) {
        let mut kept = lock(&self.kept);
        if (kept.current.as_ref()).is_some_and(|current| current.number == settled.number) {
            // A value that was written and is not guarded is dropped, because it may be large.
            let is_wanted = settled.is_guarded || settled.state != KeptState::Written;
            kept.current = is_wanted.then_some(settled);
        }
    }
}
