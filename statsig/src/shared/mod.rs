//! State that the client and the actors share. It outlives every actor, so a crash loses nothing.

mod event_pipe;
mod published;
mod telemetry;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use uuid::Uuid;

pub(crate) use self::event_pipe::EventPipe;
pub(crate) use self::published::{End, Published, PublishedCell, Watched};
pub(crate) use self::telemetry::Telemetry;
use crate::clock::Clock;
use crate::options::StatsigOptions;
use crate::overrides::Overrides;
use crate::process::{HomeProcess, log_aside};
use crate::sources::data_store::kept::Kept;
use crate::sources::data_store::writes::KeptSpecs;
use crate::specs::snapshot::Snapshot;
use crate::targets;
use crate::transport::identity::{Identity, SdkKey};

/// State that the client and the actors share. `Debug` shows the SDK key and the specs only,
/// because every handle contains this.
pub(crate) struct Shared {
    /// Forks of this process record nothing.
    pub(crate) home: Arc<HomeProcess>,
    /// Whether the log says that this process is a fork.
    is_fork_logged: AtomicBool,
    /// The sender of requests and events.
    pub(crate) identity: Identity,
    pub(crate) options: StatsigOptions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) published: PublishedCell,
    pub(crate) events: EventPipe,
    pub(crate) telemetry: Telemetry,
    pub(crate) overrides: Overrides,
    /// What the data store should contain.
    pub(crate) kept_specs: Arc<Mutex<Kept<KeptSpecs>>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("sdk_key", &self.identity.key)
            .field("specs", &**self.published.load())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(sdk_key: &str, options: StatsigOptions) -> Self {
        let first = Snapshot::uninitialized(
            options.environment.clone(),
            Arc::clone(&options.global_custom_fields),
            options.countries(),
        );
        let home = Arc::new(HomeProcess::here());
        Self {
            is_fork_logged: AtomicBool::new(false),
            identity: Identity {
                key: SdkKey::new(sdk_key),
                session_id: Uuid::new_v4().to_string(),
                service_name: options.service_name.clone(),
            },
            clock: Arc::clone(&options.clock),
            published: PublishedCell::new(first, options.is_measured()),
            events: EventPipe::new(&options, Arc::clone(&home)),
            telemetry: Telemetry::new(&options, Arc::clone(&home)),
            overrides: Overrides::new(options.override_adapter.clone()),
            kept_specs: Arc::default(),
            home,
            options,
        }
    }

    /// Refuses events from now on, and wakes all who wait for specs.
    pub(crate) fn close(&self) {
        self.events.close();
        self.published.set_end(Some(End::ShutDown));
    }

    /// Takes events again after a shutdown.
    pub(crate) fn reopen(&self) {
        self.published.set_end(None);
        self.events.reopen();
    }

    /// Called when the actors are gone. Without a shutdown, their runtime ended or their supervisor
    /// crashed.
    pub(crate) fn actors_ended(&self) {
        if self.events.is_closed() || !self.home.is_surely_here() {
            return;
        }
        tracing::error!(
            target: targets::CLIENT,
            "the client stopped without a shutdown, probably because its tokio runtime ended: it no longer updates specs or sends \
             events; call `initialize` again, on a runtime that lives as long as the client"
        );
        self.events.log_last_losses();
        self.published.set_end(Some(End::ActorsGone));
    }

    /// Logs once that this process is a fork of the one that the client works in. Returns whether
    /// this call logged it. Does not wait.
    pub(crate) fn log_fork(&self) -> bool {
        let is_news = !self.is_fork_logged.swap(true, Ordering::Relaxed);
        if is_news {
            log_aside(|| {
                tracing::error!(
                    target: targets::CLIENT,
                    "this process was forked after `initialize`: the client does not update specs or send events here; use `Statsig::after_fork`"
                );
            });
        }
        is_news
    }
}

impl Drop for Shared {
    /// Nothing is left that delivers the events in memory.
    fn drop(&mut self) {
        // In a fork they belong to the parent, and locks may be held forever.
        if !self.home.is_surely_here() {
            return;
        }
        let dropped = self.events.abandon();
        if dropped.total() > 0
            && let Some(hook) = &self.options.on_events_dropped
        {
            hook.call(&dropped);
        }
    }
}
