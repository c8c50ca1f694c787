//! How the start of the client goes: recorded by the client itself, so that it is known however long callers wait.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use super::tree::Tree;
use crate::error::StatsigError;
use crate::initialize_details::InitializeDetails;
use crate::observability::facts::{Fact, InitializeEnded};
use crate::specs::compiled::SpecCounts;
use crate::targets;

/// The record of a start.
#[derive(Debug)]
pub(super) struct Initialization {
    started: Instant,
    details: ArcSwapOption<InitializeDetails>,
    /// Held while the record is made. Readers of the record do not take it.
    recording: Mutex<()>,
}

impl Initialization {
    /// A start that begins now.
    pub(super) fn begin() -> Self {
        Self {
            started: Instant::now(),
            details: ArcSwapOption::empty(),
            recording: Mutex::new(()),
        }
    }

    /// The record, if there is one yet.
    pub(super) fn details(&self) -> Option<Arc<InitializeDetails>> {
        self.details.load_full()
    }
}

impl Tree {
    /// Waits for the first syncs of specs and ID lists.
    pub(super) async fn first_syncs_over(&self) {
        let mut specs = self.watch_first_sync();
        // Fails only without a sender, which is here.
        let _ = specs.wait_for(Option::is_some).await;
        self.first_id_lists_over().await;
    }

    /// Records how the start went, when it is over or its limit has passed, and again when what failed has succeeded.
    pub(super) async fn keep_record(self: Arc<Self>) {
        let _ = within(self.shared.options.init_timeout, self.first_syncs_over()).await;
        let (mut specs, mut id_lists) = (self.watch_first_sync(), self.watch_first_id_lists());
        while self.record_initialization().failure_details.is_some() {
            let changed = tokio::select! {
                changed = specs.changed() => changed,
                changed = id_lists.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
        }
    }

    /// Records what is now, unless that is known, and returns the record. To be called when the first syncs are over, or the limit of
    /// the start has passed.
    pub(super) fn record_initialization(&self) -> Arc<InitializeDetails> {
        let record = &self.initialization;
        let recording = record.recording.lock();
        let _recording = recording.unwrap_or_else(PoisonError::into_inner);
        let known = record.details();
        let now = self.initialization_so_far();
        let is_news = |known: &InitializeDetails| {
            // When it was known first is its duration.
            known.failure_details.is_some() && *known != with_duration(&now, known.duration)
        };
        match known {
            Some(known) if !is_news(&known) => known,
            known => {
                if known.is_none() {
                    let shared = &self.shared;
                    shared.note(Fact::InitializeEnded(fact(&now, shared.clock.now_ms())));
                }
                if now.is_config_spec_ready && known.is_none_or(|known| !known.is_config_spec_ready)
                {
                    self.log_start(&now);
                }
                let now = Arc::new(now);
                record.details.store(Some(Arc::clone(&now)));
                now
            }
        }
    }

    /// One line for a start that brought specs. One that did not is a warning already.
    fn log_start(&self, details: &InitializeDetails) {
        let SpecCounts {
            gates,
            configs,
            layers,
        } = self.shared.published.load().specs.counts();
        tracing::info!(
            target: targets::CLIENT,
            "initialised: {}, {}, {} from {} in {} ms",
            counted(gates, "gate"),
            counted(configs, "config"),
            counted(layers, "layer"),
            details.source,
            details.duration.as_millis()
        );
    }

    fn initialization_so_far(&self) -> InitializeDetails {
        let snapshot = self.shared.published.load();
        let first_sync = self.watch_first_sync().borrow().clone();
        let is_over = first_sync.is_some() && self.are_first_id_lists_over();
        let failure = match first_sync {
            Some(Err(error)) if is_over => Some(error),
            _ if is_over => None,
            _ => Some(StatsigError::InitTimeout {
                limit: self.shared.options.init_timeout.unwrap_or_default(),
            }),
        };
        let id_lists_failure = self.id_lists_failure();
        InitializeDetails {
            init_success: is_over && id_lists_failure.is_none(),
            is_config_spec_ready: snapshot.specs.time != 0,
            is_id_list_ready: self.is_id_list_ready(),
            source: snapshot.source.clone(),
            spec_source_api: snapshot.source_api.as_deref().map(str::to_owned),
            failure_details: failure.or(id_lists_failure),
            duration: self.initialization.started.elapsed(),
        }
    }
}

/// Waits, but not longer than the limit. False when it passed.
pub(super) async fn within(limit: Option<Duration>, future: impl Future<Output = ()>) -> bool {
    match limit {
        None => {
            future.await;
            true
        }
        Some(limit) => tokio::time::timeout(limit, future).await.is_ok(),
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn with_duration(details: &InitializeDetails, duration: Duration) -> InitializeDetails {
    InitializeDetails {
        duration,
        ..details.clone()
    }
}

fn fact(details: &InitializeDetails, at_ms: u64) -> InitializeEnded {
    InitializeEnded {
        at_ms,
        duration: details.duration,
        success: details.init_success,
        is_config_spec_ready: details.is_config_spec_ready,
        source: details.source.clone(),
        source_api: details.spec_source_api.clone(),
        failure: details.failure_details.as_ref().map(ToString::to_string),
    }
}
