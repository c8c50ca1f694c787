//! Requests with accepted tokens, and requests without tokens.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::{Request, Response, StatusCode};
use statsig::overrides::RequestOverrides;
use statsig::overrides::signed::OverrideClaims;
use statsig::testing::OfflineClient;
use statsig_axum::{Flags, FlagsLayer, Params, RequestUser};
use tower::ServiceExt;

use super::{AUDIENCE, BASELINE, Promo, SECRET, Service, forced, key, qa, said, send, specs};

/// The names that were exposed since the last call.
fn exposed(client: &OfflineClient) -> Vec<String> {
    let events = client.take_events().into_iter();
    let names = events.filter_map(|event| {
        let metadata = &event["metadata"];
        let name = metadata["gate"]
            .as_str()
            .or(metadata["parameterName"].as_str())?;
        Some(name.to_owned())
    });
    names.collect()
}

#[tokio::test(start_paused = true)]
async fn a_token_in_a_header_or_a_cookie_forces_what_it_names() {
    let service = Service::new();
    let overrides = qa();
    let app = service.app(Some(overrides.clone()));
    let token = service.token(forced());
    let cookie = format!("theme=dark; statsig-overrides={token}");
    for header in [("statsig-overrides", &*token), ("cookie", &*cookie)] {
        let (status, headers, text) = send(&app, "/", &[header]).await;
        assert_eq!((status, &*text), (StatusCode::OK, "Hi 10 true"));
        assert_eq!(
            said(&headers, "statsig-overrides-applied").unwrap(),
            "gate:closed, layer:promo.title"
        );
        assert_eq!(
            said(&headers, "cache-control").unwrap(),
            "private, no-store"
        );
        let (_, _, text) = send(&app, "/beta", &[header]).await;
        assert_eq!(text, "beta");
    }
    assert_eq!(overrides.counts().applied(), 4);
    // Once, since it is the same user.
    assert_eq!(exposed(&service.client), ["discount"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_token_is_served_as_without_overrides() {
    let service = Service::new();
    let app = service.app(Some(qa()));
    let (_, headers, text) = send(&app, "/", &[("cookie", "theme=dark")]).await;
    assert_eq!(text, BASELINE);
    assert_eq!(
        said(&headers, "cache-control").unwrap(),
        "public, max-age=60"
    );
    assert!(
        !headers
            .keys()
            .any(|name| name.as_str().starts_with("statsig"))
    );
    assert_eq!(send(&app, "/beta", &[]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_ask_for_overrides_has_none() {
    let service = Service::new();
    let app = service.app(None);
    let token = service.token(forced());
    let (_, headers, text) = send(&app, "/", &[("statsig-overrides", &token)]).await;
    assert_eq!(text, BASELINE);
    assert_eq!(
        said(&headers, "cache-control").unwrap(),
        "public, max-age=60"
    );
    assert_eq!(said(&headers, "statsig-overrides-refused"), None);
}

#[tokio::test(start_paused = true)]
async fn names_that_the_specs_lack_are_marked() {
    let service = Service::new();
    let app = service.app(Some(qa()));
    let overrides = RequestOverrides::new()
        .gate("open", false)
        .gate("opne", false)
        .layer("promo", "title", "Hi")
        .layer("prmo", "title", "Hi");
    let token = service.token(overrides);
    let (_, headers, _) = send(&app, "/", &[("statsig-overrides", &token)]).await;
    assert_eq!(
        said(&headers, "statsig-overrides-applied").unwrap(),
        "gate:open, gate:opne (unknown), layer:prmo.title (unknown), layer:promo.title"
    );
}

/// Testers with different tokens and users without any, on several threads, while specs change.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_requests_never_mix() {
    const TASKS: usize = 8;
    let client = Arc::new(OfflineClient::new(specs().time(1), None).unwrap());
    let handler = async |flags: Flags, promo: Params<Promo>| {
        let gates = (0..4).map(|_| {
            let flags = flags.clone();
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                let title = flags.get_layer("promo").get_string("title", "");
                (flags.check_gate("closed"), title)
            })
        });
        let mut seen = Vec::new();
        for gate in gates.collect::<Vec<_>>() {
            seen.push(gate.await.unwrap());
        }
        format!("{} {seen:?}", promo.title)
    };
    let layer = FlagsLayer::new(&*client).user_from(RequestUser::new().id_header("x-user-id"));
    let app = Router::new()
        .route("/", get(handler))
        .layer(layer.qa_overrides(qa()));
    let tasks = (0..TASKS).map(|number| {
        let app = app.clone();
        tokio::spawn(async move {
            for round in 0..100 {
                let forces = number % 2 == 0;
                let title = if forces {
                    format!("{number}-{round}")
                } else {
                    "Hello".to_owned()
                };
                let passes = forces && round % 2 == 0;
                let mut headers = vec![("x-user-id", "ann".to_owned())];
                if forces {
                    let overrides = RequestOverrides::new().gate("closed", passes).layer(
                        "promo",
                        "title",
                        title.as_str(),
                    );
                    let claims = OverrideClaims::new(AUDIENCE, u64::MAX, overrides);
                    headers.push(("statsig-overrides", claims.sign(&key(SECRET)).unwrap()));
                }
                let headers: Vec<_> = headers
                    .iter()
                    .map(|(name, value)| (*name, &**value))
                    .collect();
                let seen = vec![(passes, title.clone()); 4];
                let text = send(&app, "/", &headers).await.2;
                assert_eq!(text, format!("{title} {seen:?}"));
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for time in 2..200 {
        client.set_specs(specs().time(time)).unwrap();
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    for event in client.take_events() {
        let reason = event["metadata"]["reason"].as_str().unwrap_or_default();
        assert!(!reason.contains("Override"), "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_of_a_refused_route_says_it_too() {
    let service = Service::new();
    let app = service.app(Some(qa()));
    let token = service.token(RequestOverrides::new().gate("closed", false));
    let (status, headers, _) = send(&app, "/beta", &[("statsig-overrides", &token)]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        said(&headers, "statsig-overrides-applied").unwrap(),
        "gate:closed"
    );
}

#[tokio::test]
async fn a_tower_service_without_axum_has_overrides() {
    let client = OfflineClient::new(specs(), None).unwrap();
    let serve = tower::service_fn(async |request: Request<()>| {
        let flags = Flags::from_extensions(request.extensions()).unwrap();
        Ok::<_, std::convert::Infallible>(Response::new(flags.check_gate("closed")))
    });
    let service = tower::ServiceBuilder::new()
        .layer(FlagsLayer::new(&client).qa_overrides(qa()))
        .service(serve);
    let token = OverrideClaims::new(AUDIENCE, u64::MAX, forced())
        .sign(&key(SECRET))
        .unwrap();
    let request = Request::get("/")
        .header("statsig-overrides", token)
        .body(())
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert!(response.body());
    assert!(response.headers().contains_key("statsig-overrides-applied"));
}
