//! A function in the style of AWS Lambda: `cargo run --example lambda`. Each invocation has a
//! deadline, and the process is frozen after its response. The function starts without a network,
//! and reports within its deadline how many events it delivered, even if Statsig does not answer.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use statsig::clock::time_until;
use statsig::sources::BootstrapSpecs;
use statsig::{Event, Statsig, StatsigError, StatsigOptions, StatsigUser};
use statsig_local::{Endpoint, Fault, LocalStatsig};

/// Specs that are deployed together with the function. To read a file instead, use `FileSpecs`.
const SPECS: &str = include_str!("promo/specs.json");
/// The longest that an invocation waits for Statsig, and the time that is kept for its response.
const FLUSH_LIMIT: Duration = Duration::from_millis(200);
const FOR_THE_ANSWER: Duration = Duration::from_millis(50);

struct Invocation {
    user_id: &'static str,
    deadline: Instant,
}

async fn handle(statsig: &Statsig, invocation: Invocation) -> Result<&'static str, StatsigError> {
    let user = StatsigUser::with_user_id(invocation.user_id);
    let answer = if statsig.check_gate(&user, "free_shipping") {
        "0.00"
    } else {
        "4.90"
    };
    statsig.log_event(&user, Event::new("quote").value(answer));

    let left = time_until(invocation.deadline).saturating_sub(FOR_THE_ANSWER);
    let report = statsig.flush_within(left.min(FLUSH_LIMIT)).await?;
    println!("  events: {report}");
    Ok(answer)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let local = LocalStatsig::builder().start().await?;

    // The cold start. Invocations share the client.
    let options = StatsigOptions::builder()
        .specs_adapter(Arc::new(BootstrapSpecs::new(SPECS)))
        .log_event_url(local.log_event_url())
        .event_request_timeout(Duration::from_millis(500)) // shorter than an invocation
        .disable_diagnostics(true) // no events of the SDK itself
        .build()?;
    let statsig = Statsig::new("secret-lambda", options);
    statsig.initialize().await?;

    for (user_id, is_network_up) in [("u-1", true), ("u-2", false), ("u-3", false), ("u-4", true)] {
        local.clear_faults();
        if !is_network_up {
            local.inject(Endpoint::LogEvent, Fault::delay(Duration::from_secs(3_600)))?;
        }
        println!("invocation for {user_id}, network up: {is_network_up}");
        let (started, limit) = (tokio::time::Instant::now(), Duration::from_secs(1));
        let deadline = (started + limit).into_std();
        let answer = handle(&statsig, Invocation { user_id, deadline }).await?;
        println!("  shipping: {answer}");
        assert!(started.elapsed() < limit, "the deadline is kept");
    }

    // The environment ends: Lambda sends SIGTERM if an extension is registered.
    match statsig
        .shutdown_with_timeout(Duration::from_millis(1_500))
        .await
    {
        Ok(report) => println!("the end: {report}"),
        Err(StatsigError::ShutdownTimedOut { report }) => println!("events were lost: {report}"),
        Err(error) => return Err(error.into()),
    }
    println!("Statsig has {} events", local.events().len());
    Ok(())
}
