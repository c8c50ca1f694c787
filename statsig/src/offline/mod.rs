//! A client that evaluates and records, without actors, runtime or network. Feature `offline`.

mod input;

pub use input::SpecsInput;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::Value;

use crate::client::Statsig;
use crate::error::SpecsError;
use crate::events::event::QueuedEvent;
use crate::events::sampling::{BatchedEvent, Sampler};
use crate::events::wire::{BatchContext, write_batch};
use crate::hash::IdLookup;
use crate::options::StatsigOptions;
use crate::process::lock;
use crate::results::SpecsSource;
use crate::shared::Shared;
use crate::specs::id_list::IdLists;
use crate::specs::snapshot::Loaded;
use crate::text::SharedStr;

/// The key of a client without a network.
const SDK_KEY: &str = "secret-offline";

/// A batch as it is sent.
#[derive(Deserialize)]
struct Batch {
    events: Vec<Value>,
}

/// A client with fixed specs for synchronous tests: no actors, no runtime, no network.
///
/// Derefs to [`Statsig`]. Like every client, it logs equal exposures once a minute, by the clock in
/// the options, such as a `testing::SimulatedClock`. Events stay in its queue, which holds a few
/// thousand, until a test [takes](Self::take_events) them. A struct with
/// `on_mismatch = "panic_in_tests"` panics here when a served value does not fit.
///
/// ```
/// use statsig::StatsigUser;
/// use statsig::testing::{OfflineClient, Specs};
///
/// let statsig = OfflineClient::new(Specs::new().gate("beta", |g| g.everyone()), None)?;
/// let gate = statsig.get_feature_gate(&StatsigUser::with_user_id("a-user"), "beta");
/// assert!(gate.value);
/// assert_eq!(gate.details.reason, "Bootstrap:Recognized");
/// # Ok::<(), statsig::sources::SpecsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OfflineClient {
    statsig: Statsig,
    sampler: Arc<Mutex<Sampler>>,
}

impl OfflineClient {
    /// A client with these specs: a project described with `statsig::testing::Specs`, or the JSON
    /// that the specs endpoint would return. Its source is `Bootstrap`.
    ///
    /// ```
    /// use statsig::StatsigUser;
    /// use statsig::testing::{OfflineClient, Specs};
    ///
    /// let statsig = OfflineClient::new(Specs::new().gate("a_gate", |g| g.everyone()), None)?;
    /// assert!(statsig.check_gate(&StatsigUser::with_user_id("a-user"), "a_gate"));
    /// # Ok::<(), statsig::sources::SpecsError>(())
    /// ```
    ///
    /// # Errors
    /// When the specs are not valid. The error contains the position.
    pub fn new(
        specs: impl Into<SpecsInput>,
        options: impl Into<Option<StatsigOptions>>,
    ) -> Result<Self, SpecsError> {
        let client = Self::of(options.into());
        client.set_specs(specs)?;
        Ok(client)
    }

    /// A client that found no specs in any source; its source is `NoValues`.
    ///
    /// ```
    /// use statsig::StatsigUser;
    /// use statsig::testing::OfflineClient;
    ///
    /// let user = StatsigUser::with_user_id("a-user");
    /// let statsig = OfflineClient::without_specs(None);
    /// assert!(!statsig.check_gate(&user, "a_gate"));
    /// ```
    #[must_use]
    pub fn without_specs(options: impl Into<Option<StatsigOptions>>) -> Self {
        let client = Self::of(options.into());
        let shared = client.statsig.shared_state();
        let next = shared.published.load().with_source(SpecsSource::NoValues);
        shared.published.publish(next);
        client
    }

    /// A new client with the specs, ID lists and options of this one. It has recorded nothing yet.
    ///
    /// ```
    /// use statsig::StatsigUser;
    /// use statsig::testing::{OfflineClient, Specs};
    ///
    /// let user = StatsigUser::with_user_id("a-user");
    /// let statsig = OfflineClient::new(Specs::new().gate("a_gate", |g| g.everyone()), None)?;
    /// let _ = statsig.check_gate(&user, "a_gate");
    /// assert!(statsig.fresh().take_events().is_empty());
    /// # Ok::<(), statsig::sources::SpecsError>(())
    /// ```
    #[must_use]
    pub fn fresh(&self) -> Self {
        let shared = self.statsig.shared_state();
        let client = Self::of(Some(shared.options.clone()));
        let same = shared.published.load().snapshot.clone();
        client.statsig.shared_state().published.publish(same);
        client
    }

    fn of(options: Option<StatsigOptions>) -> Self {
        let mut options = options.unwrap_or_default();
        options.panic_in_tests = true;
        let statsig = Statsig::new(SDK_KEY, options);
        end_windows_by_clock(statsig.shared_state());
        Self {
            statsig,
            sampler: Arc::default(),
        }
    }

    /// Takes all recorded events in the form that a flush would send: sampled, and followed by the
    /// counts of checks without exposure. Each event is one JSON object, as on the wire.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # use statsig::testing::{OfflineClient, Specs};
    /// let statsig = OfflineClient::new(Specs::new(), None)?;
    /// let _ = statsig.check_gate(&StatsigUser::with_user_id("a-user"), "a_gate");
    /// let events = statsig.take_events();
    /// assert_eq!(events[0]["metadata"]["gate"], "a_gate");
    /// assert_eq!(statsig.event_stats().pending, 0);
    /// assert!(statsig.take_events().is_empty());
    /// # Ok::<(), statsig::sources::SpecsError>(())
    /// ```
    #[must_use]
    pub fn take_events(&self) -> Vec<Value> {
        let shared = self.statsig.shared_state();
        let snapshot = shared.published.load();
        let now_ms = shared.clock.now_ms();
        let mut sampler = lock(&self.sampler);
        let mut batch = Vec::new();
        shared.events.queue.rearm();
        while let Some(event) = shared.events.queue.pop() {
            match sampler.batched(event, snapshot.settings.sampling, now_ms) {
                Some(event) => batch.push(event),
                None => shared.events.counters.add_sampled_out(1),
            }
        }
        if let Some(checks) = shared.events.non_exposed.take(now_ms) {
            shared.events.counters.add_enqueued(1);
            batch.push(BatchedEvent {
                event: QueuedEvent::Other(Box::new(checks)),
                sampling: None,
            });
        }
        let options = &shared.options;
        let context = BatchContext {
            session_id: &shared.identity.session_id,
            service_name: options.service_name.as_deref(),
            flushing_interval_ms: 0,
            batch_size: options.event_limits.batch_size,
            max_pending_batches: options.event_limits.max_waiting,
            flush_type: "manual",
            tier: snapshot.tier_text(),
            global_custom_fields: &snapshot.global_custom_fields,
        };
        let mut body = Vec::new();
        let written = write_batch(&mut body, &batch, &context).ok();
        let batch = written.and_then(|()| serde_json::from_slice::<Batch>(&body).ok());
        let events = batch.map_or_else(Vec::new, |batch| batch.events);
        let delivered = u64::try_from(events.len()).unwrap_or(u64::MAX);
        shared.events.counters.add_delivered(delivered);
        events
    }

    /// Replaces the specs, and the ID lists if the project has some.
    ///
    /// ```
    /// use statsig::StatsigUser;
    /// use statsig::testing::{OfflineClient, Specs};
    ///
    /// let user = StatsigUser::with_user_id("a-user");
    /// let statsig = OfflineClient::without_specs(None);
    /// statsig.set_specs(Specs::new().gate("a_gate", |g| g.everyone()))?;
    /// assert!(statsig.check_gate(&user, "a_gate"));
    /// # Ok::<(), statsig::sources::SpecsError>(())
    /// ```
    ///
    /// # Errors
    /// When the specs are not valid, or older than the current specs, which stay in use.
    pub fn set_specs(&self, specs: impl Into<SpecsInput>) -> Result<(), SpecsError> {
        let specs = specs.into();
        let id_lists = specs.id_lists();
        let specs = specs.into_json()?;
        let shared = self.statsig.shared_state();
        let current = shared.published.load();
        let now_ms = shared.clock.now_ms();
        match current.load(specs.as_bytes(), now_ms)? {
            Loaded::New(specs) => {
                let next = current.with_specs(*specs, SpecsSource::Bootstrap, None, now_ms);
                shared.published.publish(next);
            }
            Loaded::Unchanged => {}
            Loaded::Older { found } => {
                let in_use = current.specs.time;
                return Err(SpecsError::Older { in_use, found });
            }
        }
        if !id_lists.is_empty() {
            self.set_id_lists(id_lists);
        }
        Ok(())
    }

    /// Replaces the ID lists. Each has a name and unit IDs.
    ///
    /// ```
    /// use statsig::StatsigUser;
    /// use statsig::testing::{OfflineClient, Specs, in_id_list};
    ///
    /// let specs = Specs::new().gate("a_gate", |g| g.rule("staff").when(in_id_list("employees")));
    /// let statsig = OfflineClient::new(specs, None)?;
    /// statsig.set_id_lists([("employees", ["alice", "bob"])]);
    /// assert!(statsig.check_gate(&StatsigUser::with_user_id("bob"), "a_gate"));
    /// # Ok::<(), statsig::sources::SpecsError>(())
    /// ```
    pub fn set_id_lists<N, I>(&self, lists: impl IntoIterator<Item = (N, I)>)
    where
        N: Into<SharedStr>,
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.publish_id_lists(
            lists
                .into_iter()
                .map(|(name, ids)| (name, ids.into_iter().map(|id| IdLookup::of(id.as_ref())))),
        );
    }

    /// Replaces the ID lists. Each has a name and the lookups of unit IDs: the first eight
    /// characters of base64 SHA-256.
    ///
    /// ```
    /// use statsig::testing::{OfflineClient, Specs, in_id_list};
    ///
    /// let specs = Specs::new().gate("a_gate", |g| g.rule("staff").when(in_id_list("employees")));
    /// let statsig = OfflineClient::new(specs, None)?;
    /// statsig.set_id_list_lookups([("employees", [*b"Z/hEKLio"])]);
    /// # Ok::<(), statsig::sources::SpecsError>(())
    /// ```
    pub fn set_id_list_lookups<N, L>(&self, lists: impl IntoIterator<Item = (N, L)>)
    where
        N: Into<SharedStr>,
        L: IntoIterator<Item = [u8; 8]>,
    {
        self.publish_id_lists(lists.into_iter().map(|(name, lookups)| {
            let lookups = lookups.into_iter();
            (name, lookups.filter_map(|lookup| IdLookup::parse(&lookup)))
        }));
    }

    fn publish_id_lists<N, L>(&self, lists: impl IntoIterator<Item = (N, L)>)
    where
        N: Into<SharedStr>,
        L: IntoIterator<Item = IdLookup>,
    {
        let shared = self.statsig.shared_state();
        let next = shared
            .published
            .load()
            .with_id_lists(Arc::new(IdLists::from_lookups(lists)));
        shared.published.publish(next);
    }
}

/// Ends the windows of deduplication by the clock, because there is no actor that ends them.
fn end_windows_by_clock(shared: &Arc<Shared>) {
    let start = AtomicU64::new(shared.clock.now_ms());
    let weak = Arc::downgrade(shared);
    shared.events.dedupe.end_windows_when(move || {
        let Some(shared) = weak.upgrade() else {
            return false;
        };
        let now = shared.clock.now_ms();
        let began = start.load(Ordering::Relaxed);
        let window = shared.published.load().settings.dedupe_ttl_ms;
        let is_over = now.saturating_sub(began) >= window;
        // If several threads get here, one begins the next window.
        let begins = || start.compare_exchange(began, now, Ordering::Relaxed, Ordering::Relaxed);
        is_over && begins().is_ok()
    });
}

impl std::ops::Deref for OfflineClient {
    type Target = Statsig;

    fn deref(&self) -> &Statsig {
        &self.statsig
    }
}

impl AsRef<Statsig> for OfflineClient {
    fn as_ref(&self) -> &Statsig {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{SimulatedClock, Specs};
    use crate::user::StatsigUser;

    #[test]
    fn an_exposure_is_logged_again_once_the_simulated_clock_has_passed_a_minute() {
        let clock = Arc::new(SimulatedClock::new());
        let options = StatsigOptions::builder().clock(clock.clone());
        let client = OfflineClient::new(Specs::new(), options.build().unwrap()).unwrap();
        let user = StatsigUser::with_user_id("u");
        let exposures = || {
            let _ = (client.check_gate(&user, "g"), client.check_gate(&user, "g"));
            client.take_events().len()
        };
        assert_eq!(exposures(), 1);
        clock.jump(Duration::from_secs(59));
        assert_eq!(exposures(), 0);
        clock.jump(Duration::from_secs(2));
        assert_eq!(exposures(), 1);
    }
}
