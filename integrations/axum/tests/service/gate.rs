//! `RequireGate`.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use http::StatusCode;
use statsig::testing::OfflineClient;
use statsig_axum::{FlagsLayer, RequestUser, RequireGate};

use crate::support::{self, call, names, specs};

/// A gated route and an open one.
fn app(gate: RequireGate) -> Router {
    Router::new()
        .route("/beta", get(async || "the beta page"))
        .route_layer(gate)
        .route("/", get(async || "open"))
}

fn flags(statsig: &OfflineClient) -> FlagsLayer {
    FlagsLayer::new(statsig).user_from(RequestUser::new().id_header("x-user-id"))
}

#[tokio::test]
async fn only_users_who_pass_the_gate_reach_the_route() {
    let statsig = OfflineClient::new(specs(1), None).unwrap();
    let app = app(RequireGate::new("beta").or(StatusCode::FORBIDDEN)).layer(flags(&statsig));
    let ann = call(&app, support::get("/beta", "ann")).await;
    assert_eq!(ann, (StatusCode::OK, "the beta page".to_owned()));
    let bob = call(&app, support::get("/beta", "bob")).await;
    assert_eq!(bob, (StatusCode::FORBIDDEN, String::new()));
    assert_eq!(call(&app, support::get("/", "bob")).await.1, "open");

    let exposure = "statsig::gate_exposure";
    let events = statsig.take_events();
    assert_eq!(names(&events), [(exposure, "ann"), (exposure, "bob")]);
}

#[tokio::test]
async fn the_response_of_a_closed_gate_is_404_unless_set() {
    let statsig = OfflineClient::new(specs(1), None).unwrap();
    let closed = app(RequireGate::new("beta")).layer(flags(&statsig));
    let (status, _) = call(&closed, support::get("/beta", "bob")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let redirecting = RequireGate::new("beta").or(Redirect::to("/"));
    let redirecting = app(redirecting).layer(flags(&statsig));
    let (status, _) = call(&redirecting, support::get("/beta", "bob")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_unknown_gate_and_a_client_without_specs_stay_closed() {
    let unknown = OfflineClient::new(specs(1), None).unwrap();
    for (statsig, gate) in [
        (unknown, "beda"),
        (OfflineClient::without_specs(None), "beta"),
    ] {
        let app = app(RequireGate::new(gate)).layer(flags(&statsig));
        let (status, _) = call(&app, support::get("/beta", "ann")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn without_the_flags_layer_a_gated_route_is_a_500_that_names_it() {
    let app = app(RequireGate::new("beta"));
    let (status, body) = call(&app, support::get("/beta", "ann")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("FlagsLayer"), "{body}");
}
