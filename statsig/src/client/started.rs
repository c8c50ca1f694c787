//! Tests of the log lines of a start.

use std::sync::Arc;
use std::time::Duration;

use crate::testing::{Answer, Endpoint, ScriptedTransport, Specs, record_logs};
use crate::{Statsig, StatsigOptions};

fn specs() -> Specs {
    Specs::new()
        .gate("a_gate", |g| g)
        .segment("a", |s| s)
        .config("a", |c| c)
        .experiment("b", |e| e.not_started())
}

/// The log lines of the level info and above while a client starts.
async fn log_of_start(network: ScriptedTransport) -> String {
    let options = StatsigOptions::builder()
        .transport(Arc::new(network))
        .build()
        .unwrap();
    let log = record_logs();
    let statsig = Statsig::new("secret-key", options);
    let _ = statsig.initialize().await;
    // A second call waits for the same start, which is logged once.
    let _ = statsig.initialize().await;
    let lines = log.lines().into_iter().map(|line| line.to_string());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_start_says_once_what_is_served() {
    let network = ScriptedTransport::new();
    network.next(
        Endpoint::Specs,
        Answer::json(specs().to_json().unwrap()).after(Duration::from_millis(84)),
    );
    let log = log_of_start(network).await;
    assert_eq!(
        log,
        "INFO statsig::client: initialised: 1 gate, 2 configs, 0 layers from Network in 84 ms"
    );
}

#[tokio::test(start_paused = true)]
async fn a_start_without_specs_does_not_claim_to_have_any() {
    let network = ScriptedTransport::new();
    network.always(Endpoint::Specs, Answer::status(401));
    let log = log_of_start(network).await;
    assert!(
        log.contains("401") && !log.contains("initialised:"),
        "{log}"
    );
}
