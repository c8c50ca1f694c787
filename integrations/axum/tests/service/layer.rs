//! `FlagsLayer` in axum and without.

use std::convert::Infallible;

use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, Response, StatusCode};
use statsig::StatsigUser;
use statsig::testing::OfflineClient;
use statsig_axum::{CurrentUser, Flags, FlagsLayer, RequestUser, RequireGate};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::support::{self, call, specs};

fn client() -> OfflineClient {
    OfflineClient::new(specs(1), None).unwrap()
}

fn whoami() -> Router {
    let handler = async |user: CurrentUser| user.user_id().unwrap_or_default().into_owned();
    Router::new().route("/", get(handler))
}

fn by_header() -> RequestUser {
    RequestUser::new().id_header("x-user-id")
}

#[tokio::test]
async fn the_user_is_made_from_the_head_of_the_request() {
    let app = whoami().layer(FlagsLayer::new(client()).user(|parts| {
        let path = parts.uri.path();
        StatsigUser::with_user_id(format!("{} {path}", parts.method))
    }));
    assert_eq!(call(&app, support::get("/", "ann")).await.1, "GET /");
}

#[tokio::test]
async fn a_user_set_by_the_application_wins_before_and_after_the_layer() {
    let own = || Extension(StatsigUser::with_user_id("authenticated"));
    let flags = || FlagsLayer::new(client()).user_from(by_header());
    let before = whoami().layer(flags()).layer(own());
    let after = whoami().layer(own()).layer(flags());
    for app in [before, after] {
        assert_eq!(
            call(&app, support::get("/", "ann")).await.1,
            "authenticated"
        );
    }
}

#[tokio::test]
async fn of_two_layers_the_outer_one_decides() {
    let inner = FlagsLayer::new(client()).user(|_| StatsigUser::with_user_id("inner"));
    let outer = FlagsLayer::new(client()).user(|_| StatsigUser::with_user_id("outer"));
    let app = whoami().layer(inner).layer(outer);
    assert_eq!(call(&app, support::get("/", "ann")).await.1, "outer");
}

#[tokio::test]
async fn without_a_mapping_the_user_has_no_id() {
    let app = whoami().layer(FlagsLayer::new(client()));
    assert_eq!(call(&app, support::get("/", "ann")).await.1, "");
}

#[tokio::test]
async fn a_tower_service_reads_flags_without_axum() {
    let serve = service_fn(async |request: Request<&'static str>| {
        let flags = Flags::from_extensions(request.extensions()).unwrap();
        let body = format!("{} {}", request.body(), flags.check_gate("beta"));
        Ok::<_, Infallible>(Response::new(body))
    });
    let service = ServiceBuilder::new()
        .layer(FlagsLayer::new(client()).user_from(by_header()))
        .layer(RequireGate::new("beta"))
        .service(serve);
    let request = |id: &str| {
        Request::get("/")
            .header("x-user-id", id)
            .body("body")
            .unwrap()
    };
    let response = service.clone().oneshot(request("ann")).await.unwrap();
    assert_eq!(
        support::text(response).await,
        (StatusCode::OK, "body true".to_owned())
    );
    let response = service.oneshot(request("bob")).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}
