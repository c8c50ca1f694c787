//! A client in simulated time, with a network in memory and specs with each kind of entity.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use statsig::testing::authoring::experiment_group;
use statsig::testing::{ScriptedTransport, SimulatedClock, Specs, custom, passes_gate};
use statsig::{Event, Statsig, StatsigOptions, StatsigOptionsBuilder, StatsigUser};

pub(crate) const BATCH: usize = 10;

pub(crate) struct Lab {
    pub(crate) statsig: Statsig,
    pub(crate) network: Arc<ScriptedTransport>,
}

pub(crate) async fn lab() -> Lab {
    lab_with(specs(), |options| options).await
}

pub(crate) async fn lab_with(
    specs: Value,
    set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
) -> Lab {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs.to_string());
    let options = StatsigOptions::builder()
        .disable_diagnostics(true)
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .event_logging_max_queue_size(BATCH);
    let statsig = Statsig::new("secret-traps", set(options).build().expect("valid options"));
    statsig.initialize().await.expect("specs");
    Lab { statsig, network }
}

impl Lab {
    /// Delivers all events, and returns those delivered since the last call.
    pub(crate) async fn delivered(&self) -> Vec<Value> {
        let before = self.network.events().len();
        self.statsig.flush_events().await.expect("a running client");
        self.network.events().split_off(before)
    }

    pub(crate) fn log(&self, events: usize) {
        for _ in 0..events {
            self.statsig.log_event(&ann(), Event::new("purchase"));
        }
    }
}

pub(crate) fn ann() -> StatsigUser {
    StatsigUser::with_user_id("ann")
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A gate that everybody passes, gates that depend on others, an experiment, a layer that delegates
/// to the experiment, and a parameter store.
pub(crate) fn project() -> Specs {
    Specs::new()
        .time(1_790_000_000_000)
        .gate("on", |g| g.version(7).everyone())
        .gate("outer", |g| {
            g.version(7).rule("inner").when(passes_gate("on"))
        })
        .gate("grouped", |g| {
            let g = g.version(7).rule("in_group");
            g.when(experiment_group("exp").any(["Bold"]))
        })
        .gate("premium", |g| {
            let g = g.version(7).rule("plan");
            g.when(custom("plan").any(["premium"]))
        })
        .gate("sampled", |g| {
            let g = g.version(7).rule("sampled").everyone();
            g.sampling_rate(1_000_000_007)
        })
        .gate("forwarded", |g| {
            let g = g.version(7).forward_all_exposures().rule("sampled");
            g.everyone().sampling_rate(1_000_000_007)
        })
        .config("config", |c| c.version(7).default("limit", 3))
        .experiment("exp", |e| {
            let e = e.version(7).layer("layer").default("title", "plain");
            e.group("Bold", |g| g.rule_id("group").value("title", "bold"))
        })
        .layer("layer", |l| {
            let l = l.version(7).default("title", "plain").default("size", 1);
            l.rule("to_exp").when(passes_gate("on")).delegate("exp")
        })
        .store("store", |s| {
            s.by_gate("by_gate", "on", "yes", "no")
                .fixed("fixed", "text")
        })
}

pub(crate) fn specs() -> Value {
    project().to_value().expect("valid specs")
}

pub(crate) fn with_settings(settings: Value) -> Value {
    let mut specs = specs();
    specs["sdk_configs"] = settings;
    specs
}
