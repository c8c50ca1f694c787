//! The endpoints for SDKs.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::header::{self, AsHeaderName};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::{self, EVENT_PATHS};
use crate::body::{self, ClientQuery, Refusal};
use crate::clock;
use crate::connection::Connection;
use crate::control;
use crate::events;
use crate::faults;
use crate::headers::{Headers, KEY_HEADER};
use crate::id_lists::start_of;
use crate::notice::Notice;
use crate::requests::{Endpoint, ReceivedRequest};
use crate::shared::Shared;
use crate::specs::NO_UPDATES;
#[cfg(feature = "grpc")]
use crate::stream;

type App = State<Arc<Shared>>;

/// The time of the specs that are served.
const SINCE_TIME: HeaderName = HeaderName::from_static("x-since-time");
/// Tells the client that there is nothing new.
const CACHE_HIT: HeaderName = HeaderName::from_static("x-cache-hit");

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    // The server records requests and injects faults by endpoint.
    let watched = |endpoint: Endpoint, route: MethodRouter<Arc<Shared>>| {
        let state = (Arc::clone(&shared), endpoint);
        route.layer(middleware::from_fn_with_state(state, watch))
    };
    let specs = || watched(Endpoint::Specs, get(serve_specs));
    let manifest = || watched(Endpoint::IdLists, get(serve_manifest).post(serve_manifest));
    let mut router = Router::new();
    for path in EVENT_PATHS {
        router = router.route(path, watched(Endpoint::LogEvent, post(receive_events)));
    }
    if shared.is_forward_proxy {
        let route = watched(Endpoint::UserEnrichment, post(enrich_user));
        router = router.route("/v1/user_enrichment", route);
    }
    #[cfg(feature = "grpc")]
    {
        let route = watched(Endpoint::SpecsStream, post(stream::stream_specs));
        router = router.route(stream::PATH, route);
    }
    router
        .route("/v1/download_config_specs/{file}", specs())
        .route("/v2/download_config_specs/{file}", specs())
        .route("/v1/get_id_lists", manifest())
        .route("/v1/get_id_lists/{file}", manifest())
        .route(
            "/v1/download_id_list_file/{name}",
            watched(Endpoint::IdListFile, get(serve_id_list)),
        )
        .nest("/_local", control::router())
        .fallback(not_served)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .with_state(shared)
}

/// Refuses requests for another host name or from another origin that is not allowed.
async fn guard(State(shared): App, request: Request, next: Next) -> Response {
    match shared.access.accept(request.uri(), request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(origin)) => access::answer_page(origin, request, next).await,
        Err(reason) => {
            shared.notify(&Notice::RequestRefused(reason.clone()));
            Refusal::Forbidden(reason).into_response()
        }
    }
}

async fn watch(
    State((shared, endpoint)): State<(Arc<Shared>, Endpoint)>,
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let mut recorded = recorded(&request, Some(endpoint));
    shared.record.keep_request(&mut recorded);
    let Some(fault) = shared.faults.next(endpoint) else {
        return next.run(request).await;
    };
    match faults::answer(fault, request, next).await {
        Some(response) => response,
        None => connection.close().await,
    }
}

fn recorded(request: &Request, endpoint: Option<Endpoint>) -> ReceivedRequest {
    ReceivedRequest {
        number: 0,
        received_at: clock::now(),
        endpoint,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: Headers::from_http(request.headers()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecsQuery {
    since_time: Option<u64>,
    checksum: Option<String>,
}

async fn serve_specs(
    State(shared): App,
    Path(file): Path<String>,
    Query(query): Query<SpecsQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let key_in_path = file.strip_suffix(".json").or(file.strip_suffix(".js"));
    let key_in_path = key_in_path.ok_or(Refusal::NotFound(
        "expected `{sdk key}.json` after download_config_specs/",
    ))?;
    if !shared.serves(key_in_header(&headers).unwrap_or(key_in_path)) {
        return Err(Refusal::Unauthorized);
    }
    let specs = shared.current_specs();
    let time = [(SINCE_TIME, specs.summary.time.to_string())];
    let is_news = if shared.is_forward_proxy {
        specs.is_newer_than(query.since_time)
    } else {
        specs.is_news_to(query.since_time, query.checksum.as_deref())
    };
    let json = (header::CONTENT_TYPE, "application/json");
    if !is_news {
        return Ok((time, [json], [(CACHE_HIT, "true")], NO_UPDATES).into_response());
    }
    let vary = (header::VARY, "accept-encoding");
    if accepts_gzip(&headers) {
        let gzip = (header::CONTENT_ENCODING, "gzip");
        return Ok((time, [json, vary, gzip], specs.gzip.clone()).into_response());
    }
    Ok((time, [json, vary], specs.text.clone()).into_response())
}

fn text_of(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn key_in_header(headers: &HeaderMap) -> Option<&str> {
    text_of(headers, KEY_HEADER)
}

/// In front of an upstream, refuses SDK keys that do not belong to its project.
fn check_key(shared: &Shared, sdk_key: Option<&str>) -> Result<(), Refusal> {
    if shared.has_upstream && !sdk_key.is_some_and(|key| shared.serves(key)) {
        return Err(Refusal::Unauthorized);
    }
    Ok(())
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|choice| {
            let (name, weight) = choice.split_once(';').unwrap_or((choice, ""));
            let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
            name.trim().eq_ignore_ascii_case("gzip") && weight.parse().is_ok_and(|q: f32| q > 0.0)
        })
}

async fn serve_manifest(
    State(shared): App,
    file: Option<Path<String>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let key_in_path = file
        .as_ref()
        .and_then(|Path(file)| file.strip_suffix(".json"));
    check_key(&shared, key_in_header(&headers).or(key_in_path))?;
    shared.check_id_lists()?;
    // A client may reach this server under another name, for example from a container.
    let host = text_of(&headers, header::HOST).map(|host| format!("http://{host}"));
    let url = host.as_ref().unwrap_or(&shared.url);
    Ok(Json(shared.id_lists.manifest(url)))
}

#[derive(Deserialize)]
struct FileQuery {
    range: Option<String>,
}

async fn serve_id_list(
    State(shared): App,
    Path(name): Path<String>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // Not every SDK sends its key here.
    if let Some(key) = key_in_header(&headers) {
        check_key(&shared, Some(key))?;
    }
    let lines = shared.id_lists.lines(&name);
    let lines = lines.ok_or(Refusal::NotFound("no such ID list"))?;
    let range = text_of(&headers, header::RANGE).or(query.range.as_deref());
    let size = lines.len();
    let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let content_range = |range| [(header::CONTENT_RANGE, range)];
    Ok(match range.and_then(start_of) {
        None => (text, lines).into_response(),
        Some(start) if start < size => {
            let range = content_range(format!("bytes {start}-{}/{size}", size - 1));
            let part = lines.slice(start..);
            (StatusCode::PARTIAL_CONTENT, text, range, part).into_response()
        }
        Some(_) => {
            let range = content_range(format!("bytes */{size}"));
            (StatusCode::RANGE_NOT_SATISFIABLE, range).into_response()
        }
    })
}

#[derive(Deserialize)]
struct Enrichment {
    id_list_lookups: Vec<String>,
}

/// The ID lists that contain the hashed IDs of a user.
async fn enrich_user(State(shared): App, request: Request) -> Result<Json<Value>, Refusal> {
    let (parts, body) = request.into_parts();
    let sent = body::receive(body).await?;
    let body = body::decode(&parts.headers, &ClientQuery::default(), &sent)?;
    check_key(&shared, key_in_header(&parts.headers))?;
    shared.check_id_lists()?;
    let Enrichment { id_list_lookups } = serde_json::from_slice(&body)
        .map_err(|error| Refusal::Malformed(format!("expected `id_list_lookups`: {error}")))?;
    let id_lists = shared.id_lists.memberships(&id_list_lookups);
    Ok(Json(json!({ "id_lists": id_lists })))
}

async fn receive_events(State(shared): App, request: Request) -> Result<Response, Refusal> {
    let accepted = accept_events(&shared, request).await;
    accepted.inspect_err(|refusal| shared.notify(&Notice::EventsRefused(refusal.to_string())))
}

async fn accept_events(shared: &Shared, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let received = body::receive(body).await;
    let query = ClientQuery::of(&parts.uri);
    check_key(shared, key_in_header(&parts.headers).or(query.k.as_deref()))?;
    let sent = received?;
    #[cfg(feature = "upstream")]
    if let Some(relay) = shared.relay.get() {
        let answer = relay
            .forward(&parts.headers, parts.uri.query(), sent.clone())
            .await;
        if !answer.status().is_success() {
            let mut reason = format!("status {}", answer.status());
            if answer.status() == StatusCode::LOOP_DETECTED {
                reason.push_str(", the upstreams form a circle");
            }
            shared.notify(&Notice::EventsNotSentOn(reason));
            return Ok(answer);
        }
        // The upstream has the events. So the SDK gets its answer, even if they cannot be recorded.
        if let Err(refusal) = keep_events(shared, &parts.headers, &query, &sent) {
            shared.notify(&Notice::EventsRefused(refusal.to_string()));
        }
        return Ok(answer);
    }
    keep_events(shared, &parts.headers, &query, &sent)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "success": true }))).into_response())
}

fn keep_events(
    shared: &Shared,
    headers: &HeaderMap,
    query: &ClientQuery,
    sent: &Bytes,
) -> Result<(), Refusal> {
    let body = body::decode(headers, query, sent)?;
    let number = shared.record.next_batch_number();
    let batch = events::parse(number, Headers::from_http(headers), &body, sent.len())?;
    if let Some(on_event) = &shared.on_event {
        batch.events.iter().for_each(|(_, event)| on_event(event));
    }
    shared.record.keep_batch(batch);
    Ok(())
}

async fn not_served(State(shared): App, request: Request) -> Refusal {
    let mut recorded = recorded(&request, None);
    shared.record.keep_request(&mut recorded);
    shared.notify(&Notice::NotServed(recorded));
    Refusal::NotFound(
        "not served here; see /v2/download_config_specs/{key}.json, /v1/get_id_lists, /v1/log_event",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_those_who_take_it() {
        for (value, expected) in [
            ("gzip", true),
            ("statsig-br, GZIP;q=0.5, br", true),
            ("br", false),
            ("gzip;q=0", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), expected, "{value}");
        }
    }
}
