//! The way of an event from a caller to the outbox, and the account of all events.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::counters::{DropReason, DroppedEvents, EventCounters, LossLog, ShutdownReport};
use crate::events::dedupe::Dedupe;
use crate::events::event::QueuedEvent;
use crate::events::non_exposed::NonExposedChecks;
use crate::events::outbox::Outbox;
use crate::events::queue::{EventQueue, Pushed};
use crate::events::secondary::rollout_bucket;
use crate::options::StatsigOptions;
use crate::process::HomeProcess;
use crate::specs::snapshot::Snapshot;
use crate::targets;

/// Everything between a caller's thread and the posts of the exposure actor.
pub(crate) struct EventPipe {
    pub(crate) queue: EventQueue,
    pub(crate) dedupe: Dedupe,
    pub(crate) non_exposed: NonExposedChecks,
    pub(crate) counters: Arc<EventCounters>,
    pub(crate) loss_log: LossLog,
    /// Locked by the exposure actor and its tasks, never by callers.
    outbox: Mutex<Outbox>,
    /// This client's place in the rollout of nested gates as exposures.
    rollout_bucket: Option<u64>,
    max_bytes: u64,
    /// Forks of this process record nothing.
    home: Arc<HomeProcess>,
    clock: Arc<dyn Clock>,
    /// Set when a shutdown begins. From then on, nothing is recorded.
    is_closed: AtomicBool,
    /// Whether the log says how many events a shutdown left.
    is_rest_logged: AtomicBool,
}

impl EventPipe {
    pub(super) fn new(options: &StatsigOptions, home: Arc<HomeProcess>) -> Self {
        let limits = options.event_limits;
        let counters = Arc::<EventCounters>::default();
        let outbox = Outbox::new(limits, options.event_spool_bytes(), Arc::clone(&counters));
        Self {
            queue: EventQueue::new(&limits),
            dedupe: Dedupe::new(options.exposure_dedupe_max_keys),
            non_exposed: NonExposedChecks::default(),
            counters,
            loss_log: LossLog::default(),
            outbox: Mutex::new(outbox),
            rollout_bucket: rollout_bucket(&options.experimental_flags),
            max_bytes: limits.event_max_bytes,
            home,
            clock: Arc::clone(&options.clock),
            is_closed: AtomicBool::new(false),
            is_rest_logged: AtomicBool::new(false),
        }
    }

    /// Counts an event and queues it; a full queue loses its oldest event. Returns whether the
    /// exposure actor should be woken.
    pub(crate) fn record(&self, event: QueuedEvent) -> bool {
        self.counters.add_enqueued(1);
        let bytes = event.bytes();
        let refusal = if !self.home.is_here() {
            Some(DropReason::Forked)
        } else if self.is_closed() {
            Some(DropReason::AfterShutdown)
        } else {
            (bytes > self.max_bytes).then_some(DropReason::TooLarge)
        };
        if let Some(reason) = refusal {
            self.lose(reason, 1);
            return false;
        }
        match self.queue.push(event, bytes) {
            Pushed::Queued => false,
            Pushed::QueuedAtHighWater => true,
            Pushed::InPlaceOf(oldest) => {
                self.lose(DropReason::QueueFull, oldest);
                false
            }
        }
    }

    /// Counts events that a caller's thread drops, and logs the loss when a line is due. Does not
    /// wait and takes no lock.
    #[cold]
    pub(crate) fn lose(&self, reason: DropReason, events: u64) {
        let so_far = self.counters.add_lost_by_caller(reason, events);
        self.loss_log
            .lost_by_caller(reason, so_far, self.clock.now_ms());
    }

    /// Logs the losses for which a line is due.
    pub(crate) fn log_losses(&self) {
        let dropped = self.counters.stats().dropped;
        self.loss_log.look(&dropped, self.clock.now_ms());
    }

    /// Logs all losses that the log does not contain yet: the actors that log them are ending.
    pub(crate) fn log_last_losses(&self) {
        let dropped = self.counters.stats().dropped;
        self.loss_log.finish(&dropped, self.clock.now_ms());
    }

    /// Logs that a shutdown left events unsent. They are lost unless the client is initialized
    /// again.
    pub(crate) fn log_rest(&self, report: &ShutdownReport) {
        self.is_rest_logged.store(true, Ordering::Relaxed);
        tracing::warn!(
            target: targets::EVENTS,
            events = report.stats.pending,
            "a shutdown left events unsent ({report}); give it more time with `shutdown_with_timeout`, or keep events on disk with \
             `event_spool`"
        );
    }

    /// Whether nested gates are logged as separate exposures. The service rolls this out to the
    /// clients that take part.
    #[inline]
    pub(crate) fn exposes_nested_gates(&self, snapshot: &Snapshot) -> bool {
        self.rollout_bucket
            .is_some_and(|bucket| bucket < snapshot.settings.nested_gates_rollout)
    }

    /// The locked outbox. Hold it for bookkeeping only, never across work.
    pub(crate) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Refuses events from now on.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    /// Takes events again after a shutdown.
    pub(super) fn reopen(&self) {
        self.is_closed.store(false, Ordering::Release);
        self.is_rest_logged.store(false, Ordering::Relaxed);
        self.counters.leave_spooled();
        self.outbox().reopen();
    }

    /// Counts and logs everything in memory as lost, because the client is dropped. Returns what
    /// the caller's hook does not know yet.
    pub(super) fn abandon(&mut self) -> DroppedEvents {
        let left = self.counters.stats().pending;
        if left > 0 {
            if *self.is_rest_logged.get_mut() {
                self.loss_log
                    .told_elsewhere(DropReason::ClientDropped, left);
            }
            self.counters.add_dropped(DropReason::ClientDropped, left);
        }
        self.log_last_losses();
        self.counters.take_unreported()
    }
}
