//! QA overrides: signed tokens force gates and parameters for one request.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use statsig::overrides::RequestOverrides;
use statsig::overrides::signed::{OverrideClaims, OverrideKey, OverrideRefusal};
use statsig::testing::{OfflineClient, SimulatedClock, Specs};
use statsig::{StatsigOptions, StatsigParams};
use statsig_axum::{Flags, FlagsLayer, Params, QaOverrides, RequestUser, RequireGate};
use tower::ServiceExt;

const SECRET: &str = "9hTq1sW0bN3kD7xV5yR2cF8mJ4gL6pZa";
const OTHER_SECRET: &str = "aZp6Lg4Jm8Fc2Ry5Vx7Dk3Nb0Ws1qTh9";
const AUDIENCE: &str = "checkout/staging";
const HOUR: Duration = Duration::from_secs(3_600);
const BASELINE: &str = "Hello 10 false";

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promo")]
struct Promo {
    #[statsig(default = "Welcome")]
    title: String,
    #[statsig(default = 0)]
    discount: i64,
}

fn specs() -> Specs {
    Specs::new()
        .gate("open", |gate| gate.rule("all").everyone())
        .gate("closed", |gate| gate)
        .layer("promo", |layer| {
            layer.default("title", "Hello").default("discount", 10)
        })
}

struct Service {
    client: OfflineClient,
    clock: Arc<SimulatedClock>,
}

impl Service {
    fn new() -> Self {
        let clock = Arc::new(SimulatedClock::new());
        let options = StatsigOptions::builder().clock(clock.clone());
        let client = OfflineClient::new(specs(), options.build().unwrap()).unwrap();
        Self { client, clock }
    }

    /// Shows parameters and gate as a handler and a task of it read them. `/beta` needs the gate.
    fn app(&self, overrides: Option<QaOverrides>) -> Router {
        let handler = async |flags: Flags, promo: Params<Promo>| {
            let task = tokio::spawn(async move { flags.check_gate("closed") });
            let closed = task.await.unwrap();
            let shown = format!("{} {} {closed}", promo.title, promo.discount);
            ([("cache-control", "public, max-age=60")], shown)
        };
        let user = RequestUser::new().id_header("x-user-id");
        let mut layer = FlagsLayer::new(&self.client).user_from(user);
        if let Some(overrides) = overrides {
            layer = layer.qa_overrides(overrides);
        }
        Router::new()
            .route("/beta", get(async || "beta"))
            .route_layer(RequireGate::new("closed"))
            .route("/", get(handler))
            .layer(layer)
    }

    fn token(&self, overrides: RequestOverrides) -> String {
        self.claims(AUDIENCE, overrides).sign(&key(SECRET)).unwrap()
    }

    fn claims(&self, audience: &str, overrides: RequestOverrides) -> OverrideClaims {
        use statsig::clock::Clock;
        let expires_at_ms = self.clock.now_ms() + HOUR.as_millis() as u64;
        OverrideClaims::new(audience, expires_at_ms, overrides)
    }
}

fn key(secret: &str) -> OverrideKey {
    OverrideKey::new(secret).unwrap()
}

fn qa() -> QaOverrides {
    QaOverrides::new([key(SECRET)], AUDIENCE)
}

fn forced() -> RequestOverrides {
    RequestOverrides::new()
        .gate("closed", true)
        .layer("promo", "title", "Hi")
}

/// Headers and text of the response to a request with these headers.
async fn send(
    app: &Router,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    (parts.status, parts.headers, text)
}

fn said(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| value.to_str().unwrap().to_owned())
}

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
async fn bad_tokens_are_ignored_counted_and_named() {
    let service = Service::new();
    let overrides = qa();
    let app = service.app(Some(overrides.clone()));
    let forged = service
        .claims(AUDIENCE, forced())
        .sign(&key(OTHER_SECRET))
        .unwrap();
    let foreign = service
        .claims("checkout/production", forced())
        .sign(&key(SECRET))
        .unwrap();
    let expired = service.token(forced());
    service.clock.jump(HOUR);
    for (token, reason) in [
        (forged, OverrideRefusal::Forged),
        (foreign, OverrideRefusal::Foreign),
        (expired, OverrideRefusal::Expired),
        ("x".repeat(9_000), OverrideRefusal::Oversized),
        ("not a token".to_owned(), OverrideRefusal::Malformed),
        (String::new(), OverrideRefusal::Malformed),
        ("\u{fc}".to_owned(), OverrideRefusal::Malformed),
    ] {
        let before = overrides.counts().refused(reason);
        let (status, headers, text) = send(&app, "/", &[("statsig-overrides", &token)]).await;
        assert_eq!((status, &*text), (StatusCode::OK, BASELINE), "{reason}");
        let refused = said(&headers, "statsig-overrides-refused");
        assert_eq!(refused.as_deref(), Some(reason.as_str()));
        assert_eq!(said(&headers, "statsig-overrides-applied"), None);
        assert_eq!(
            said(&headers, "cache-control").unwrap(),
            "private, no-store"
        );
        assert_eq!(overrides.counts().refused(reason), before + 1, "{reason}");
    }
    assert_eq!(overrides.counts().all_refused(), 7);
    assert_eq!(overrides.counts().applied(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_works_until_its_time_is_over() {
    let service = Service::new();
    let app = service.app(Some(qa()));
    let token = service.token(forced());
    for (passed, text) in [
        (Duration::ZERO, "Hi 10 true"),
        (HOUR, BASELINE),
        (HOUR, BASELINE),
    ] {
        tokio::time::advance(passed).await;
        assert_eq!(
            send(&app, "/", &[("statsig-overrides", &token)]).await.2,
            text
        );
    }
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

/// Put into the extensions by an authentication layer.
#[derive(Clone)]
struct Employee;

#[tokio::test(start_paused = true)]
async fn only_authorized_requests_have_overrides() {
    let service = Service::new();
    let overrides = qa().authorize(|parts| parts.extensions.get::<Employee>().is_some());
    let token = service.token(forced());
    let app = service.app(Some(overrides.clone()));
    let (_, headers, text) = send(&app, "/", &[("statsig-overrides", &token)]).await;
    assert_eq!(text, BASELINE);
    assert_eq!(
        said(&headers, "statsig-overrides-refused").unwrap(),
        "not_authorized"
    );
    assert_eq!(
        overrides.counts().refused(OverrideRefusal::NotAuthorized),
        1
    );

    let app = service.app(Some(overrides)).layer(Extension(Employee));
    let (_, _, text) = send(&app, "/", &[("statsig-overrides", &token)]).await;
    assert_eq!(text, "Hi 10 true");
}

#[tokio::test(start_paused = true)]
async fn a_token_cannot_authorize_itself() {
    let service = Service::new();
    let overrides = qa().authorize(|parts| {
        let flags = Flags::from_extensions(&parts.extensions).unwrap();
        flags.check_gate("closed")
    });
    let app = service.app(Some(overrides));
    let token = service.token(forced());
    assert_eq!(
        send(&app, "/", &[("statsig-overrides", &token)]).await.2,
        BASELINE
    );
    service.client.override_gate("closed", true, Some("ann"));
    let ann = [("statsig-overrides", &*token), ("x-user-id", "ann")];
    assert_eq!(send(&app, "/", &ann).await.2, "Hi 10 true");
}

#[tokio::test(start_paused = true)]
async fn strangers_cannot_call_the_authorization() {
    static CALLED: AtomicBool = AtomicBool::new(false);
    let service = Service::new();
    let overrides = qa().authorize(|_| {
        CALLED.store(true, Ordering::Relaxed);
        true
    });
    let app = service.app(Some(overrides));
    let forged = service
        .claims(AUDIENCE, forced())
        .sign(&key(OTHER_SECRET))
        .unwrap();
    let _ = send(&app, "/", &[("statsig-overrides", &forged)]).await;
    assert!(!CALLED.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_a_rotation_are_both_accepted() {
    let service = Service::new();
    let overrides = QaOverrides::new([key(OTHER_SECRET), key(SECRET)], AUDIENCE);
    let app = service.app(Some(overrides));
    for secret in [SECRET, OTHER_SECRET] {
        let token = service
            .claims(AUDIENCE, forced())
            .sign(&key(secret))
            .unwrap();
        assert_eq!(
            send(&app, "/", &[("statsig-overrides", &token)]).await.2,
            "Hi 10 true"
        );
    }
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

/// Collects the text of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_warns_once_a_minute_and_never_shows_a_token_or_a_key() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let service = Service::new();
    let overrides = qa();
    let app = service.app(Some(overrides.clone()));
    let forged = service
        .claims(AUDIENCE, forced())
        .sign(&key(OTHER_SECRET))
        .unwrap();
    for _ in 0..1_000 {
        let _ = send(&app, "/", &[("statsig-overrides", &forged)]).await;
    }
    let text = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warnings = || text().matches("ignored the overrides").count();
    assert_eq!(warnings(), 1, "{}", text());
    tokio::time::advance(Duration::from_secs(61)).await;
    let _ = send(&app, "/", &[("statsig-overrides", &forged)]).await;
    assert_eq!(warnings(), 2, "{}", text());
    assert!(text().contains("refused=1001"), "{}", text());
    let shown = format!("{}{overrides:?}", text());
    for secret in [&forged[..20], SECRET, OTHER_SECRET] {
        assert!(!shown.contains(secret), "{shown}");
    }
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
