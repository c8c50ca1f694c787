//! A program that reads flags with OpenFeature only. Statsig is the provider. It needs no network:
//! `cargo run -p statsig-examples --example openfeature`

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::error::Error;
use std::sync::Arc;

use open_feature::{Client, EvaluationContext, EvaluationResult, OpenFeature};
use statsig::sources::BootstrapSpecs;
use statsig::testing::{Specs, custom};
use statsig::{Event, Statsig, StatsigOptions, StatsigParams};
use statsig_openfeature::StatsigProvider;

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promos", open_feature)]
struct Promo {
    #[statsig(default = "Welcome")]
    title: String,
    #[statsig(default = 0.0)]
    discount: f64,
}

fn specs() -> Specs {
    Specs::new()
        .gate("new_checkout", |g| {
            g.rule("gold").when(custom("plan").any(["gold"]))
        })
        .layer("promos", |l| {
            l.default("title", "Hello").default("discount", 0.0)
        })
        .experiment("deep_cut", |e| {
            e.layer("promos")
                .group("Deep cut", |g| g.value("discount", 0.5))
        })
}

async fn serve(client: &Client, name: &str, plan: &str) -> EvaluationResult<()> {
    let user = EvaluationContext::default().with_targeting_key(name);
    let user = Some(&user.with_custom_field("plan", plan));
    let is_new = client
        .get_bool_value("new_checkout", user, None)
        .await
        .unwrap_or(false);
    let discount = client
        .get_float_details("promos.discount", user, None)
        .await?;
    let promo: Promo = client.get_struct_value("promos", user, None).await?;
    println!("{name}: new checkout {is_new}, {promo:?}");
    println!("    discount: {discount:?}");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let specs = Arc::new(BootstrapSpecs::new(specs().to_json()?));
    let options = StatsigOptions::builder()
        .specs_adapter(specs)
        .disable_network(true)
        .build()?;
    let statsig = Statsig::new("secret-key", options);
    statsig.initialize().await?; // before OpenFeature gets it
    let provider = StatsigProvider::new(statsig);
    OpenFeature::singleton_mut()
        .await
        .set_provider(provider.clone())
        .await;

    let client = OpenFeature::singleton().await.create_client();
    for (name, plan) in [("ann", "gold"), ("bob", "free")] {
        let served = serve(&client, name, plan).await;
        served.map_err(|error| error.code)?;
    }
    let ann = EvaluationContext::default().with_targeting_key("ann");
    let purchase = Event::new("purchase").value(9.9);
    provider.track(&ann, purchase).map_err(|error| error.code)?;
    provider.shutdown().await?; // not `OpenFeature::shutdown`
    Ok(())
}
