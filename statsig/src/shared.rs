//! What the client and the actors share. It outlives every actor, so that one that crashes loses nothing.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::counters::EventCounters;
use crate::events::dedupe::Dedupe;
use crate::events::non_exposed::NonExposedChecks;
use crate::events::outbox::Outbox;
use crate::events::queue::EventQueue;
use crate::options::StatsigOptions;
use crate::specs::snapshot::Snapshot;
use crate::transport::identity::{Identity, SdkKey};

/// The queue holds this many batches: room for bursts while the exposure actor works.
const QUEUE_BATCHES: usize = 4;

/// What the client and the actors share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) sdk_key: SdkKey,
    pub(crate) options: StatsigOptions,
    pub(crate) clock: Arc<dyn Clock>,
    /// Identifies this client to the service, in headers and events.
    pub(crate) session_id: String,
    /// Published by the evaluation actor only.
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) queue: EventQueue,
    pub(crate) dedupe: Dedupe,
    pub(crate) non_exposed: NonExposedChecks,
    pub(crate) counters: EventCounters,
    /// Touched by the exposure actor and the tasks that post for it, never by callers.
    pub(crate) outbox: Mutex<Outbox>,
}

impl Shared {
    pub(crate) fn new(sdk_key: &str, options: StatsigOptions) -> Self {
        let batch_size = options.event_logging_max_queue_size;
        let snapshot = Snapshot::uninitialized(
            options.environment.clone(),
            Arc::clone(&options.global_custom_fields),
        );
        Self {
            sdk_key: SdkKey::new(sdk_key),
            clock: Arc::clone(&options.clock),
            session_id: uuid::Uuid::new_v4().to_string(),
            snapshot: ArcSwap::from_pointee(snapshot),
            queue: EventQueue::new(batch_size * QUEUE_BATCHES, batch_size),
            dedupe: Dedupe::new(options.exposure_dedupe_max_keys),
            non_exposed: NonExposedChecks::default(),
            counters: EventCounters::default(),
            outbox: Mutex::new(Outbox::new(
                batch_size,
                options.event_logging_max_pending_batch_queue_size,
            )),
            options,
        }
    }
}
