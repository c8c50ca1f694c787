//! Delivers a client's events over HTTP to a local Statsig.

use std::sync::Arc;

use serde_json::Value;
use statsig::StatsigOptionsBuilder;
use statsig::sources::BootstrapSpecs;
use statsig::testing::OfflineClient;
use statsig_local::LocalStatsig;

/// The receiving server.
pub(crate) struct Delivery {
    local: LocalStatsig,
}

impl Delivery {
    pub(crate) async fn start() -> Self {
        let local = LocalStatsig::builder().start().await;
        Self {
            local: local.expect("a free port"),
        }
    }

    /// Configures a client to deliver here. The client already has specs and finds no newer ones.
    pub(crate) fn options(&self, options: StatsigOptionsBuilder) -> StatsigOptionsBuilder {
        options
            .disable_diagnostics(true)
            .log_event_url(self.local.log_event_url())
            .specs_adapter(Arc::new(BootstrapSpecs::new(r#"{"has_updates": false}"#)))
    }

    /// Starts the client's actors, makes the calls, shuts the client down, and returns the received
    /// events in order.
    pub(crate) async fn of<T>(
        &self,
        client: &OfflineClient,
        calls: impl FnOnce() -> T,
    ) -> (T, Vec<Value>) {
        client.initialize().await.expect("specs are there already");
        let results = calls();
        let report = client.shutdown().await.expect("everything is delivered");
        let stats = report.stats;
        let received = self.local.events();
        assert_eq!(stats.delivered, received.len() as u64, "{stats:?}");
        assert_eq!(stats.dropped.total(), 0, "{stats:?}");
        assert_eq!(stats.pending, 0, "{stats:?}");
        self.local.clear_events();
        let events = received.iter().map(|event| event.json().clone());
        (results, events.collect())
    }
}
