//! The books of the event pipeline. Every event has one place in them at any moment.

mod loss_log;
mod reason;
mod stats;

use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

pub(crate) use self::loss_log::LossLog;
pub(crate) use self::reason::DropReason;
pub use self::stats::{DroppedEvents, EventStats, ShutdownReport};
use crate::striped::Striped;

/// Counts events from their creation to their end.
///
/// What callers count is in atomics. What the pipeline counts is replaced as a whole, so that an event that moves from one place
/// to another is never seen in both or in none. Nobody takes a lock, so the books can be read in a fork too.
#[derive(Debug, Default)]
pub(crate) struct EventCounters {
    enqueued: AtomicU64,
    deduplicated: Striped<AtomicU64>,
    /// What was given up on callers' threads, by reason.
    lost_by_callers: [AtomicU64; DropReason::COUNT],
    places: ArcSwap<Places>,
}

/// Where events are that left the memory of the pipeline.
#[derive(Debug, Clone, Default)]
struct Places {
    recovered: u64,
    delivered: u64,
    sampled_out: u64,
    spooled: u64,
    left_on_disk: u64,
    dropped: DroppedEvents,
    /// The part of all dropped events that was reported already.
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

    /// A caller's thread gave events up. Takes no lock. The answer is how many callers have lost for this reason so far.
    pub(crate) fn add_lost_by_caller(&self, reason: DropReason, events: u64) -> u64 {
        let lost = self.lost_by_callers.get(reason.index());
        lost.map_or(0, |lost| lost.fetch_add(events, Ordering::Release) + events)
    }

    pub(crate) fn add_delivered(&self, events: u64) {
        self.change(|places| places.delivered += events);
    }

    pub(crate) fn add_sampled_out(&self, events: u64) {
        self.change(|places| places.sampled_out += events);
    }

    pub(crate) fn add_dropped(&self, reason: DropReason, events: u64) {
        self.change(|places| places.dropped.add(reason, events));
    }

    /// Events went from memory to the spool.
    pub(crate) fn add_spooled(&self, events: u64) {
        self.change(|places| places.spooled += events);
    }

    /// Events of earlier processes were found in the spool.
    pub(crate) fn add_recovered(&self, events: u64) {
        self.change(|places| {
            places.recovered += events;
            places.spooled += events;
        });
    }

    /// The spool was let go with everything in it: who finds it, be it this client, counts it as recovered.
    pub(crate) fn leave_spooled(&self) {
        self.change(|places| {
            let left = std::mem::take(&mut places.spooled);
            places.left_on_disk += left;
        });
    }

    /// Events from the spool were delivered.
    pub(crate) fn add_delivered_from_spool(&self, events: u64) {
        self.change(|places| {
            places.spooled = places.spooled.saturating_sub(events);
            places.delivered += events;
        });
    }

    /// Events in the spool are gone.
    pub(crate) fn add_dropped_from_spool(&self, reason: DropReason, events: u64) {
        self.change(|places| {
            places.spooled = places.spooled.saturating_sub(events);
            places.dropped.add(reason, events);
        });
    }

    /// What became of all events, at this moment.
    pub(crate) fn stats(&self) -> EventStats {
        let places = self.places.load();
        let dropped = self.all_dropped(&places);
        let Places {
            recovered,
            delivered,
            sampled_out,
            spooled,
            left_on_disk,
            ..
        } = **places;
        // Last: whatever has a place was enqueued before.
        let enqueued = self.enqueued.load(Ordering::Acquire);
        let deduplicated = self.deduplicated.iter();
        EventStats {
            enqueued,
            recovered,
            deduplicated: deduplicated
                .map(|count| count.load(Ordering::Relaxed))
                .sum(),
            delivered,
            sampled_out,
            dropped,
            spooled,
            left_on_disk,
            pending: (enqueued + recovered)
                .saturating_sub(delivered + sampled_out + dropped.total() + spooled + left_on_disk),
        }
    }

    /// What was dropped since the last time this was asked.
    pub(crate) fn take_unreported(&self) -> DroppedEvents {
        let mut news = DroppedEvents::default();
        self.change(|places| {
            let dropped = self.all_dropped(places);
            news = dropped.since(&places.reported);
            places.reported = dropped;
        });
        news
    }

    /// These were not reported after all.
    pub(crate) fn put_back_unreported(&self, dropped: &DroppedEvents) {
        self.change(|places| places.reported = places.reported.since(dropped));
    }

    fn all_dropped(&self, places: &Places) -> DroppedEvents {
        let mut dropped = places.dropped;
        for (reason, lost) in DropReason::ALL.into_iter().zip(&self.lost_by_callers) {
            dropped.add(reason, lost.load(Ordering::Acquire));
        }
        dropped
    }

    /// Makes one change, as if at one moment. May call it again when another thread changed something meanwhile.
    fn change(&self, mut change: impl FnMut(&mut Places)) {
        self.places.rcu(|places| {
            let mut next = Places::clone(places);
            change(&mut next);
            next
        });
    }
}
