//! What the log says of events that are not delivered: the documented targets, levels and spans.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use statsig::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock};
use statsig::{BootstrapSpecs, Event, Statsig, StatsigOptions, StatsigUser};
use tokio::time::sleep;
use tracing::Level;
use tracing::subscriber::DefaultGuard;

const BATCH: usize = 10;

/// Collects what is logged on this thread, where in paused time everything runs but work that blocks.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start(&self) -> DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    /// The lines with this in them.
    fn lines(&self, wanted: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).expect("text");
        let lines = text.lines().filter(|line| line.contains(wanted));
        lines.map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn client(network: &Arc<ScriptedTransport>) -> Statsig {
    let options = StatsigOptions::builder()
        .specs_adapter(Arc::new(BootstrapSpecs::new(r#"{"has_updates": false}"#)))
        .disable_diagnostics(true)
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .event_logging_max_queue_size(BATCH)
        .build()
        .expect("valid options");
    let statsig = Statsig::new("secret-0123456789", options);
    // Nothing to evaluate with, and none of it matters.
    let _ = statsig.initialize().await;
    statsig
}

fn log_batch(statsig: &Statsig) {
    for _ in 0..BATCH {
        statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("purchase"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_a_warning_once_and_each_attempt_a_span() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(503));
    log_batch(&statsig);
    sleep(Duration::from_secs(10)).await;
    let warnings = log.lines("events could not be posted; they wait");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in [
        "WARN",
        "post_events{events=10 attempt=1}: statsig::events: ",
    ] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
    let attempts = log.lines("post_events{");
    let failed = |attempt: u32| {
        let span = format!("post_events{{events=10 attempt={attempt}}}: statsig::events: ");
        let of_attempt = attempts.iter().filter(|line| line.contains(&span));
        of_attempt
            .filter(|line| line.contains("status 503"))
            .count()
    };
    assert_eq!([1, 2, 3, 4].map(failed), [1; 4], "{attempts:?}");
    // The request is told of within the attempt, by its own target.
    let requests = attempts
        .iter()
        .filter(|line| line.contains("statsig::network: a request ended"));
    assert_eq!(requests.count(), 4, "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_warning_with_the_count_and_the_reason() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(403));
    log_batch(&statsig);
    sleep(Duration::from_secs(1)).await;
    let refused = log.lines("events were refused");
    assert_eq!(refused.len(), 1, "{refused:?}");
    for part in ["WARN", "statsig::events: ", "events=10", "status 403"] {
        assert!(refused[0].contains(part), "{refused:?}");
    }
    assert!(log.lines("0123456789").is_empty());
}
