//! The specs that callers read, and the signal for tasks that wait for new ones.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use crate::evaluation::memo::{Memo, MemoCounts, MemoHome};
use crate::overrides::RequestOverrides;
use crate::results::SpecsStatus;
use crate::specs::snapshot::Snapshot;

/// A snapshot and its memo, which are replaced together. `Debug` shows a summary.
pub(crate) struct Published {
    pub(crate) snapshot: Snapshot,
    pub(crate) memo: Memo,
    /// The generation that a request reads with overrides. As long as that request lives, the
    /// generation counts as used, so the request does not drop its specs.
    overridden: Option<Arc<Published>>,
}

impl Published {
    /// The same generation for one request with overrides. It remembers no evaluations, because
    /// those of other requests are without overrides.
    pub(crate) fn with_request_overrides(
        generation: &Arc<Self>,
        overrides: RequestOverrides,
    ) -> Arc<Self> {
        Arc::new(Self {
            snapshot: generation.with_request_overrides(overrides),
            memo: Memo::off(),
            // Replaced overrides are not kept.
            overridden: Some(Arc::clone(
                generation.overridden.as_ref().unwrap_or(generation),
            )),
        })
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.specs.counts();
        f.debug_struct("Specs")
            .field("source", &self.source)
            .field("time", &self.specs.time)
            .field("gates", &counts.gates)
            .field("configs", &counts.configs)
            .field("layers", &counts.layers)
            .finish()
    }
}

impl Deref for Published {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// The state that tasks see when they wait for specs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    pub(crate) status: SpecsStatus,
    /// Set when no further specs come, unless the client is initialized again.
    pub(crate) end: Option<End>,
}

/// The reason why no actor updates specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    ShutDown,
    /// The actors ended without a shutdown.
    ActorsGone,
}

/// Holds the current snapshot. Only the evaluation actor publishes.
pub(crate) struct PublishedCell {
    current: ArcSwap<Published>,
    watched: watch::Sender<Watched>,
    memo_home: MemoHome,
    /// `None` without observability clients.
    memo_counts: Option<Arc<MemoCounts>>,
}

impl PublishedCell {
    pub(super) fn new(first: Snapshot, counts_memo: bool) -> Self {
        let memo_counts = counts_memo.then(Arc::default);
        let memo_home = MemoHome::counting(memo_counts.clone());
        let first = Published {
            memo: memo_home.next(&first.specs),
            snapshot: first,
            overridden: None,
        };
        Self {
            current: ArcSwap::from_pointee(first),
            watched: watch::Sender::default(),
            memo_home,
            memo_counts,
        }
    }

    #[inline]
    pub(crate) fn load(&self) -> Guard<Arc<Published>> {
        self.current.load()
    }

    pub(crate) fn load_full(&self) -> Arc<Published> {
        self.current.load_full()
    }

    /// Replaces the snapshot and its memo. Returns the previous ones, because dropping large specs
    /// takes time.
    pub(crate) fn publish(&self, next: Snapshot) -> Arc<Published> {
        let status = next.status();
        let current = self.load();
        let memo = if Arc::ptr_eq(&current.specs, &next.specs) {
            self.memo_home.next_with_same_specs(&current.memo)
        } else {
            self.memo_home.next(&next.specs)
        };
        drop(current);
        let next = Published {
            snapshot: next,
            memo,
            overridden: None,
        };
        let previous = self.current.swap(Arc::new(next));
        self.watched.send_if_modified(|known| {
            let is_news = known.status != status;
            known.status = status;
            is_news
        });
        previous
    }

    /// Takes a lock, so it must not be called in a fork.
    pub(crate) fn watch(&self) -> watch::Receiver<Watched> {
        self.watched.subscribe()
    }

    /// Returns the reason if no further specs come.
    pub(super) fn set_end(&self, end: Option<End>) {
        self.watched.send_modify(|watched| watched.end = end);
    }

    /// Hits and misses of the memo; zeros without observability clients.
    pub(super) fn memo_counts(&self) -> (u64, u64) {
        (self.memo_counts.as_ref()).map_or((0, 0), |counts| counts.so_far())
    }
}
