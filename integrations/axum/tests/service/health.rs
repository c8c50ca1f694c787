//! The handler `health`.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};
use statsig::testing::{Answer, Endpoint, OfflineClient};
use statsig::{Event, Statsig, StatsigUser};
use statsig_axum::{FlagsLayer, Health, health};

use crate::support::{self, call, specs};

async fn ask(app: &Router) -> (StatusCode, Value) {
    let (status, body) = call(app, support::get("/health", "probe")).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test(start_paused = true)]
async fn health_shows_specs_events_and_version() {
    let statsig = support::online().await;
    let app = Router::new()
        .route("/health", get(health))
        .layer(FlagsLayer::new(&statsig));
    statsig.log_event(&StatsigUser::with_user_id("ann"), Event::new("bought"));
    statsig.network.always(Endpoint::Specs, Answer::status(503));
    // Before the client posts the event.
    tokio::time::sleep(Duration::from_secs(25)).await;

    let (status, mut found) = ask(&app).await;
    assert_eq!(status, StatusCode::OK);
    let received_at = found["specs"]["received_at"].take();
    assert!(received_at.as_u64().unwrap() > 1_700_000_000_000);
    let expected = json!({
        "ready": true, "running": true, "restarts": 0, "version": env!("CARGO_PKG_VERSION"),
        "specs": {"source": "Network", "lcut": 1, "received_at": null, "sync_age_ms": 25_000},
        "events": {"pending": 1, "spooled": 0, "delivered": 0, "dropped": 0},
    });
    assert_eq!(found, expected);

    statsig.shutdown().await.unwrap();
    let (status, found) = ask(&app).await;
    // The specs are still there.
    assert_eq!(status, StatusCode::OK);
    assert_eq!(found["running"], false);
    assert_eq!(found["events"]["delivered"], 1);
}

#[tokio::test]
async fn health_is_503_until_there_are_specs() {
    let statsig = OfflineClient::without_specs(None);
    let app = Router::new()
        .route("/health", get(health))
        .layer(FlagsLayer::new(&statsig));
    let (status, found) = ask(&app).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(found["ready"], false);
    assert_eq!(found["specs"]["sync_age_ms"], Value::Null);

    statsig.set_specs(specs(1)).unwrap();
    assert_eq!(ask(&app).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_router_with_the_client_in_its_state_needs_no_layer() {
    let statsig = OfflineClient::new(specs(1), None).unwrap();
    let handler = async |State(statsig): State<Statsig>| Health::of(&statsig);
    let app = Router::new()
        .route("/health", get(handler))
        .with_state(Statsig::clone(&statsig));
    assert_eq!(ask(&app).await.0, StatusCode::OK);
}

#[tokio::test]
async fn health_without_layer_is_a_500_that_names_it() {
    let app = Router::new().route("/health", get(health));
    let (status, body) = call(&app, support::get("/health", "probe")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("FlagsLayer"));
}
