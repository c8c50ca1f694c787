//! A service with typed values that experiments decide.
//!
//! Run it with `cargo run --example promo` and open <http://127.0.0.1:8080>. It starts a local
//! Statsig with the specs in `specs.json` (edit them while it runs) and shows every exposure and
//! event in the terminal. With `STATSIG_SERVER_SECRET` set it talks to the real service instead;
//! `PORT` sets the port.

#![expect(
    clippy::print_stdout,
    reason = "the terminal is where this example shows what happens"
)]

mod local;

use std::error::Error;
use std::io::IsTerminal;

use axum::extract::Query;
use axum::http::request::Parts;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use statsig::{Event, Statsig, StatsigOptions, StatsigParams, StatsigUser};
use statsig_axum::{CurrentUser, Flags, FlagsLayer, Params, ThenShutdown, shutdown_signal};

/// The headline of the shop. Each field is a parameter of the layer.
#[derive(Debug, StatsigParams, Serialize)]
#[statsig(layer = "user_promo_experiments")]
struct Promo {
    #[statsig(default = "Welcome")]
    title: String,
    #[statsig(default = 0.0)]
    discount: f64,
    #[statsig(default = "Browse")]
    call_to_action: String,
}

/// Small values that the console decides: constants, gates, configs, experiments and layers.
#[derive(Debug, StatsigParams, Serialize)]
#[statsig(param_store = "storefront")]
struct Storefront {
    #[statsig(default = "help@example.com")]
    support_email: String,
    #[statsig(default = "")]
    shipping_note: String,
    #[statsig(default = 10)]
    max_items: u32,
}

#[derive(Deserialize)]
struct Who {
    user: String,
}

/// The user of a request: `?user=ID`.
fn user_of(parts: &Parts) -> StatsigUser {
    match Query::<Who>::try_from_uri(&parts.uri) {
        Ok(Query(who)) => StatsigUser::with_user_id(who.user),
        Err(_) => StatsigUser::anonymous(),
    }
}

/// The values of one user. Reading the fields of `Promo` logs the exposures.
async fn promo(
    flags: Flags,
    user: CurrentUser,
    promo: Params<Promo>,
    storefront: Params<Storefront>,
) -> Json<Value> {
    let gate = flags.get_feature_gate("free_shipping");
    let decided = promo.meta();
    Json(json!({
        "user": user.user_id(),
        "promo": {
            "title": promo.title,
            "discount": promo.discount,
            "call_to_action": promo.call_to_action,
            "experiment": decided.allocated_experiment,
            "group": decided.group_name,
        },
        "gate": { "value": gate.value, "rule_id": gate.rule_id, "reason": gate.details.reason },
        "storefront": **storefront,
    }))
}

/// Buys and logs an event: experiments measure it.
async fn checkout(flags: Flags, promo: Params<Promo>) -> Json<Value> {
    let price = 49.0 * (1.0 - promo.discount);
    let event = Event::new("checkout").value(price);
    flags.log_event(event.metadata("sku", "T-SHIRT"));
    Json(json!({ "user": flags.user().user_id(), "price": price }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter("warn,statsig=info")
        // Only a terminal shows colours. A pipe or a file gets plain text.
        .with_ansi(std::io::stdout().is_terminal())
        .init();
    let options = StatsigOptions::builder()
        .environment("development")
        .service_name("promo");
    let (secret, options, local) = match std::env::var("STATSIG_SERVER_SECRET") {
        Ok(secret) => (secret, options, None),
        Err(_) => {
            let local = local::start().await?;
            let options = options
                .specs_url(local.specs_url())
                .log_event_url(local.log_event_url());
            ("secret-local".to_owned(), options, Some(local))
        }
    };
    let statsig = Statsig::new(&secret, options.build()?);
    statsig.initialize().await?;
    // At low traffic, the client delivers events once a minute. The example delivers them every
    // second.
    if local.is_some() {
        tokio::spawn(local::flush_often(statsig.clone()));
    }

    let app = Router::new()
        .route("/", get(async || Html(include_str!("page.html"))))
        .route("/promo", get(promo))
        .route("/checkout", post(checkout))
        .layer(FlagsLayer::new(&statsig).user(user_of));
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("Open http://{}, stop with Ctrl-C.", listener.local_addr()?);
    let server = axum::serve(listener, app).with_graceful_shutdown(shutdown_signal());
    println!("Events: {}", server.then_shutdown(&statsig).await?);
    Ok(())
}
