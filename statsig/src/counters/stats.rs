//! What the books say, for callers.

use std::fmt;

use serde::Serialize;

use super::DropReason;

/// The counts of all events since the client was created, by state.
///
/// They add up at any moment:
/// `enqueued + recovered = delivered + sampled_out + dropped.total() + spooled + left_on_disk + pending`.
///
/// ```
/// # use statsig::StatsigUser;
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// let user = StatsigUser::with_user_id("a-user");
/// let _ = (statsig.check_gate(&user, "a_gate"), statsig.check_gate(&user, "a_gate"));
/// let stats = statsig.event_stats();
/// assert_eq!((stats.enqueued, stats.deduplicated, stats.pending), (1, 1, 1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct EventStats {
    /// Events that were recorded: exposures without repeats, custom events, the SDK's own events.
    pub enqueued: u64,
    /// Events that were found in the spool: of earlier processes, and of this client before it was shut down and initialised again.
    pub recovered: u64,
    /// Exposures that repeated one of the same minute. They were never recorded, so they are not among `enqueued`.
    pub deduplicated: u64,
    /// Events that the service accepted.
    pub delivered: u64,
    /// Exposures left out because the service asked for a sample only.
    pub sampled_out: u64,
    /// Events that were given up, by reason.
    pub dropped: DroppedEvents,
    /// Events on disk, safe from a crash, that wait for the service or for the next process.
    pub spooled: u64,
    /// Events that were on disk when this client was shut down, before it was initialised again. The process that delivers them counts
    /// them as `recovered`; so does this client.
    pub left_on_disk: u64,
    /// Events in memory, waiting or on their way.
    pub pending: u64,
}

/// Events that were given up, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct DroppedEvents {
    /// The oldest in the queue between callers and the exposure actor, which was full.
    pub queue_full: u64,
    /// In the oldest of too many batches that waited for a service that did not take them.
    pub too_many_batches: u64,
    /// In a batch of which all attempts failed.
    pub delivery_failed: u64,
    /// The service will never take them: it said that they are malformed, too large, or that the key may not send events.
    pub refused: u64,
    /// Larger than `event_max_bytes`, each of them.
    pub too_large: u64,
    /// Discarded because the network is disabled by option.
    pub network_disabled: u64,
    /// Lost inside the SDK: the batch could not be encoded, or its task died.
    pub internal: u64,
    /// Recorded after the shutdown of the client had begun.
    pub after_shutdown: u64,
    /// Recorded in a fork of the process that called `initialize`.
    pub forked: u64,
    /// In memory when the last handle of the client was dropped, and not delivered within the limit of a shutdown.
    pub client_dropped: u64,
    /// The oldest in the spool, which was full.
    pub spool_full: u64,
    /// In the spool, but damaged there.
    pub spool_unreadable: u64,
}

impl DroppedEvents {
    /// All of them together.
    #[must_use]
    pub fn total(&self) -> u64 {
        DropReason::ALL.map(|reason| self.of(reason)).iter().sum()
    }

    /// Each reason, by the name of its field.
    pub(crate) fn by_reason(&self) -> Vec<(&'static str, u64)> {
        let all = DropReason::ALL.iter();
        all.map(|reason| (reason.name(), self.of(*reason)))
            .collect()
    }

    /// Those of one reason.
    pub(crate) fn of(&self, reason: DropReason) -> u64 {
        // The places are the same; reading copies.
        let mut copy = *self;
        *copy.place(reason)
    }

    pub(super) fn add(&mut self, reason: DropReason, events: u64) {
        *self.place(reason) += events;
    }

    /// What these have more than earlier ones.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut news = Self::default();
        for reason in DropReason::ALL {
            news.add(reason, self.of(reason) - earlier.of(reason));
        }
        news
    }

    fn place(&mut self, reason: DropReason) -> &mut u64 {
        match reason {
            DropReason::QueueFull => &mut self.queue_full,
            DropReason::TooManyBatches => &mut self.too_many_batches,
            DropReason::DeliveryFailed => &mut self.delivery_failed,
            DropReason::Refused => &mut self.refused,
            DropReason::TooLarge => &mut self.too_large,
            DropReason::NetworkDisabled => &mut self.network_disabled,
            DropReason::Internal => &mut self.internal,
            DropReason::AfterShutdown => &mut self.after_shutdown,
            DropReason::Forked => &mut self.forked,
            DropReason::ClientDropped => &mut self.client_dropped,
            DropReason::SpoolFull => &mut self.spool_full,
            DropReason::SpoolUnreadable => &mut self.spool_unreadable,
        }
    }
}

/// How a shutdown ended.
///
/// ```
/// # fn _show(report: statsig::ShutdownReport) {
/// if report.stats.pending > 0 {
///     eprintln!("{report}"); // timed out: 120 events delivered, 0 dropped, 3 not sent
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The counts of all events since the client was created. Those `pending` are lost, those `spooled` are not.
    pub stats: EventStats,
    /// The limit passed, or the runtime went away, before every event was delivered, spooled or dropped.
    pub timed_out: bool,
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EventStats {
            delivered,
            dropped,
            spooled,
            pending,
            ..
        } = self.stats;
        let dropped = dropped.total();
        let how = if self.timed_out {
            "timed out"
        } else if dropped + spooled + pending > 0 {
            "ended"
        } else {
            "complete"
        };
        write!(
            f,
            "{how}: {delivered} events delivered, {dropped} dropped, "
        )?;
        if spooled > 0 {
            write!(f, "{spooled} kept on disk, ")?;
        }
        write!(f, "{pending} not sent")
    }
}
