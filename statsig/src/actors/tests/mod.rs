//! The whole tree in simulated time, over a network in memory.

mod crashes;
mod deadlines;
mod delivery;
mod ending;
mod interleavings;
mod malformed;
mod observing;
#[cfg(feature = "spool")]
mod spooling;
mod syncing;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::{ActorName, Handle, start};
use crate::counters::EventStats;
use crate::error::StatsigError;
use crate::events::event::{OtherEvent, QueuedEvent};
use crate::options::{StatsigOptions, StatsigOptionsBuilder};
use crate::shared::Shared;
use crate::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock, Specs};

const KEY: &str = "secret-0123456789";
const BATCH: usize = 10;

/// A running tree with its network.
struct Lab {
    network: Arc<ScriptedTransport>,
    shared: Arc<Shared>,
    handle: Arc<Handle>,
}

impl Lab {
    /// Starts with specs of time 1 on the network and waits for them.
    async fn start() -> Self {
        Self::start_with(|options| options).await
    }

    async fn start_with(set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder) -> Self {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(specs(1));
        let lab = Self::start_on(network, set).await;
        lab.handle.first_sync().await.unwrap();
        lab
    }

    /// Starts on this network and waits for nothing.
    async fn start_on(
        network: Arc<ScriptedTransport>,
        set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    ) -> Self {
        let shared = new_shared(&network, set);
        let handle = Arc::new(start(Arc::clone(&shared)).await.unwrap());
        Self {
            network,
            shared,
            handle,
        }
    }

    /// Records events as a client does, nudge included.
    fn record(&self, events: usize) {
        for _ in 0..events {
            self.record_named("purchase");
        }
    }

    fn record_named(&self, name: &str) {
        let event = OtherEvent {
            name: name.into(),
            user: None,
            value: None,
            metadata: None,
            time_ms: self.shared.clock.now_ms(),
        };
        if self
            .shared
            .events
            .record(QueuedEvent::Other(Box::new(event)))
        {
            self.handle.nudge();
        }
    }

    /// Lets every task do what it can without time passing to speak of.
    async fn settle(&self) {
        sleep(Duration::from_millis(1)).await;
    }

    /// The event counts, after a check that they match the places where the events are.
    fn stats(&self) -> EventStats {
        let stats = self.shared.events.counters.stats();
        assert_balanced(&stats);
        let load = self.shared.events.outbox().load();
        assert_eq!(
            stats.pending,
            load.events() + self.shared.events.queue.len() as u64
        );
        stats
    }

    /// The time of the specs in use.
    fn specs_time(&self) -> u64 {
        self.shared.published.load().specs.time
    }

    fn source(&self) -> String {
        self.shared.published.load().source.to_string()
    }

    /// When specs were asked for, in whole seconds.
    fn fetch_seconds(&self) -> Vec<u64> {
        let requests = self.network.requests(Endpoint::Specs);
        requests
            .iter()
            .map(|request| request.at.as_secs())
            .collect()
    }

    fn crash(&self, whom: ActorName) {
        let crash = Box::pin(async { Err("crashed on request") });
        drop(self.handle.disturb(whom, crash));
    }

    /// Keeps an actor from handling messages for this time.
    fn stall(&self, whom: ActorName, time: Duration) {
        let busy = Box::pin(async move {
            sleep(time).await;
            Ok(())
        });
        drop(self.handle.disturb(whom, busy));
    }
}

impl Handle {
    /// As [`initialized`](Self::initialized), but what failed is an error.
    async fn first_sync(&self) -> Result<(), StatsigError> {
        let failure = self.initialized().await?.failure_details;
        failure.map_or(Ok(()), Err)
    }
}

/// What a client on this network has before anything runs.
fn new_shared(
    network: &Arc<ScriptedTransport>,
    set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
) -> Arc<Shared> {
    let options = StatsigOptions::builder()
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .disable_diagnostics(true)
        .event_logging_max_queue_size(BATCH)
        .event_queue_capacity(4 * BATCH);
    Arc::new(Shared::new(KEY, set(options).build().unwrap()))
}

fn assert_balanced(stats: &EventStats) {
    assert_eq!(
        stats.enqueued + stats.recovered,
        stats.delivered
            + stats.sampled_out
            + stats.dropped.total()
            + stats.spooled
            + stats.left_on_disk
            + stats.pending
    );
}

/// Specs of this time, without any entity.
fn specs(time: u64) -> String {
    Specs::new().time(time).to_json().unwrap()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
