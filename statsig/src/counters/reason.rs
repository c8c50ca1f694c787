//! Why events are lost, and what to do about it.

/// Why an event was given up. The names are those of the fields of [`DroppedEvents`](super::DroppedEvents).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// The queue was full.
    QueueFull,
    /// Too many batches were waiting.
    TooManyBatches,
    /// All attempts failed.
    DeliveryFailed,
    /// The service will never take it.
    Refused,
    /// It is larger than one event may be.
    TooLarge,
    /// The network is disabled by option.
    NetworkDisabled,
    /// The batch could not be encoded, or the task that posted it died.
    Internal,
    /// The client had been shut down.
    AfterShutdown,
    /// It was recorded in a fork of the process that delivers events.
    Forked,
    /// The last handle of the client was dropped.
    ClientDropped,
    /// The spool was full, and the event the oldest in it.
    SpoolFull,
    /// The spool could not be read back.
    SpoolUnreadable,
}

impl DropReason {
    /// How many reasons there are.
    pub(super) const COUNT: usize = 12;

    /// All of them, in the order in which they are told.
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::QueueFull,
        Self::TooManyBatches,
        Self::DeliveryFailed,
        Self::Refused,
        Self::TooLarge,
        Self::NetworkDisabled,
        Self::Internal,
        Self::AfterShutdown,
        Self::Forked,
        Self::ClientDropped,
        Self::SpoolFull,
        Self::SpoolUnreadable,
    ];

    /// The name in statistics, metrics and the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::TooManyBatches => "too_many_batches",
            Self::DeliveryFailed => "delivery_failed",
            Self::Refused => "refused",
            Self::TooLarge => "too_large",
            Self::NetworkDisabled => "network_disabled",
            Self::Internal => "internal",
            Self::AfterShutdown => "after_shutdown",
            Self::Forked => "forked",
            Self::ClientDropped => "client_dropped",
            Self::SpoolFull => "spool_full",
            Self::SpoolUnreadable => "spool_unreadable",
        }
    }

    /// What happened, and what to do about it.
    pub(super) const fn explanation(self) -> &'static str {
        match self {
            Self::QueueFull => {
                "the queue of recorded events was full; call `initialize` if nothing runs yet, otherwise raise \
                 `event_queue_capacity` or `event_queue_max_bytes`"
            }
            Self::TooManyBatches => {
                "too many batches waited for the service; raise `event_logging_max_pending_batch_queue_size` or \
                 `event_pending_max_bytes`, or keep events on disk with `event_spool`"
            }
            Self::DeliveryFailed => {
                "all attempts to post them failed; check the connection to the service, raise `event_max_retries`, or keep \
                 events on disk with `event_spool`"
            }
            Self::Refused => {
                "the service refused them for good; check the SDK key and `log_event_url`"
            }
            Self::TooLarge => {
                "each was larger than `event_max_bytes`; log fewer user fields or less metadata, or raise the limit"
            }
            Self::NetworkDisabled => "the option `disable_network` is set",
            Self::Internal => "an internal error of the SDK; please report it",
            Self::AfterShutdown => {
                "they were recorded after the shutdown of the client; record events before the shutdown, or call `initialize` again"
            }
            Self::Forked => {
                "they were recorded in a fork of the process that called `initialize`; use `Statsig::after_fork`"
            }
            Self::ClientDropped => {
                "the last handle of the client was dropped before they were delivered; call `shutdown().await` before that"
            }
            Self::SpoolFull => {
                "the event spool was full, so its oldest events were dropped; raise `event_spool_max_bytes`"
            }
            Self::SpoolUnreadable => "they were damaged on disk",
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_place_of_its_own() {
        for (place, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), place, "{reason:?}");
        }
    }
}
