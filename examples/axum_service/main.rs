//! A web service with axum: each request has a user and one generation of specs, handlers take
//! parameters as arguments, a gate hides a route, and the shutdown loses no event.
//!
//! Run it with `cargo run --example axum_service`, and ask as a user:
//! `curl -H 'x-user-id: u-25' http://127.0.0.1:8080`. It starts a local Statsig, which prints the
//! events when they arrive: after a minute, or when Ctrl-C or SIGTERM stops the service.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use statsig::{Event, Statsig, StatsigOptions, StatsigParams};
use statsig_axum::{
    Flags, FlagsLayer, Params, RequestUser, RequireGate, ThenShutdown, TrustedProxies, health,
    shutdown_signal,
};
use statsig_local::LocalStatsig;

const SPECS: &str = include_str!("../promo/specs.json");

#[derive(Debug, StatsigParams)]
#[statsig(layer = "user_promo_experiments")]
struct Promo {
    #[statsig(default = "Welcome")]
    title: String,
    #[statsig(default = 0.0)]
    discount: f64,
}

/// The first read of `promo` logs the exposures.
async fn index(promo: Params<Promo>) -> String {
    promo.title.clone()
}

/// The task reads the same specs as the handler, even if new ones arrive in between.
async fn checkout(flags: Flags, promo: Params<Promo>) -> String {
    let price = 49.0 * (1.0 - promo.discount);
    flags.log_event(Event::new("checkout").value(price));
    let is_free = tokio::spawn(async move { flags.check_gate("free_shipping") });
    let is_free = is_free.await.unwrap_or(false);
    format!("{:.2}", if is_free { price } else { price + 4.9 })
}

fn service(statsig: &Statsig) -> Router {
    let user = RequestUser::new()
        .id_header("x-user-id")
        .stable_id_cookie("stable_id")
        .trusted_proxies(TrustedProxies::hops(1));
    Router::new()
        .route("/express", get(async || "Free express shipping"))
        .route_layer(RequireGate::new("free_shipping").or(StatusCode::NOT_FOUND))
        .route("/", get(index))
        .route("/checkout", post(checkout))
        .route("/health", get(health))
        .layer(FlagsLayer::new(statsig).user_from(user))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let local = LocalStatsig::builder().specs_json(SPECS);
    let local = local.on_event(|event| println!("{event}")).start().await?;
    let options = StatsigOptions::builder()
        .specs_url(local.specs_url())
        .log_event_url(local.log_event_url());
    let statsig = Statsig::new("secret-axum", options.build()?);
    statsig.initialize().await?;

    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("Open http://{}", listener.local_addr()?);
    let server = axum::serve(listener, service(&statsig));
    let server = server.with_graceful_shutdown(shutdown_signal());
    println!("{}", server.then_shutdown(&statsig).await?);
    Ok(())
}
