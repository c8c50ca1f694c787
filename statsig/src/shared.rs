//! What the client and the actors share. It outlives every actor, so that one that crashes loses nothing.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::counters::{DropReason, EventCounters};
use crate::country::Countries;
use crate::evaluation::memo::Memo;
use crate::events::dedupe::Dedupe;
use crate::events::event::QueuedEvent;
use crate::events::non_exposed::NonExposedChecks;
use crate::events::outbox::Outbox;
use crate::events::queue::{EventQueue, Pushed};
use crate::options::StatsigOptions;
use crate::overrides::Overrides;
use crate::specs::snapshot::Snapshot;
use crate::transport::identity::{Identity, SdkKey};
use crate::typed::{DriftLog, MismatchLog};

/// The queue holds this many batches: room for bursts while the exposure actor works.
const QUEUE_BATCHES: usize = 4;

/// A snapshot with the evaluations remembered for it: both are replaced together.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) snapshot: Snapshot,
    pub(crate) memo: Memo,
}

impl From<Snapshot> for Published {
    fn from(snapshot: Snapshot) -> Self {
        Self {
            memo: Memo::new(&snapshot.specs),
            snapshot,
        }
    }
}

impl Deref for Published {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// What the client and the actors share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) sdk_key: SdkKey,
    pub(crate) options: StatsigOptions,
    pub(crate) clock: Arc<dyn Clock>,
    /// Identifies this client to the service, in headers and events.
    pub(crate) session_id: String,
    /// Published by the evaluation actor only.
    pub(crate) snapshot: ArcSwap<Published>,
    pub(crate) queue: EventQueue,
    pub(crate) dedupe: Dedupe,
    pub(crate) non_exposed: NonExposedChecks,
    pub(crate) counters: EventCounters,
    pub(crate) overrides: Overrides,
    /// Which typed parameters did not fit, so that each is told once.
    pub(crate) mismatches: MismatchLog,
    /// What the latest check of parameter structs found.
    pub(crate) drift_log: DriftLog,
    /// Touched by the exposure actor and the tasks that post for it, never by callers.
    outbox: Mutex<Outbox>,
    /// Set when a shutdown begins: nothing is recorded any more.
    is_closed: AtomicBool,
}

impl Shared {
    pub(crate) fn new(sdk_key: &str, options: StatsigOptions) -> Self {
        let batch_size = options.event_logging_max_queue_size;
        let countries = if options.disable_country_lookup {
            Countries::disabled()
        } else {
            Countries::new(options.country_lookup.clone())
        };
        let snapshot = Snapshot::uninitialized(
            options.environment.clone(),
            Arc::clone(&options.global_custom_fields),
            countries,
        );
        Self {
            sdk_key: SdkKey::new(sdk_key),
            clock: Arc::clone(&options.clock),
            session_id: uuid::Uuid::new_v4().to_string(),
            snapshot: ArcSwap::from_pointee(snapshot.into()),
            queue: EventQueue::new(batch_size * QUEUE_BATCHES, batch_size),
            dedupe: Dedupe::new(options.exposure_dedupe_max_keys),
            non_exposed: NonExposedChecks::default(),
            counters: EventCounters::default(),
            overrides: Overrides::new(options.override_adapter.clone()),
            mismatches: MismatchLog::default(),
            drift_log: DriftLog::default(),
            outbox: Mutex::new(Outbox::new(
                batch_size,
                options.event_logging_max_pending_batch_queue_size,
            )),
            is_closed: AtomicBool::new(false),
            options,
        }
    }

    /// Replaces what callers read, and forgets what was evaluated with it. For the evaluation actor only, who gets back what
    /// was replaced: dropping large specs takes time.
    pub(crate) fn publish(&self, next: Snapshot) -> Arc<Published> {
        self.snapshot.swap(Arc::new(next.into()))
    }

    /// Counts an event and puts it into the queue. True when the exposure actor should be nudged.
    pub(crate) fn record(&self, event: QueuedEvent) -> bool {
        self.counters.add_enqueued(1);
        if self.is_closed() {
            self.counters.add_dropped(DropReason::ShutDown, 1);
            return false;
        }
        match self.queue.push(event) {
            Pushed::Queued => false,
            Pushed::QueuedAtHighWater => true,
            Pushed::Full => {
                self.counters.add_dropped(DropReason::QueueFull, 1);
                false
            }
        }
    }

    /// Refuses events from now on.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// The outbox, locked. To be held for bookkeeping only, never across work.
    pub(crate) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who sends this client's requests.
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            key: self.sdk_key.clone(),
            session_id: self.session_id.clone(),
            service_name: self.options.service_name.clone(),
        }
    }
}
