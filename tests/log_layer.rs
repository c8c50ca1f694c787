//! `LogLineLayer` together with the SDK's own requests over real HTTP. The log of these requests
//! must not become events: that would never end.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use statsig::Statsig;
use statsig::log_lines::LogLineLayer;
use statsig_local::LocalStatsig;
use statsig_tests::{local_options, specs};
use tokio::runtime::{Builder, Runtime};
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;

const ALL_LEVELS: [Level; 5] = [
    Level::TRACE,
    Level::DEBUG,
    Level::INFO,
    Level::WARN,
    Level::ERROR,
];

/// A service on its own threads. The tests do not collect its log.
fn service() -> (Runtime, LocalStatsig) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let specs = specs::one_gate("on", true).to_string();
    let local = runtime.block_on(LocalStatsig::builder().specs_json(specs).start());
    (runtime, local.unwrap())
}

#[test]
fn at_every_level_only_the_applications_own_lines_are_forwarded() {
    let (_runtime, local) = service();
    let options = local_options()
        .specs_url(local.specs_url())
        .log_event_url(local.log_event_url())
        .id_lists_url(local.id_lists_url())
        .enable_id_lists(true)
        .disable_diagnostics(true);
    let statsig = Statsig::new("secret-log-layer", options.build().unwrap());

    // Like `tracing_subscriber::fmt().init()`: lines of the `log` crate become events.
    tracing_log::LogTracer::init().unwrap();
    let layer = LogLineLayer::new(&statsig).levels(ALL_LEVELS);
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        statsig.initialize().await.unwrap();
        for _ in 0..5 {
            tracing::trace!(target: "shop", "by tracing");
            tracing_log::log::trace!(target: "shop::cart", "by log");
            statsig.refresh().await.unwrap();
            statsig.flush_events().await.unwrap();
        }
        statsig.shutdown().await.unwrap();
    });

    let lines = local.events().into_iter().map(|event| {
        let metadata = &event.json()["metadata"];
        (
            metadata["target"].clone(),
            metadata.as_object().unwrap().len(),
        )
    });
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 10, "{lines:?}");
    for (place, (target, _)) in lines.iter().enumerate() {
        let expected = ["shop", "shop::cart"][place % 2];
        assert_eq!(target, expected, "{lines:?}");
    }
    // The source location of a line of the `log` crate adds no fields.
    assert_eq!(lines[0].1, lines[1].1, "{lines:?}");
}
