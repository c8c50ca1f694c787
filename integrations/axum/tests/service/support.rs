//! Specs, requests and events of the tests.

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use statsig::testing::{self, Specs, TestClient, user_id};
use statsig::{StatsigOptions, StatsigParams};
use tower::ServiceExt;

/// The parameters of the layer in [`specs`].
#[derive(Debug, Clone, StatsigParams)]
#[statsig(layer = "promo")]
pub(crate) struct Promo {
    #[statsig(default = "Welcome")]
    pub(crate) title: String,
    #[statsig(default = 0)]
    pub(crate) generation: u64,
}

/// Specs in which the gate `beta` passes for the user ID `ann`, and the layer `promo` serves the
/// generation.
pub(crate) fn specs(generation: u64) -> Specs {
    Specs::new()
        .time(generation)
        .gate("beta", |gate| gate.rule("ann").when(user_id().any(["ann"])))
        .layer("promo", |layer| {
            let layer = layer.default("title", "Hello");
            layer.default("generation", generation)
        })
}

/// A client that runs on a network in memory.
pub(crate) async fn online() -> TestClient {
    let options = StatsigOptions::builder().disable_diagnostics(true);
    testing::client_with(specs(1), options).await
}

/// A request as a user, by the header `x-user-id`.
pub(crate) fn get(path: &str, user_id: &str) -> Request<Body> {
    let request = Request::get(path).header("x-user-id", user_id);
    request.body(Body::empty()).unwrap()
}

/// Status and body of a response.
pub(crate) async fn call(app: &Router, request: Request<Body>) -> (StatusCode, String) {
    text(app.clone().oneshot(request).await.unwrap()).await
}

pub(crate) async fn text(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The names of events, and the user IDs in them.
pub(crate) fn names(events: &[Value]) -> Vec<(&str, &str)> {
    let events = events.iter();
    let named = events.map(|event| {
        let name = event["eventName"].as_str().unwrap();
        (name, event["user"]["userID"].as_str().unwrap_or_default())
    });
    named.collect()
}
