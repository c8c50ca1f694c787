//! Two services that share specs through a data store. One service downloads the specs and writes
//! them; the other only reads and sends no requests to Statsig.
//!
//! The store is a temporary directory. With the feature `redis` it is the Redis server at
//! `REDIS_URL`. Without this variable the example starts a server, if the program `redis-server` is
//! installed.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

#[cfg(feature = "redis")]
mod redis_server;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use statsig::sources::{DataStore, FileDataStore};
use statsig::{Statsig, StatsigOptions, StatsigUser};
use statsig_local::LocalStatsig;
use tempfile::TempDir;

const SPECS: &str = include_str!("../promo/specs.json");
const KEY: &str = "secret-shared-specs";

/// The store of each service.
struct Stores {
    writers: Arc<dyn DataStore>,
    readers: Arc<dyn DataStore>,
    /// Removes the directory at the end.
    _directory: Option<TempDir>,
}

impl Stores {
    fn in_directory() -> std::io::Result<Self> {
        let directory = tempfile::tempdir()?;
        println!("sharing specs through {}", directory.path().display());
        Ok(Self {
            writers: Arc::new(FileDataStore::new(directory.path())),
            readers: Arc::new(FileDataStore::new(directory.path()).polled(true)),
            _directory: Some(directory),
        })
    }

    #[cfg(feature = "redis")]
    fn in_redis(url: &str) -> Result<Self, Box<dyn Error>> {
        use statsig_redis::RedisDataStore;

        // The address may contain a password, so the example does not show it.
        println!("sharing specs through Redis");
        let readers = RedisDataStore::new(url)?.polled(true).read_only(true);
        Ok(Self {
            writers: Arc::new(RedisDataStore::new(url)?),
            readers: Arc::new(readers),
            _directory: None,
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    #[cfg(feature = "redis")]
    let server = redis_server::find_or_start()?;
    #[cfg(feature = "redis")]
    let stores = match &server {
        Some(server) => Stores::in_redis(server.url())?,
        None => Stores::in_directory()?,
    };
    #[cfg(not(feature = "redis"))]
    let stores = Stores::in_directory()?;

    let local = LocalStatsig::builder().specs_json(SPECS).start().await?;

    let writer = Statsig::new(
        KEY,
        StatsigOptions::builder()
            .specs_url(local.specs_url())
            .log_event_url(local.log_event_url())
            .specs_sync_interval(Duration::from_secs(1))
            .data_store(stores.writers)
            .build()?,
    );
    writer.initialize().await?;

    let reader = Statsig::new(
        KEY,
        StatsigOptions::builder()
            .disable_network(true)
            .specs_sync_interval(Duration::from_secs(1))
            .data_store(stores.readers)
            .build()?,
    );
    // The writer may not have written yet. Then a later read returns the specs.
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
