//! Tests of the service without sockets: `cargo test -p statsig-examples --example axum_service`.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use statsig::StatsigUser;
use statsig::testing::{LoggedEvents, OfflineClient};
use statsig_axum::{Flags, Params};
use tower::ServiceExt;

use super::{Promo, SPECS, checkout, index, service};

/// A request of the user `ann`.
fn get(path: &str) -> Request<Body> {
    let request = Request::get(path).header("x-user-id", "ann");
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_title_is_exposed_when_the_page_shows_it() {
    let statsig = OfflineClient::new(SPECS, None).unwrap();
    let ann = StatsigUser::with_user_id("ann");
    let promo = Params(statsig.get_typed::<Promo>(&ann));
    assert!(statsig.take_events().is_empty());

    assert!(!index(promo).await.is_empty());
    let logged = LoggedEvents::from(statsig.take_events());
    logged.assert_exposed(&ann, "user_promo_experiments", "title");
}

#[tokio::test]
async fn a_checkout_applies_the_discount_and_logs_an_event() {
    let statsig = OfflineClient::new(SPECS, None).unwrap();
    statsig.override_gate("free_shipping", true, None);
    statsig.override_layer("user_promo_experiments", [("discount", 0.5)], None);
    let ann = StatsigUser::with_user_id("ann");
    let flags = Flags::new(&statsig, ann.clone());
    let promo = Params(flags.get_typed());

    assert_eq!(checkout(flags, promo).await, "24.50");
    let logged = LoggedEvents::from(statsig.take_events());
    assert_eq!(logged.named("checkout").of(&ann).len(), 1);
}

#[tokio::test]
async fn express_shipping_needs_the_gate() {
    let statsig = OfflineClient::new(SPECS, None).unwrap();
    for (is_open, expected) in [(true, StatusCode::OK), (false, StatusCode::NOT_FOUND)] {
        statsig.override_gate("free_shipping", is_open, Some("ann"));
        let response = service(&statsig).oneshot(get("/express")).await.unwrap();
        assert_eq!(response.status(), expected);
    }
}

#[tokio::test]
async fn the_service_is_unhealthy_without_specs() {
    let statsig = OfflineClient::without_specs(None);
    let response = service(&statsig).oneshot(get("/health")).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}
