//! The control endpoints under `/_local/`, for scripts and programs in other languages.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::body::Refusal;
use crate::events::ReceivedEvent;
use crate::faults::WireFaults;
use crate::requests::ReceivedRequest;
use crate::shared::Shared;

type App = State<Arc<Shared>>;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/events", get(list_events).delete(clear_events))
        .route("/requests", get(list_requests))
        .route(
            "/faults",
            get(list_faults).put(set_faults).delete(clear_faults),
        )
}

async fn list_events(State(shared): App) -> Json<Value> {
    let (events, forgotten) = shared.record.events();
    let events: Vec<Value> = events.iter().map(ReceivedEvent::to_json).collect();
    Json(json!({ "events": events, "forgotten": forgotten }))
}

async fn clear_events(State(shared): App) -> StatusCode {
    shared.record.clear_events();
    StatusCode::NO_CONTENT
}

async fn list_requests(State(shared): App) -> Json<Value> {
    let requests = shared.record.requests();
    let requests: Vec<Value> = requests
        .iter()
        .map(ReceivedRequest::to_masked_json)
        .collect();
    Json(json!({ "requests": requests }))
}

async fn list_faults(State(shared): App) -> Json<WireFaults> {
    let faults = shared.faults.pending();
    Json(WireFaults { faults })
}

async fn set_faults(State(shared): App, body: Bytes) -> Result<StatusCode, Refusal> {
    let WireFaults { faults } =
        serde_json::from_slice(&body).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let replaced = shared.faults.replace(faults);
    replaced.map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(shared): App) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}
