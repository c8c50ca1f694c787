//! Checks the documented targets, levels and spans of the log about undelivered events.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod bytes;
mod ending;
mod losses;
mod posting;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use statsig::sources::BootstrapSpecs;
use statsig::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock};
use statsig::{Event, Statsig, StatsigError, StatsigOptions, StatsigOptionsBuilder, StatsigUser};
use tokio::time::sleep;
use tracing::Level;
use tracing::subscriber::DefaultGuard;

const BATCH: usize = 10;

/// Collects the log of this thread. In paused time, all work except blocking work runs on it.
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

    /// The lines that contain this text.
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
    let statsig = Statsig::new(
        "secret-0123456789",
        options(network).build().expect("valid"),
    );
    // There are no specs, and the test needs none.
    let _ = statsig.initialize().await;
    statsig
}

fn options(network: &Arc<ScriptedTransport>) -> StatsigOptionsBuilder {
    StatsigOptions::builder()
        .specs_adapter(Arc::new(BootstrapSpecs::new(r#"{"has_updates": false}"#)))
        .disable_diagnostics(true)
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .event_logging_max_queue_size(BATCH)
}

fn log_batch(statsig: &Statsig) {
    log_events(statsig, BATCH);
}

fn log_events(statsig: &Statsig, events: usize) {
    for _ in 0..events {
        statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("purchase"));
    }
}
