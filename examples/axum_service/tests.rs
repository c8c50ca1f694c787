//! Tests of the service without sockets: `cargo test -p statsig-examples --example axum_service`.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use statsig::testing::{OfflineClient, exposures_of};
use tower::ServiceExt;

use super::{Promo, SPECS, service};

/// A response to the user `ann`.
async fn call(statsig: &OfflineClient, method: &str, path: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("x-user-id", "ann").body(Body::empty());
    let response = service(statsig).oneshot(request.unwrap()).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_title_is_exposed_when_the_page_shows_it() {
    let statsig = OfflineClient::new(SPECS, None).unwrap();
    let (status, title) = call(&statsig, "GET", "/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!title.is_empty());
    let exposures = exposures_of::<Promo>(&statsig, &statsig.take_events());
    exposures.assert_fields(["title", "discount"]);
}

#[tokio::test]
async fn a_checkout_applies_the_discount_and_logs_an_event() {
    let statsig = OfflineClient::new(SPECS, None).unwrap();
    statsig.override_gate("free_shipping", true, None);
    let half = Promo {
        title: "Half off".to_owned(),
        discount: 0.5,
    };
    statsig.override_typed(&half, None).unwrap();
    assert_eq!(call(&statsig, "POST", "/checkout").await.1, "24.50");
    let events = statsig.take_events();
    let checkout = events.iter().find(|event| event["eventName"] == "checkout");
    assert_eq!(checkout.unwrap()["user"]["userID"], "ann");
}

#[tokio::test]
async fn express_shipping_needs_the_gate() {
    let statsig = OfflineClient::new(SPECS, None).unwrap();
    for (is_open, expected) in [(true, StatusCode::OK), (false, StatusCode::NOT_FOUND)] {
        statsig.override_gate("free_shipping", is_open, Some("ann"));
        assert_eq!(call(&statsig, "GET", "/express").await.0, expected);
    }
}

#[tokio::test]
async fn the_service_is_unhealthy_without_specs() {
    let ready = OfflineClient::new(SPECS, None).unwrap();
    assert_eq!(call(&ready, "GET", "/health").await.0, StatusCode::OK);
    let empty = OfflineClient::without_specs(None);
    let (status, _) = call(&empty, "GET", "/health").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}
