//! The smallest program: specs from a text, one gate, one config, no network.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::sync::Arc;

use statsig::sources::BootstrapSpecs;
use statsig::{Statsig, StatsigOptions, StatsigUser};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = StatsigOptions::builder()
        .specs_adapter(Arc::new(BootstrapSpecs::new(include_str!(
            "promo/specs.json"
        ))))
        .disable_network(true)
        .build()?;
    let statsig = Statsig::new("secret-quickstart", options);
    statsig.initialize().await?;

    for name in ["alice", "bob", "carol"] {
        let user = StatsigUser::builder(name).custom("plan", "free").build();
        let shipping = statsig.check_gate(&user, "free_shipping");
        let limits = statsig.get_dynamic_config(&user, "checkout_limits");
        println!(
            "{name}: free shipping {shipping}, {} items",
            limits.get_i64("max_items", 1)
        );
    }

    statsig.shutdown().await?;
    Ok(())
}
