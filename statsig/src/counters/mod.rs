//! The account of the event pipeline. At any moment, every event has one place in it.

mod loss_log;
mod reason;
mod stats;

use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

pub(crate) use self::loss_log::LossLog;
pub(crate) use self::reason::DropReason;
pub use self::reason::DroppedEvents;
pub use self::stats::{EventStats, FlushReport, ShutdownReport};
use statsig_core::striped::Striped;

/// Counts events from their creation to their end.
///
/// Callers count in atomics. The counts of the pipeline are one value that each change replaces, so
/// no reader sees a moving event in two places or in none. There is no lock, so forks can read the
/// counts.
#[derive(Debug, Default)]
pub(crate) struct EventCounters {
    enqueued: AtomicU64,
    deduplicated: Striped<AtomicU64>,
    /// Events dropped on callers' threads, by reason.
    lost_by_callers: [AtomicU64; DropReason::COUNT],
    account: ArcSwap<Account>,
}

/// Events that left the memory of the pipeline, by place.
#[derive(Debug, Clone, Default)]
struct Account {
    /// Without what callers count, and without what follows from the other counts.
    stats: EventStats,
    /// The dropped events that the hook already knows.
    reported: DroppedEvents,
}

impl EventCounters {
    #[inline]
    pub(crate) fn add_enqueued(&self, events: u64) {
        self.enqueued.fetch_add(events, Ordering::Relaxed);
    }

    /// An exposure was a repeat.
    #[inline]
    pub(crate) fn add_deduplicated(&self) {
        self.deduplicated.mine().fetch_add(1, Ordering::Relaxed);
    }

    /// A caller's thread dropped events. Takes no lock. Returns the count of all events that
    /// callers dropped for this reason.
    pub(crate) fn add_lost_by_caller(&self, reason: DropReason, events: u64) -> u64 {
        let lost = self.lost_by_callers.get(reason.index());
        lost.map_or(0, |lost| lost.fetch_add(events, Ordering::Release) + events)
    }

    pub(crate) fn add_delivered(&self, events: u64) {
        self.change(|account| account.stats.delivered += events);
    }

    pub(crate) fn add_sampled_out(&self, events: u64) {
        self.change(|account| account.stats.sampled_out += events);
    }

    pub(crate) fn add_dropped(&self, reason: DropReason, events: u64) {
        self.change(|account| account.stats.dropped.add(reason, events));
    }

    /// Events went from memory to the spool.
    pub(crate) fn add_spooled(&self, events: u64) {
        self.change(|account| account.stats.spooled += events);
    }

    /// Events of earlier processes were found in the spool.
    pub(crate) fn add_recovered(&self, events: u64) {
        self.change(|account| {
            account.stats.recovered += events;
            account.stats.spooled += events;
        });
    }

    /// The client closed the spool and left everything in it. The client that next opens the spool
    /// counts its events as recovered.
    pub(crate) fn leave_spooled(&self) {
        self.change(|account| {
            let left = std::mem::take(&mut account.stats.spooled);
            account.stats.left_on_disk += left;
        });
    }

    /// Events from the spool were delivered.
    pub(crate) fn add_delivered_from_spool(&self, events: u64) {
        self.change(|account| {
            account.stats.spooled = account.stats.spooled.saturating_sub(events);
            account.stats.delivered += events;
        });
    }

    /// Events in the spool are gone.
    pub(crate) fn add_dropped_from_spool(&self, reason: DropReason, events: u64) {
        self.change(|account| {
            account.stats.spooled = account.stats.spooled.saturating_sub(events);
            account.stats.dropped.add(reason, events);
        });
    }

    /// The current counts.
    pub(crate) fn stats(&self) -> EventStats {
        let account = self.account.load();
        let mut stats = account.stats;
        stats.dropped = self.all_dropped(&account);
        // Read last, because every event with a place was enqueued before.
        stats.enqueued = self.enqueued.load(Ordering::Acquire);
        let deduplicated = self.deduplicated.iter();
        stats.deduplicated = deduplicated.map(|it| it.load(Ordering::Relaxed)).sum();
        let on_disk = stats.spooled + stats.left_on_disk;
        let gone = stats.delivered + stats.sampled_out + stats.dropped.total() + on_disk;
        stats.pending = (stats.enqueued + stats.recovered).saturating_sub(gone);
        stats
    }

    /// The events dropped since the last call.
    pub(crate) fn take_unreported(&self) -> DroppedEvents {
        let mut news = DroppedEvents::default();
        self.change(|account| {
            let dropped = self.all_dropped(account);
            news = dropped.since(&account.reported);
            account.reported = dropped;
        });
        news
    }

    /// The hook did not receive these.
    pub(crate) fn put_back_unreported(&self, dropped: &DroppedEvents) {
        self.change(|account| account.reported = account.reported.since(dropped));
    }

    fn all_dropped(&self, account: &Account) -> DroppedEvents {
        let mut dropped = account.stats.dropped;
        for (reason, lost) in DropReason::ALL.into_iter().zip(&self.lost_by_callers) {
            dropped.add(reason, lost.load(Ordering::Acquire));
        }
        dropped
    }

    /// Applies one change atomically. Calls it again if another thread changed the value at the
    /// same time.
    fn change(&self, mut change: impl FnMut(&mut Account)) {
        self.account.rcu(|account| {
            let mut next = Account::clone(account);
            change(&mut next);
            next
        });
    }
}
