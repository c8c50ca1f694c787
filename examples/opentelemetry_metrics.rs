//! The health of the SDK as OpenTelemetry metrics. An exporter prints them; replace it with
//! the exporter of your backend.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::sync::Arc;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use statsig::{Event, Statsig, StatsigOptions, StatsigUser};
use statsig_local::{Endpoint, Fault, LocalStatsig};
use statsig_opentelemetry::OpenTelemetryExporter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let local = LocalStatsig::builder().specs_json(include_str!("promo/specs.json"));
    let local = local.start().await?;

    // Exports once a minute, and at the shutdown of the provider.
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(opentelemetry_stdout::MetricExporter::default())
        .build();
    let metrics = OpenTelemetryExporter::new(&provider.meter("statsig"));
    let options = StatsigOptions::builder()
        .specs_url(local.specs_url())
        .log_event_url(local.log_event_url())
        .observability_client(Arc::new(metrics));
    let statsig = Statsig::new("secret-metrics", options.build()?);
    statsig.initialize().await?;

    // The service fails once, and the client retries.
    local.inject(Endpoint::LogEvent, Fault::status(503).times(1))?;
    let user = StatsigUser::with_user_id("alice");
    let is_free = statsig.check_gate(&user, "free_shipping");
    println!("free shipping for alice: {is_free}");
    statsig.log_event(&user, Event::new("checkout").value(49.0));

    println!("{}", statsig.shutdown().await?);
    provider.shutdown()?; // last: the shutdown of the client records metrics, too
    Ok(())
}
