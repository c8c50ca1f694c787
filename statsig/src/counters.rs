//! The account of every event: enqueued = delivered + dropped (by reason) + pending.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counts events from their creation to their end.
#[derive(Debug, Default)]
pub(crate) struct EventCounters {
    enqueued: AtomicU64,
    delivered: AtomicU64,
    dropped: [AtomicU64; DropReason::COUNT],
}

/// Why an event was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// The queue between callers and the exposure actor was full.
    QueueFull,
    /// Too many batches were waiting.
    TooManyBatches,
    /// The service refused the batch, or all attempts failed.
    DeliveryFailed,
    /// The service asked for a sample only, and this event is not in it.
    SampledOut,
    /// The network is disabled by option.
    NetworkDisabled,
    /// The batch could not be encoded, or the task that posted it died.
    Internal,
    /// The client had been shut down.
    ShutDown,
}

impl DropReason {
    const COUNT: usize = 7;
}

impl EventCounters {
    pub(crate) fn add_enqueued(&self, events: u64) {
        self.enqueued.fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn add_delivered(&self, events: u64) {
        self.delivered.fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn add_dropped(&self, reason: DropReason, events: u64) {
        if let Some(counter) = self.dropped.get(reason as usize) {
            counter.fetch_add(events, Ordering::Relaxed);
        }
    }

    fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped
            .get(reason as usize)
            .map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    /// The account at this moment.
    pub(crate) fn account(&self) -> EventAccount {
        let dropped = DroppedEvents {
            queue_full: self.dropped_for(DropReason::QueueFull),
            too_many_batches: self.dropped_for(DropReason::TooManyBatches),
            delivery_failed: self.dropped_for(DropReason::DeliveryFailed),
            sampled_out: self.dropped_for(DropReason::SampledOut),
            network_disabled: self.dropped_for(DropReason::NetworkDisabled),
            internal: self.dropped_for(DropReason::Internal),
            after_shutdown: self.dropped_for(DropReason::ShutDown),
        };
        let delivered = self.delivered.load(Ordering::Relaxed);
        let enqueued = self.enqueued.load(Ordering::Relaxed);
        EventAccount {
            enqueued,
            delivered,
            dropped,
            pending: enqueued.saturating_sub(delivered + dropped.total()),
        }
    }
}

/// What became of all events since the client was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct EventAccount {
    /// Events that were recorded: exposures that are no repeats, custom events, the SDK's own.
    pub enqueued: u64,
    /// Events that the service accepted.
    pub delivered: u64,
    /// Events that were given up, by reason.
    pub dropped: DroppedEvents,
    /// Events still waiting or on their way.
    pub pending: u64,
}

/// Events that were given up, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct DroppedEvents {
    /// The queue between callers and the exposure actor was full.
    pub queue_full: u64,
    /// Too many batches were waiting for a service that did not take them.
    pub too_many_batches: u64,
    /// The service refused the batch, or all attempts failed.
    pub delivery_failed: u64,
    /// Left out because the service asked for a sample only.
    pub sampled_out: u64,
    /// Discarded because the network is disabled by option.
    pub network_disabled: u64,
    /// Lost inside the SDK: the batch could not be encoded, or its task died.
    pub internal: u64,
    /// Recorded after the shutdown of the client had begun.
    pub after_shutdown: u64,
}

impl DroppedEvents {
    /// Each reason, by the name of its field.
    pub(crate) fn by_reason(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("queue_full", self.queue_full),
            ("too_many_batches", self.too_many_batches),
            ("delivery_failed", self.delivery_failed),
            ("sampled_out", self.sampled_out),
            ("network_disabled", self.network_disabled),
            ("internal", self.internal),
            ("after_shutdown", self.after_shutdown),
        ]
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.queue_full
            + self.too_many_batches
            + self.delivery_failed
            + self.sampled_out
            + self.network_disabled
            + self.internal
            + self.after_shutdown
    }
}

/// How a shutdown ended.
///
/// ```
/// # fn _show(report: statsig::ShutdownReport) {
/// if report.account.pending > 0 {
///     eprintln!("{report}"); // timed out: 120 events delivered, 0 dropped, 3 not sent
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// What became of all events since the client was created. Those `pending` are lost.
    pub account: EventAccount,
    /// The limit passed, or the runtime went away, before every event was delivered or dropped.
    pub timed_out: bool,
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EventAccount {
            delivered,
            dropped,
            pending,
            ..
        } = self.account;
        let how = if self.timed_out {
            "timed out"
        } else {
            "complete"
        };
        let dropped = dropped.total();
        write!(
            f,
            "{how}: {delivered} events delivered, {dropped} dropped, {pending} not sent"
        )
    }
}
