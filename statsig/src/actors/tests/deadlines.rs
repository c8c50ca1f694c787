//! Calls with a deadline over a network that never answers, and processes that are frozen.

use std::future::Future;

use super::*;
use crate::sources::{BootstrapSpecs, DataStore, DataStoreError, DataStoreResponse};
use crate::transport::BoxFuture;

/// The time of a call over its whole length.
async fn timed<T>(call: impl Future<Output = T>) -> (T, Duration) {
    let started = tokio::time::Instant::now();
    let answer = call.await;
    (answer, started.elapsed())
}

/// The runtime's timers have a resolution of a millisecond.
fn assert_within(took: Duration, limit: Duration) {
    assert!(took <= limit + ms(1), "took {took:?} of {limit:?}");
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn black_hole() -> Arc<ScriptedTransport> {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1));
    network.always(Endpoint::Events, Answer::hang());
    network
}

async fn started_on(network: &Arc<ScriptedTransport>) -> Lab {
    let lab = Lab::start_on(Arc::clone(network), |options| options).await;
    lab.handle.first_sync().await.unwrap();
    lab
}

#[tokio::test(start_paused = true)]
async fn a_flush_with_time_enough_delivers_everything_at_once() {
    let lab = Lab::start().await;
    lab.record(25);
    let (report, took) = timed(lab.handle.flush_within(secs(5))).await;
    let report = report.unwrap();
    assert_eq!((report.delivered, report.timed_out), (25, false));
    assert!(report.is_complete() && took < ms(50), "{took:?}");
    assert_eq!(
        report.to_string(),
        "complete: 25 events delivered, 0 dropped, 0 kept on disk, 0 pending"
    );
    // The next report is about the next flush.
    lab.record(1);
    let report = lab.handle.flush_within(secs(5)).await.unwrap();
    assert_eq!((report.delivered, report.stats.delivered), (1, 26));
}

#[tokio::test(start_paused = true)]
async fn a_flush_over_a_black_hole_ends_with_its_limit_and_loses_nothing() {
    let network = black_hole();
    let lab = started_on(&network).await;
    for (round, limit) in [ms(0), ms(1), ms(50), ms(200), secs(1)]
        .into_iter()
        .enumerate()
    {
        lab.record(3);
        let (report, took) = timed(lab.handle.flush_within(limit)).await;
        let report = report.unwrap();
        assert_within(took, limit);
        assert!(report.timed_out && !report.is_complete());
        assert_eq!((report.delivered, report.dropped), (0, 0));
        assert_eq!(report.stats.pending, 3 * (round as u64 + 1));
        lab.stats();
    }
    network.recover(Endpoint::Events);
    sleep(secs(60)).await;
    assert_eq!(lab.stats().delivered, 15);
}

#[test]
fn a_flush_ends_with_its_limit_even_if_the_runtime_of_the_client_stands_still() {
    let runtime = |is_paused| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder
            .enable_all()
            .start_paused(is_paused)
            .build()
            .unwrap()
    };
    let (idle, callers) = (runtime(false), runtime(true));
    let lab = idle.block_on(Lab::start());
    lab.record(3);
    let (report, took) = callers.block_on(timed(lab.handle.flush_within(ms(100))));
    let report = report.unwrap();
    assert_within(took, ms(100));
    assert_eq!((report.timed_out, report.stats.pending), (true, 3));
    idle.block_on(lab.handle.flush()).unwrap();
    assert_eq!(lab.network.events().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_fails_early_returns_early_and_says_what_waits() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(503));
    lab.record(3);
    let (report, took) = timed(lab.handle.flush_within(secs(5))).await;
    let report = report.unwrap();
    assert!(took < ms(50), "{took:?}");
    assert!(!report.timed_out);
    assert_eq!(
        report.to_string(),
        "ended: 0 events delivered, 0 dropped, 0 kept on disk, 3 pending"
    );
    let report = lab.handle.flush_within(secs(5)).await.unwrap();
    assert_eq!(report.delivered, 3);
}

#[tokio::test(start_paused = true)]
async fn a_short_flush_does_not_end_the_post_of_a_slow_service() {
    let lab = Lab::start().await;
    let slow = Answer::response(202, "").after(secs(1));
    lab.network.always(Endpoint::Events, slow);
    lab.record(3);
    assert!(lab.handle.flush_within(ms(100)).await.unwrap().timed_out);
    sleep(secs(1)).await;
    assert_eq!(lab.stats().delivered, 3);
    assert_eq!(lab.network.batches().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_post_without_an_answer_delays_only_the_flush_that_began_it() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::hang());
    lab.record(3);
    assert!(lab.handle.flush_within(ms(100)).await.unwrap().timed_out);
    lab.record(2);
    let (report, took) = timed(lab.handle.flush_within(ms(100))).await;
    let report = report.unwrap();
    assert!(took < ms(50) && !report.timed_out, "{took:?}");
    assert_eq!((report.delivered, report.stats.pending), (2, 3));
    sleep(secs(20)).await;
    assert_eq!(lab.stats().delivered, 5);
}

#[cfg(feature = "spool")]
#[tokio::test(start_paused = true)]
async fn with_a_spool_everything_is_on_disk_before_the_limit() {
    let directory = tempfile::tempdir().unwrap();
    let network = black_hole();
    let lab = Lab::start_on(Arc::clone(&network), |options| {
        options.event_spool(directory.path())
    })
    .await;
    lab.handle.first_sync().await.unwrap();
    for round in 1..=20 {
        lab.record(3 * BATCH + 5);
        let (report, took) = timed(lab.handle.flush_within(ms(400))).await;
        let report = report.unwrap();
        assert!(took <= ms(400) && !report.timed_out, "{took:?}, {report}");
        assert_eq!(report.stats.pending, 0);
        assert_eq!(report.stats.spooled, round * 35);
        lab.stats();
    }
    network.recover(Endpoint::Events);
    sleep(secs(600)).await;
    let stats = lab.stats();
    assert_eq!((stats.delivered, stats.spooled), (20 * 35, 0));
}

#[cfg(feature = "spool")]
#[tokio::test(start_paused = true)]
async fn short_flushes_in_quick_succession_do_not_keep_events_on_disk() {
    for limit in [ms(0), ms(100)] {
        let directory = tempfile::tempdir().unwrap();
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(specs(1));
        let slow = Answer::response(202, "").after(ms(300));
        network.always(Endpoint::Events, slow);
        let lab = Lab::start_on(Arc::clone(&network), |options| {
            options.event_spool(directory.path())
        })
        .await;
        lab.handle.first_sync().await.unwrap();
        for _ in 0..200 {
            lab.record(1);
            lab.handle.flush_within(limit).await.unwrap();
            sleep(ms(400)).await;
        }
        let stats = lab.stats();
        assert!(stats.delivered > 150, "{limit:?}: {stats:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_frozen_during_posts_loses_no_event() {
    let network = black_hole();
    let lab = started_on(&network).await;
    for round in 1..=30 {
        lab.record(3);
        let report = lab.handle.flush_within(ms(50)).await.unwrap();
        assert_eq!((report.dropped, report.stats.pending), (0, 3 * round));
        // Frozen until the next invocation.
        tokio::time::advance(secs(600)).await;
        lab.settle().await;
    }
    assert!(network.batches().len() > 30);
    network.recover(Endpoint::Events);
    sleep(secs(60)).await;
    assert_eq!(lab.stats().delivered, 90);
}

#[tokio::test(start_paused = true)]
async fn after_a_thaw_specs_are_fetched_at_once() {
    let lab = Lab::start().await;
    lab.network.serve_specs(specs(2));
    // The freeze also cuts a download off.
    lab.network.next(Endpoint::Specs, Answer::hang());
    sleep(secs(11)).await;
    tokio::time::advance(secs(3_600)).await;
    lab.settle().await;
    lab.handle.refresh().await.unwrap();
    assert_eq!(lab.specs_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn specs_of_the_application_need_no_request_and_events_still_go_over_the_network() {
    let network = black_hole();
    for endpoint in [Endpoint::Specs, Endpoint::IdLists] {
        network.always(endpoint, Answer::hang());
    }
    for is_network_disabled in [false, true] {
        network.recover(Endpoint::Events);
        let lab = Lab::start_on(Arc::clone(&network), |options| {
            options
                .specs_adapter(Arc::new(BootstrapSpecs::new(specs(7))))
                .disable_network(is_network_disabled)
        })
        .await;
        let (details, took) = timed(lab.handle.first_sync()).await;
        details.unwrap();
        assert_eq!((lab.specs_time(), took < ms(50)), (7, true));
        lab.record(3);
        let report = lab.handle.flush_within(ms(100)).await.unwrap();
        let expected = if is_network_disabled { (0, 3) } else { (3, 0) };
        assert_eq!((report.delivered, report.dropped), expected);
        assert!(report.is_complete());
        sleep(secs(100)).await;
        assert!(network.requests(Endpoint::Specs).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_over_a_black_hole_ends_with_its_limit() {
    let network = black_hole();
    for endpoint in [Endpoint::Specs, Endpoint::IdLists] {
        network.always(endpoint, Answer::hang());
    }
    let lab = Lab::start_on(network, |options| {
        options.init_timeout(ms(300)).enable_id_lists(true)
    })
    .await;
    let (details, took) = timed(lab.handle.first_sync()).await;
    assert!(details.is_err());
    assert_within(took, ms(300));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_over_a_black_hole_ends_with_its_limit() {
    for limit in [ms(100), secs(1), secs(3)] {
        let lab = started_on(&black_hole()).await;
        lab.record(12);
        let (report, took) = timed(lab.handle.shutdown(limit)).await;
        assert_within(took, limit);
        assert_eq!((report.timed_out, report.stats.pending), (true, 12));
    }
}

/// A store like Redis behind a firewall that drops every packet.
#[derive(Debug)]
struct NeverAnswers;

impl DataStore for NeverAnswers {
    fn initialize(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn shutdown(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        Box::pin(std::future::pending())
    }

    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(std::future::pending())
    }

    fn set<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_data_store_that_never_answers_exceeds_no_limit() {
    for limit in [ms(100), secs(1), secs(3)] {
        let network = black_hole();
        network.always(Endpoint::Specs, Answer::hang());
        let lab = Lab::start_on(network, |options| {
            options
                .data_store(Arc::new(NeverAnswers))
                .init_timeout(ms(300))
        })
        .await;
        let (details, took) = timed(lab.handle.first_sync()).await;
        assert!(details.is_err());
        assert_within(took, ms(300));
        lab.record(3);
        let (report, took) = timed(lab.handle.flush_within(limit)).await;
        assert_eq!(report.unwrap().stats.pending, 3);
        assert_within(took, limit);
        let (report, took) = timed(lab.handle.shutdown(limit)).await;
        assert_within(took, limit);
        assert_eq!((report.timed_out, report.stats.pending), (true, 3));
    }
}
