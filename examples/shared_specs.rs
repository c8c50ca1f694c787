//! Two services that share specs through Redis: one downloads them and writes, the other only reads and never asks Statsig.
//!
//! `REDIS_URL` names the server; default `redis://127.0.0.1:6379`.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::sync::Arc;
use std::time::Duration;

use statsig::{RedisDataStore, Statsig, StatsigOptions, StatsigUser};
use statsig_local::LocalStatsig;

const SPECS: &str = include_str!("promo/specs.json");
const KEY: &str = "secret-shared-specs";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let redis = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
    let local = LocalStatsig::builder().specs_json(SPECS).start().await?;

    let writer = Statsig::new(
        KEY,
        StatsigOptions::builder()
            .specs_url(local.specs_url())
            .log_event_url(local.log_event_url())
            .specs_sync_interval(Duration::from_secs(1))
            .data_store(Arc::new(RedisDataStore::new(&redis)?))
            .build()?,
    );
    writer.initialize().await?;

    let store = RedisDataStore::new(&redis)?.polled(true).read_only(true);
    let reader = Statsig::new(
        KEY,
        StatsigOptions::builder()
            .disable_network(true)
            .specs_sync_interval(Duration::from_secs(1))
            .data_store(Arc::new(store))
            .build()?,
    );
    // The writer may not have written yet; then one of the next readings brings the specs.
    if let Err(error) = reader.initialize().await {
        println!("reader: {error}");
    }

    let user = StatsigUser::builder("alice")
        .custom("plan", "premium")
        .build();
    for round in 0..6 {
        if round == 3 {
            println!("the gate is renamed in the specs");
            local.set_specs_json(SPECS.replace("free_shipping", "cheap_shipping"))?;
        }
        for (name, statsig) in [("writer", &writer), ("reader", &reader)] {
            let gate = statsig.get_feature_gate(&user, "free_shipping");
            println!("{name}: {} ({})", gate.value, gate.details.reason);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    writer.shutdown().await?;
    reader.shutdown().await?;
    Ok(())
}
