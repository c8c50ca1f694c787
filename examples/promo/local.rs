//! The local Statsig that this example uses unless it has a real key.

use std::path::Path;
use std::time::Duration;

use statsig::Statsig;
use statsig_local::{LocalError, LocalStatsig};

/// Serves `specs.json`, reloads it when it changes, and prints events as they arrive.
pub(crate) async fn start() -> Result<LocalStatsig, LocalError> {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("promo/specs.json");
    let local = LocalStatsig::builder()
        .specs_file(&specs)
        .on_event(|event| println!("{event}"))
        .on_notice(|notice| println!("{notice}"))
        .start()
        .await?;
    println!(
        "A local Statsig serves {} at {}.",
        specs.display(),
        local.url()
    );
    Ok(local)
}

/// Delivers events every second, so that the terminal shows them soon.
pub(crate) async fn flush_often(statsig: Statsig) {
    while statsig.flush_events().await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
