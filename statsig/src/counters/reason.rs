//! Reasons for dropping events, and what the user can do about each.

use serde::Serialize;

/// Declares the reasons: a variant of `DropReason` and a field of `DroppedEvents` for each.
macro_rules! drop_reasons {
    ($($(#[doc = $doc:literal])+ $field:ident = $reason:ident: $explanation:literal;)+) => {
        /// Why an event was dropped. The name of a reason is its field in [`DroppedEvents`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum DropReason {
            $($reason),+
        }

        /// Dropped events by reason.
        ///
        /// ```
        /// # use statsig::StatsigUser;
        /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
        /// let dropped = statsig.event_stats().dropped;
        /// assert_eq!((dropped.queue_full, dropped.total()), (0, 0));
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
        #[non_exhaustive]
        pub struct DroppedEvents {
            $($(#[doc = $doc])+ pub $field: u64),+
        }

        impl DropReason {
            /// In the order of the log and of reports.
            pub(crate) const ALL: [Self; Self::COUNT] = [$(Self::$reason),+];
            pub(super) const COUNT: usize = [$(stringify!($field)),+].len();

            /// The name in statistics, metrics and the log.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$reason => stringify!($field)),+
                }
            }

            /// What happened, and what to do about it.
            pub(super) const fn explanation(self) -> &'static str {
                match self {
                    $(Self::$reason => $explanation),+
                }
            }

            pub(super) const fn index(self) -> usize {
                self as usize
            }
        }

        impl DroppedEvents {
            pub(crate) const fn of(&self, reason: DropReason) -> u64 {
                match reason {
                    $(DropReason::$reason => self.$field),+
                }
            }

            pub(super) const fn add(&mut self, reason: DropReason, events: u64) {
                match reason {
                    $(DropReason::$reason => self.$field += events),+
                }
            }
        }
    };
}

drop_reasons! {
    /// The queue between callers and the exposure actor was full; its oldest events were dropped.
    queue_full = QueueFull:
        "the queue of recorded events was full; call `initialize` if nothing runs yet, otherwise raise \
         `event_queue_capacity` or `event_queue_max_bytes`";
    /// Too many batches waited for the service; the oldest was dropped.
    too_many_batches = TooManyBatches:
        "too many batches waited for the service; raise `event_logging_max_pending_batch_queue_size` or \
         `event_pending_max_bytes`, or keep events on disk with `event_spool`";
    /// All attempts to post the batch failed.
    delivery_failed = DeliveryFailed:
        "all attempts to post them failed; check the connection to the service, raise `event_max_retries`, or keep \
         events on disk with `event_spool`";
    /// The service refused them for good: they are malformed or too large, or the key may not send
    /// events.
    refused = Refused:
        "the service refused them for good; check the SDK key and `log_event_url`";
    /// Each was larger than `event_max_bytes`.
    too_large = TooLarge:
        "each was larger than `event_max_bytes`; log fewer user fields or less metadata, or raise the limit";
    /// The option `disable_network` is set.
    network_disabled = NetworkDisabled:
        "the option `disable_network` is set";
    /// An error within the SDK: the batch could not be encoded, or its task died.
    internal = Internal:
        "an internal error of the SDK; please report it";
    /// Recorded after the shutdown of the client began.
    after_shutdown = AfterShutdown:
        "they were recorded after the shutdown of the client; record events before the shutdown, or call `initialize` again";
    /// Recorded in a fork of the process that called `initialize`.
    forked = Forked:
        "they were recorded in a fork of the process that called `initialize`; use `Statsig::after_fork`";
    /// In memory when the last handle of the client was dropped, and not delivered within the limit
    /// of a shutdown.
    client_dropped = ClientDropped:
        "the last handle of the client was dropped before they were delivered; call `shutdown().await` before that";
    /// The spool was full; its oldest events were dropped.
    spool_full = SpoolFull:
        "the event spool was full, so its oldest events were dropped; raise `event_spool_max_bytes`";
    /// They were damaged in the spool.
    spool_unreadable = SpoolUnreadable:
        "they were damaged on disk";
}

impl DroppedEvents {
    /// Dropped events of all reasons.
    #[must_use]
    pub fn total(&self) -> u64 {
        DropReason::ALL.map(|reason| self.of(reason)).iter().sum()
    }

    /// The difference to earlier counts.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut more = Self::default();
        for reason in DropReason::ALL {
            more.add(reason, self.of(reason).saturating_sub(earlier.of(reason)));
        }
        more
    }
}
