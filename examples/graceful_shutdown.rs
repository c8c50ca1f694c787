//! A graceful shutdown: the client delivers events within a deadline and counts the remaining ones,
//! whatever ends the program.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::time::Duration;

use statsig::{Event, Statsig, StatsigError, StatsigOptions, StatsigUser};
use statsig_local::{Endpoint, Fault, LocalStatsig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let local = LocalStatsig::builder().start().await?;
    let options = StatsigOptions::builder()
        .specs_url(local.specs_url())
        .log_event_url(local.log_event_url())
        .build()?;
    let statsig = Statsig::new("secret-graceful", options);
    statsig.initialize().await?;

    let user = StatsigUser::with_user_id("alice");
    statsig.log_event(&user, Event::new("signed_up"));
    println!("after a flush: {:?}", statsig.flush_events().await?);

    // The service does not answer. The shutdown ends in time.
    local.inject(Endpoint::LogEvent, Fault::delay(Duration::from_secs(60)))?;
    statsig.log_event(&user, Event::new("left"));
    match statsig.shutdown_with_timeout(Duration::from_secs(1)).await {
        Ok(report) => println!("everything was delivered: {report}"),
        Err(StatsigError::ShutdownTimedOut { report }) => println!("out of time: {report}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
