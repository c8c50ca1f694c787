//! QA overrides: signed tokens force gates and parameters for one request.

mod applying;
mod refusing;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use statsig::overrides::RequestOverrides;
use statsig::overrides::signed::{OverrideClaims, OverrideKey};
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
