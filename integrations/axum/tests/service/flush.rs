//! `FlushLayer`, over a network in simulated time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, Response, StatusCode};
use statsig::testing::{Answer, Endpoint, ScriptedTransport};
use statsig::{Event, FlushReport, Statsig, StatsigOptions, StatsigUser};
use statsig_axum::{Deadline, FlushLayer};
use tokio::time::Instant;
use tower::ServiceExt;

use crate::support::specs;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

async fn client(network: &Arc<ScriptedTransport>) -> Statsig {
    network.serve_specs(specs(1));
    let options = StatsigOptions::builder()
        .transport(Arc::clone(network) as _)
        .disable_diagnostics(true)
        .build()
        .unwrap();
    let statsig = Statsig::new("secret-axum", options);
    statsig.initialize().await.unwrap();
    statsig
}

/// A service that records one event in each request.
fn app(statsig: &Statsig, layer: FlushLayer) -> Router {
    let client = statsig.clone();
    let handler = async move || {
        client.log_event(&StatsigUser::with_user_id("ann"), Event::new("visit"));
        "hello"
    };
    Router::new().route("/", get(handler)).layer(layer)
}

/// The response, its report, and the time that it took.
async fn call(app: &Router) -> (Response<Body>, FlushReport, Duration) {
    let started = Instant::now();
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let report = *response.extensions().get::<FlushReport>().unwrap();
    (response, report, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn events_are_delivered_before_the_response_leaves() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    let app = app(&statsig, FlushLayer::new(&statsig));
    let (response, report, _) = call(&app).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(network.events().len(), 1);
    assert!(report.is_complete() && report.delivered == 1, "{report}");
}

#[tokio::test(start_paused = true)]
async fn over_a_black_hole_a_response_waits_no_longer_than_the_limit_or_the_deadline() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::hang());
    let layer = FlushLayer::new(&statsig).within(ms(100)).reserve(ms(20));
    let app = app(&statsig, layer);
    for (deadline, expected) in [
        (None, ms(100)),
        (Some(ms(5_000)), ms(100)),
        (Some(ms(60)), ms(40)),
        (Some(ms(10)), ms(0)),
    ] {
        let app = match deadline {
            None => app.clone(),
            Some(left) => {
                let deadline = Deadline((Instant::now() + left).into_std());
                app.clone().layer(Extension(deadline))
            }
        };
        let (response, report, took) = call(&app).await;
        assert_eq!(response.status(), StatusCode::OK);
        // The runtime's timers have a resolution of a millisecond.
        assert!(took <= expected + ms(1), "took {took:?} of {expected:?}");
        assert!(report.timed_out);
    }
    // No event is lost.
    network.recover(Endpoint::Events);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(network.events().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_run_does_not_change_the_response() {
    let statsig = Statsig::new("secret-axum", None);
    let app = app(&statsig, FlushLayer::new(&statsig));
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.extensions().get::<FlushReport>().is_none());
}
