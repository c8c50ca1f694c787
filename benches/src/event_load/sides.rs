//! The two sides. Each sends its events over HTTP with default options.

use std::sync::Arc;
use std::time::Duration;

use statsig_benches::ours;
#[cfg(feature = "peer")]
use statsig_benches::peer;
use tokio::runtime::Runtime;

const KEY: &str = "secret-load";
const GATE: &str = "public_gate";
/// The time limit for the delivery of the remaining events.
const END_LIMIT: Duration = Duration::from_secs(10);

/// A client for calls from several threads.
pub(crate) trait Side: Send + Sync + 'static {
    type User;

    fn user(id: String) -> Self::User;
    fn check(&self, user: &Self::User) -> bool;
    /// Delivers the remaining events.
    fn end(self) -> Ended;
}

/// The report of a side at the end.
pub(crate) struct Ended {
    pub(crate) says: String,
}

/// This SDK.
pub(crate) struct Ours {
    client: statsig::Statsig,
    runtime: Runtime,
}

impl Ours {
    pub(crate) fn start(specs: &str, log_event_url: &str) -> Self {
        let runtime = one_worker();
        let options = statsig::StatsigOptions::builder()
            .specs_adapter(Arc::new(statsig::sources::BootstrapSpecs::new(specs)))
            .log_event_url(log_event_url)
            .build()
            .expect("the options are valid");
        let client = statsig::Statsig::new(KEY, options);
        runtime
            .block_on(client.initialize())
            .expect("the specs are valid");
        Self { client, runtime }
    }
}

impl Side for Ours {
    type User = statsig::StatsigUser;

    fn user(id: String) -> Self::User {
        ours::user(id)
    }

    fn check(&self, user: &Self::User) -> bool {
        self.client.check_gate(user, GATE)
    }

    fn end(self) -> Ended {
        let before = self.client.event_stats();
        let ended = self.client.shutdown_with_timeout(END_LIMIT);
        let report = match self.runtime.block_on(ended) {
            Ok(report) => report,
            Err(statsig::StatsigError::ShutdownTimedOut { report }) => *report,
            Err(error) => panic!("{error}"),
        };
        let delivered = report.stats.delivered - before.delivered;
        Ended {
            says: format!(
                "{report}; pending before {}, delivered by ending {delivered}; {:?}",
                before.pending, report.stats.dropped
            ),
        }
    }
}

/// The official crate.
#[cfg(feature = "peer")]
pub(crate) struct Peer {
    client: statsig_rust::Statsig,
    runtime: Runtime,
}

#[cfg(feature = "peer")]
impl Peer {
    pub(crate) fn start(specs: &str, log_event_url: &str) -> Self {
        use statsig_rust::{Statsig, StatsigBootstrapSpecsAdapter, StatsigOptions};

        let runtime = one_worker();
        let options = StatsigOptions {
            specs_adapter: Some(Arc::new(StatsigBootstrapSpecsAdapter::new(
                specs.to_owned(),
            ))),
            log_event_url: Some(log_event_url.to_owned()),
            wait_for_country_lookup_init: Some(true),
            wait_for_user_agent_init: Some(true),
            ..StatsigOptions::default()
        };
        let client = runtime.block_on(async {
            let client = Statsig::new(KEY, Some(Arc::new(options)));
            client.initialize().await.expect("the specs are valid");
            client
        });
        Self { client, runtime }
    }
}

#[cfg(feature = "peer")]
impl Side for Peer {
    type User = statsig_rust::StatsigUser;

    fn user(id: String) -> Self::User {
        peer::user(id)
    }

    fn check(&self, user: &Self::User) -> bool {
        self.client.check_gate(user, GATE)
    }

    fn end(self) -> Ended {
        let ended = self.client.shutdown_with_timeout(END_LIMIT);
        let says = match self.runtime.block_on(ended) {
            Ok(()) => "ended well".to_owned(),
            Err(error) => error.to_string(),
        };
        Ended { says }
    }
}

/// The runtime of a side: one worker, besides the calling threads.
fn one_worker() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be had")
}
