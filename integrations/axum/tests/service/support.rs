//! Specs, requests and events of the tests.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use statsig::testing::{ScriptedTransport, SimulatedClock};
use statsig::{Statsig, StatsigOptions, StatsigParams};
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
pub(crate) fn specs(generation: u64) -> String {
    let spec = |entity: &str, default: Value, rules: Value| {
        json!({
            "type": "dynamic_config", "entity": entity, "salt": "salt", "enabled": true, "idType": "userID",
            "defaultValue": default, "rules": rules,
        })
    };
    let for_ann = json!([{
        "name": "ann", "id": "ann", "passPercentage": 100, "returnValue": true, "conditions": ["is_ann"], "idType": "userID",
    }]);
    json!({
        "has_updates": true, "time": generation, "experiment_to_layer": {}, "dynamic_configs": {},
        "condition_map": {"is_ann": {
            "type": "unit_id", "operator": "any", "targetValue": ["ann"], "idType": "userID",
        }},
        "feature_gates": {"beta": spec("feature_gate", json!(false), for_ann)},
        "layer_configs": {
            "promo": spec("layer", json!({"title": "Hello", "generation": generation}), json!([])),
        },
    })
    .to_string()
}

/// A client that runs on a network in memory.
pub(crate) async fn online() -> (Arc<ScriptedTransport>, Statsig) {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1));
    let options = StatsigOptions::builder()
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .disable_diagnostics(true);
    let statsig = Statsig::new("secret-axum", options.build().unwrap());
    statsig.initialize().await.unwrap();
    (network, statsig)
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
