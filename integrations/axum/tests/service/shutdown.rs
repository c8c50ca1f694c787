//! The end of a service.

use std::future::ready;
use std::io;
use std::time::Duration;

use statsig::testing::{Answer, Endpoint};
use statsig::{Event, Statsig, StatsigError, StatsigUser};
use statsig_axum::{ServeError, ThenShutdown};

use crate::support::{self, names};

/// A server that drains for a second. Its last request logs an event.
async fn server(statsig: Statsig) -> io::Result<()> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let user = StatsigUser::with_user_id("ann");
    statsig.log_event(&user, Event::new("last"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_client_delivers_what_the_last_request_logged() {
    let statsig = support::online().await;
    let report = server(statsig.statsig.clone())
        .then_shutdown(&statsig)
        .await;
    let stats = report.unwrap().stats;
    assert_eq!((stats.pending, stats.dropped.total()), (0, 0));
    assert_eq!(stats.delivered, stats.enqueued);
    assert!(names(&statsig.network.events()).contains(&("last", "ann")));
    assert!(!statsig.is_initialized());
}

#[tokio::test(start_paused = true)]
async fn the_client_is_shut_down_also_if_the_server_fails() {
    let statsig = support::online().await;
    let user = StatsigUser::with_user_id("ann");
    statsig.log_event(&user, Event::new("last"));
    let failed = ready(Err::<(), _>(io::Error::other("address in use")));
    let error = failed.then_shutdown(&statsig).await.unwrap_err();
    assert!(matches!(error, ServeError::Server(_)));
    assert_eq!(error.to_string(), "the server failed: address in use");
    assert_eq!(names(&statsig.network.events()), [("last", "ann")]);
}

#[tokio::test(start_paused = true)]
async fn events_that_are_left_are_an_error_with_the_report() {
    let statsig = support::online().await;
    statsig.network.always(Endpoint::Events, Answer::hang());
    let started = tokio::time::Instant::now();
    let limit = Duration::from_secs(10);
    let server = server(statsig.statsig.clone());
    let error = server.then_shutdown_with_timeout(&statsig, limit).await;
    let Err(ServeError::Shutdown(StatsigError::ShutdownTimedOut { report })) = error else {
        panic!("expected a shutdown that ran out of time, found {error:?}");
    };
    assert_eq!(report.stats.pending, 1);
    assert!(started.elapsed() >= limit);
}
