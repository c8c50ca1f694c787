//! The sources of specs and their syncs, in simulated time over a network in memory.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod broken_parts;
mod chain;
mod data_store;
mod file;
mod foreign_text;
mod id_lists;
mod keeping;
mod shares;
mod starting;
mod stores;
mod table;
mod throttled;
mod times;
mod traps;

use std::sync::Arc;
use std::time::Duration;

use statsig::testing::{Endpoint, ScriptedTransport, SimulatedClock};
use statsig::{
    FeatureGateEvaluationOptions, Statsig, StatsigOptions, StatsigOptionsBuilder, StatsigUser,
};

const KEY: &str = "secret-syncing-0123456789";
const OWN_URL: &str = "https://proxy.internal/v1/download_config_specs";

/// A client on a network in memory.
struct Lab {
    network: Arc<ScriptedTransport>,
    statsig: Statsig,
}

impl Lab {
    /// A client before initialisation. Its network has only scripted answers.
    fn new(set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder) -> Self {
        Self::on(Arc::new(ScriptedTransport::new()), set)
    }

    fn on(
        network: Arc<ScriptedTransport>,
        set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    ) -> Self {
        let options = StatsigOptions::builder()
            .transport(network.clone())
            .clock(Arc::new(SimulatedClock::new()));
        let options = set(options).build().unwrap();
        Self {
            network,
            statsig: Statsig::new(KEY, options),
        }
    }

    /// The value of the gate `on`, and the reason.
    fn check(&self) -> (bool, String) {
        let options = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
        let user = StatsigUser::with_user_id("a-user");
        let gate = self
            .statsig
            .get_feature_gate_with_options(&user, "on", options);
        (gate.value, gate.details.reason.to_string())
    }

    fn lcut(&self) -> u64 {
        self.statsig.specs_status().lcut
    }

    /// The times of requests for specs, in whole seconds.
    fn requests(&self) -> Vec<u64> {
        let requests = self.network.requests(Endpoint::Specs);
        requests
            .iter()
            .map(|request| request.at.as_secs())
            .collect()
    }

    /// The names of the received events, without the SDK's own events.
    fn events(&self) -> Vec<String> {
        let events = self.network.events();
        let names = events
            .iter()
            .map(|event| event["eventName"].as_str().unwrap());
        names
            .filter(|name| !["statsig::non_exposed_checks", "statsig::diagnostics"].contains(name))
            .map(str::to_owned)
            .collect()
    }

    fn urls(&self) -> Vec<String> {
        let requests = self.network.requests(Endpoint::Specs);
        requests
            .into_iter()
            .map(|request| request.request.url)
            .collect()
    }
}

async fn pass(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// Lets every task run until it waits.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
