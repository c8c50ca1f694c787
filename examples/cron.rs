//! A job that cron starts: it ends on time, and the next run delivers what this one could not. It
//! needs no network to start: specs come from a file, and events wait on disk. In the first run,
//! Statsig does not answer.
//!
//! Run it with `cargo run --example cron`.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use statsig::sources::FileSpecs;
use statsig::{Event, Statsig, StatsigError, StatsigOptions, StatsigUser};
use statsig_local::LocalStatsig;
use tokio::net::TcpListener;

/// One run of the job. It waits for Statsig at most 1.5 s.
async fn run(directory: &Path, log_event_url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let options = StatsigOptions::builder()
        .specs_adapter(Arc::new(FileSpecs::new(directory.join("specs.json"))))
        .log_event_url(log_event_url)
        .event_spool(directory.join("events"))
        .disable_diagnostics(true) // no events of the SDK itself
        .build()?;
    let statsig = Statsig::new("secret-cron", options);
    statsig.initialize().await?;

    for user_id in ["u-1", "u-2", "u-3"] {
        let user = StatsigUser::with_user_id(user_id);
        if statsig.check_gate(&user, "free_shipping") {
            statsig.log_event(&user, Event::new("reminder_sent"));
        }
    }
    // A long job flushes now and then. What is not delivered in time is on disk afterwards.
    let report = statsig.flush_within(Duration::from_millis(500)).await?;
    println!("  during the job: {report}");

    let report = match statsig.shutdown_with_timeout(Duration::from_secs(1)).await {
        Ok(report) => report,
        Err(StatsigError::ShutdownTimedOut { report }) => *report,
        Err(error) => return Err(error.into()),
    };
    println!("  at the end: {report}");
    let stats = report.stats;
    println!(
        "  {} recorded, {} found on disk",
        stats.enqueued, stats.recovered
    );
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    std::fs::write(
        directory.path().join("specs.json"),
        include_str!("promo/specs.json"),
    )?;

    // The operating system accepts connections, but no program answers.
    let black_hole = TcpListener::bind("127.0.0.1:0").await?;
    println!("first run, Statsig does not answer");
    let url = format!("http://{}/v1/log_event", black_hole.local_addr()?);
    run(directory.path(), &url).await?;

    let local = LocalStatsig::builder().start().await?;
    println!("second run, Statsig answers");
    run(directory.path(), &local.log_event_url()).await?;
    println!("Statsig has {} events", local.events().len());
    Ok(())
}
