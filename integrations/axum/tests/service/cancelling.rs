//! Clients of the service that hang up.

use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Waker};

use axum::Router;
use axum::routing::get;
use statsig::{Event, StatsigUser};
use statsig_axum::{Flags, FlagsLayer, Params, RequestUser};
use tower::ServiceExt;

use crate::support::{self, Promo};

/// Runs a future until it waits, and drops it.
fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_loses_no_event() {
    let statsig = support::online().await;
    let before = statsig.event_stats().enqueued;
    let handler = async |flags: Flags, promo: Params<Promo>| {
        let is_beta = flags.check_gate("beta");
        flags.log_event(Event::new("began").value(promo.title.as_str()));
        pending::<()>().await;
        is_beta.to_string()
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(FlagsLayer::new(&statsig).user_from(RequestUser::new().id_header("x-user-id")));
    for user in ["ann", "bob"] {
        poll_once(app.clone().oneshot(support::get("/", user)));
    }
    let report = statsig.shutdown().await.unwrap();
    // A gate, two parameters of a layer, and an event, for each user.
    assert_eq!(report.stats.enqueued - before, 8);
    assert_eq!(report.stats.delivered, report.stats.enqueued);
    let logged = statsig.network.logged();
    for user in ["ann", "bob"].map(StatsigUser::with_user_id) {
        logged.assert_gate_exposed(&user, "beta");
        logged.assert_exposed(&user, "promo", "title");
        assert_eq!(logged.named("began").of(&user).len(), 1);
    }
}
