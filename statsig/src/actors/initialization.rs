//! How the start of the client goes: recorded even if no caller waits for it.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::cause::Cause;
use crate::error::StatsigError;
use crate::facts::Fact;
use crate::initialize_details::InitializeDetails;
use crate::shared::Shared;
use crate::sources::id_lists::source::IdListSource;
use crate::targets;

/// The first syncs, and the record of the start that they make.
#[derive(Debug)]
pub(super) struct Initialization {
    shared: Arc<Shared>,
    started: Instant,
    pub(super) specs: FirstSync<StatsigError>,
    /// Fails with a reason while some ID lists are missing.
    pub(super) id_lists: FirstSync<Cause>,
    are_id_lists_enabled: bool,
    /// False also when the options forbid to ask for them.
    are_id_lists_awaited: bool,
    /// A data store keeps some. Then the start fails without them; otherwise they may come later.
    are_id_lists_stored: bool,
    details: ArcSwapOption<InitializeDetails>,
    /// Held while the record is made. Readers of the record do not take it.
    recording: Mutex<()>,
}

impl Initialization {
    /// A start that begins now.
    pub(super) fn begin(shared: Arc<Shared>, id_lists: Option<&IdListSource>) -> Self {
        Self {
            shared,
            started: Instant::now(),
            specs: FirstSync::new(),
            id_lists: FirstSync::new(),
            are_id_lists_enabled: id_lists.is_some(),
            are_id_lists_awaited: id_lists.is_some_and(IdListSource::is_usable),
            are_id_lists_stored: id_lists.is_some_and(|source| source.store.is_some()),
            details: ArcSwapOption::empty(),
            recording: Mutex::new(()),
        }
    }

    /// The record, if there is one yet.
    pub(super) fn details(&self) -> Option<Arc<InitializeDetails>> {
        self.details.load_full()
    }

    /// Waits for the first syncs, up to the limit of the options, and returns the record.
    pub(super) async fn recorded(&self) -> Arc<InitializeDetails> {
        let first_syncs = async {
            self.specs.over().await;
            if self.are_id_lists_awaited {
                self.id_lists.over().await;
            }
        };
        match self.shared.options.init_timeout {
            None => first_syncs.await,
            // That the limit passed is part of the record.
            Some(limit) => drop(tokio::time::timeout(limit, first_syncs).await),
        }
        self.record()
    }

    /// Records how the start went, and again when what failed has succeeded.
    pub(super) async fn keep_record(&self) {
        let (mut specs, mut id_lists) = (self.specs.0.subscribe(), self.id_lists.0.subscribe());
        let mut details = self.recorded().await;
        while details.failure_details.is_some() {
            let changed = tokio::select! {
                changed = specs.changed() => changed,
                changed = id_lists.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
            details = self.record();
        }
    }

    /// Records what is now, unless that is known, and returns the record.
    fn record(&self) -> Arc<InitializeDetails> {
        let recording = self.recording.lock();
        let _recording = recording.unwrap_or_else(PoisonError::into_inner);
        let known = self.details();
        let now = self.so_far();
        if let Some(known) = &known {
            // The duration is that of the first record.
            let duration = known.duration;
            let is_same = || {
                **known
                    == InitializeDetails {
                        duration,
                        ..now.clone()
                    }
            };
            if known.failure_details.is_none() || is_same() {
                return Arc::clone(known);
            }
        } else {
            let details = now.clone();
            let at_ms = self.shared.clock.now_ms();
            self.shared.note(Fact::InitializeEnded { at_ms, details });
        }
        if now.is_config_spec_ready && known.is_none_or(|known| !known.is_config_spec_ready) {
            self.log_start(&now);
        }
        let now = Arc::new(now);
        self.details.store(Some(Arc::clone(&now)));
        now
    }

    /// One line for a start that brought specs. One that did not is a warning already.
    fn log_start(&self, details: &InitializeDetails) {
        let specs = self.shared.published.load().specs.counts();
        tracing::info!(
            target: targets::CLIENT,
            "initialised: {}, {}, {} from {} in {} ms",
            counted(specs.gates, "gate"),
            counted(specs.configs, "config"),
            counted(specs.layers, "layer"),
            details.source,
            details.duration.as_millis()
        );
    }

    fn so_far(&self) -> InitializeDetails {
        let snapshot = self.shared.published.load();
        let specs = self.specs.outcome();
        let id_lists = self.id_lists.outcome();
        let is_over = specs.is_some() && (!self.are_id_lists_awaited || id_lists.is_some());
        let failure = match specs {
            Some(Err(error)) if is_over => Some(error),
            _ if is_over => None,
            _ => Some(StatsigError::InitTimeout {
                limit: self.shared.options.init_timeout.unwrap_or_default(),
            }),
        };
        let are_id_lists_ready = id_lists == Some(Ok(()));
        let id_lists_failure = match id_lists {
            Some(Err(source)) if self.are_id_lists_stored => {
                Some(StatsigError::NoIdLists { source })
            }
            _ => None,
        };
        InitializeDetails {
            init_success: is_over && id_lists_failure.is_none(),
            is_config_spec_ready: snapshot.specs.time != 0,
            is_id_list_ready: self.are_id_lists_enabled.then_some(are_id_lists_ready),
            source: snapshot.source.clone(),
            spec_source_api: snapshot.source_api.as_deref().map(str::to_owned),
            failure_details: failure.or(id_lists_failure),
            duration: self.started.elapsed(),
        }
    }
}

/// How a first sync ended: `None` while it is under way.
#[derive(Debug)]
pub(super) struct FirstSync<E>(watch::Sender<Option<Result<(), E>>>);

impl<E: Clone + PartialEq> FirstSync<E> {
    fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.borrow().is_some()
    }

    fn outcome(&self) -> Option<Result<(), E>> {
        self.0.borrow().clone()
    }

    async fn over(&self) {
        // Fails only without a sender, which is here.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    /// A sync ended. A failure that comes after a success does not count.
    pub(super) fn end(&self, outcome: Result<(), E>) {
        self.0.send_if_modified(|known| {
            let outcome = Some(outcome);
            let is_news = !matches!(known, Some(Ok(()))) && *known != outcome;
            if is_news {
                *known = outcome;
            }
            is_news
        });
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
