//! A tower service without axum: a layer puts the user and one generation of specs into each
//! request, and the service takes them from there.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use http::{Request, Response};
use statsig::{Event, Statsig, StatsigOptions, StatsigParams};
use statsig_axum::{Flags, FlagsLayer, MissingFlagsLayer, RequestUser};
use statsig_local::LocalStatsig;
use tower::{ServiceBuilder, ServiceExt};

#[derive(Debug, StatsigParams)]
#[statsig(layer = "user_promo_experiments")]
struct Promo {
    #[statsig(default = "Welcome")]
    title: String,
    #[statsig(default = 0.0)]
    discount: f64,
}

/// The service. It works with any type of body.
async fn quote(request: Request<String>) -> Result<Response<String>, MissingFlagsLayer> {
    let flags = Flags::from_extensions(request.extensions())?;
    let promo = flags.get_typed::<Promo>();
    let is_free = flags.check_gate("free_shipping");
    let price = 49.0 * (1.0 - promo.discount) + if is_free { 0.0 } else { 4.9 };
    flags.log_event(Event::new("quoted").value(price));
    Ok(Response::new(format!("{}: {price:.2}", promo.title)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let local = LocalStatsig::builder()
        .specs_json(include_str!("promo/specs.json"))
        .on_event(|event| println!("  {event}"));
    let local = local.start().await?;
    let options = StatsigOptions::builder()
        .specs_url(local.specs_url())
        .log_event_url(local.log_event_url());
    let statsig = Statsig::new("secret-tower", options.build()?);
    statsig.initialize().await?;

    let user = RequestUser::new().id_header("x-user-id");
    let service = ServiceBuilder::new()
        .layer(FlagsLayer::new(&statsig).user_from(user))
        .service_fn(quote);

    // A server would call the service, with a clone for each connection.
    for user in ["alice", "bob", "carol"] {
        let request = Request::get("/").header("x-user-id", user);
        let response = service
            .clone()
            .oneshot(request.body(String::new())?)
            .await?;
        println!("{user}: {}", response.body());
    }

    println!("{}", statsig.shutdown().await?);
    Ok(())
}
