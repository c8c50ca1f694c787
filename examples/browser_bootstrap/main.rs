//! A page whose official JavaScript client (`@statsig/js-client`) starts without a request, from
//! values that this service evaluated. The terminal shows the exposures that the page logs.
//!
//! Run `cargo run --example browser_bootstrap` and open the address that it prints. `PORT` sets the
//! port, `STATSIG_JS_CLIENT` the file of the client. Without a file, the page loads it from a CDN.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Router, routing::get};
use statsig::client_init::ClientInitResponseOptions;
use statsig::{Statsig, StatsigOptions, StatsigUser};
use statsig_local::LocalStatsig;

const CLIENT_KEY: &str = "client-bootstrap"; // every visitor can read it: never a secret key
const CDN: &str = "https://cdn.jsdelivr.net/npm/@statsig/js-client@3/build/";
const CLIENT_FILE: &str = "statsig-js-client.min.js";

/// Server and page must agree on the user, and so on the stable ID, which identifies the device.
async fn page(
    State((statsig, events_url)): State<(Statsig, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let cookies = headers.get(COOKIE).and_then(|value| value.to_str().ok());
    let known = cookies.and_then(|all| all.split("; ").find_map(|one| one.strip_prefix("id=")));
    let stable_id = known.map_or_else(|| format!("{:032x}", fastrand::u128(..)), str::to_owned);
    let user_id = query.get("user").map_or("", String::as_str);
    let user = StatsigUser::builder(user_id).custom_id("stableID", &*stable_id);
    let options = ClientInitResponseOptions::new().client_sdk_key(CLIENT_KEY);
    let values = statsig.get_client_init_response_as_string_with_options(&user.build(), &options);
    let page = include_str!("page.html")
        .replace("{client_key}", CLIENT_KEY)
        .replace("{events_url}", &events_url)
        // A user ID such as `</script>` must not end the script.
        .replace("{values}", &values.replace('<', "\\u003c"));
    let cookie = format!("id={stable_id}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
    ([(SET_COOKIE, cookie)], Html(page))
}

async fn javascript_client() -> Response {
    match std::env::var("STATSIG_JS_CLIENT").map(std::fs::read) {
        Ok(Ok(file)) => ([(CONTENT_TYPE, "text/javascript")], file).into_response(),
        _ => Redirect::temporary(&format!("{CDN}{CLIENT_FILE}")).into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let local = LocalStatsig::builder()
        .specs_json(include_str!("../promo/specs.json"))
        .allowed_origin(&origin) // its pages may log events
        .on_event(|event| println!("{event}"));
    let local = local.start().await?;
    let options = StatsigOptions::builder().specs_url(local.specs_url());
    let options = options.log_event_url(local.log_event_url()).build()?;
    let statsig = Statsig::new("secret-bootstrap", options);
    statsig.initialize().await?;
    let app = Router::new()
        .route("/", get(page))
        .route(&format!("/{CLIENT_FILE}"), get(javascript_client))
        .with_state((statsig.clone(), local.client_api_url()));
    println!("Open {origin}/?user=alice, stop with Ctrl-C.");
    let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await?;
    println!("Events: {}", statsig.shutdown().await?);
    Ok(())
}
