use super::*;
use crate::error::StatsigError;

fn elapsed_ms(lab: &Lab) -> u64 {
    lab.shared.clock.now_ms() - SimulatedClock::START_MS
}

#[tokio::test(start_paused = true)]
async fn shutdown_sends_what_is_left_and_reports() {
    let lab = Lab::start().await;
    lab.record(25);
    lab.shared.events.non_exposed.add(7, || "a_gate".into());
    let report = lab.handle.shutdown(secs(3)).await;
    assert_eq!((report.stats.delivered, report.stats.pending), (26, 0));
    assert!(!report.timed_out);
    assert_eq!(
        report.to_string(),
        "complete: 26 events delivered, 0 dropped, 0 not sent"
    );
    assert_eq!(lab.network.events().len(), 26);
    assert!(elapsed_ms(&lab) < 10);
    let types: Vec<_> = lab
        .network
        .batches()
        .iter()
        .map(|batch| batch.metadata["flushType"].clone())
        .collect();
    assert!(types.contains(&"shutdown".into()), "{types:?}");

    sleep(secs(3_600)).await;
    assert_eq!(lab.fetch_seconds(), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_second_shutdown_gets_the_same_report() {
    let lab = Lab::start().await;
    lab.record(1);
    let (first, second) = tokio::join!(lab.handle.shutdown(secs(3)), lab.handle.shutdown(secs(1)));
    lab.record(1);
    assert_eq!(first, second);
    assert_eq!(lab.handle.shutdown(secs(3)).await, first);
    assert_eq!(lab.stats().dropped.after_shutdown, 1);
}

#[tokio::test(start_paused = true)]
async fn after_shutdown_calls_say_so() {
    let lab = Lab::start().await;
    lab.handle.shutdown(secs(3)).await;
    assert_eq!(lab.handle.flush().await, Err(StatsigError::ShutDown));
    assert_eq!(lab.handle.refresh().await, Err(StatsigError::ShutDown));
    lab.handle.nudge();
    assert_eq!(lab.specs_time(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_request_does_not_hold_up_a_shutdown_beyond_its_limit() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Events, Answer::hang());
    lab.network.always(Endpoint::Specs, Answer::hang());
    lab.record(BATCH);
    sleep(secs(15)).await;
    lab.record(3);
    let begin = elapsed_ms(&lab);
    let report = lab.handle.shutdown(secs(3)).await;
    let took = elapsed_ms(&lab) - begin;
    assert!((3_000..3_050).contains(&took), "{took} ms");
    assert!(report.timed_out);
    assert_eq!((report.stats.delivered, report.stats.pending), (0, 13));
    // The aborted requests have given their batches back: nothing is unaccounted for.
    lab.stats();
    assert_eq!(lab.shared.events.outbox().load().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_tries_again_within_its_limit() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(503));
    lab.network.next(Endpoint::Events, Answer::status(503));
    lab.record(3);
    let report = lab.handle.shutdown(secs(3)).await;
    assert_eq!((report.stats.delivered, report.stats.pending), (3, 0));
    assert!(!report.timed_out);
    assert!(
        (750..1_000).contains(&elapsed_ms(&lab)),
        "{}",
        elapsed_ms(&lab)
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_the_pause_of_an_outage() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Events, Answer::status(503));
    for _ in 0..30 {
        lab.record(BATCH);
        sleep(secs(10)).await;
    }
    lab.network.recover(Endpoint::Events);
    let begin = elapsed_ms(&lab);
    let before = lab.stats();
    let report = lab.handle.shutdown(secs(3)).await;
    assert!(before.pending > 0, "{before:?}");
    assert!(!report.timed_out);
    assert_eq!(report.stats.pending, 0);
    assert_eq!(
        report.stats.delivered,
        before.delivered + before.pending,
        "{report}"
    );
    assert!(elapsed_ms(&lab) - begin < 100);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_answers_a_flush_that_is_under_way() {
    let lab = Lab::start().await;
    let slow = Answer::response(202, "").after(secs(1));
    lab.network.always(Endpoint::Events, slow);
    lab.record(3);
    let handle = lab.handle.clone();
    let flush = tokio::spawn(async move { handle.flush().await });
    lab.settle().await;
    lab.record(4);
    let report = lab.handle.shutdown(secs(3)).await;
    assert!(!report.timed_out);
    assert_eq!((report.stats.delivered, report.stats.pending), (7, 0));
    let flushed = flush.await.unwrap().unwrap();
    assert!(flushed.delivered >= 3, "{flushed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_before_the_first_specs_delivers_what_was_recorded() {
    let network = Arc::new(ScriptedTransport::new());
    network.always(Endpoint::Specs, Answer::hang());
    let lab = Lab::start_on(network, |options| options).await;
    lab.record(3);
    lab.settle().await;
    let report = lab.handle.shutdown(secs(3)).await;
    assert!(!report.timed_out);
    assert_eq!((report.stats.delivered, report.stats.pending), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_without_network_counts_what_it_discards() {
    let lab = Lab::start_on(Arc::new(ScriptedTransport::new()), |options| {
        options.disable_network(true)
    })
    .await;
    lab.record(3);
    let report = lab.handle.shutdown(secs(3)).await;
    assert!(!report.timed_out);
    let stats = report.stats;
    assert_eq!((stats.dropped.network_disabled, stats.pending), (3, 0));
    assert!(lab.network.batches().is_empty());
}

#[tokio::test(start_paused = true)]
async fn events_that_a_shutdown_could_not_send_are_refused_or_dropped_as_the_service_says() {
    for (status, is_refused) in [(403, true), (500, false)] {
        let lab = Lab::start().await;
        lab.network.always(Endpoint::Events, Answer::status(status));
        lab.record(3);
        let report = lab.handle.shutdown(secs(30)).await;
        assert!(!report.timed_out, "{status}");
        let dropped = report.stats.dropped;
        let expected = if is_refused { (3, 0) } else { (0, 3) };
        assert_eq!((dropped.refused, dropped.delivery_failed), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_against_a_dead_service_ends_in_time() {
    let lab = Lab::start().await;
    lab.network
        .always(Endpoint::Events, Answer::refuse_connection());
    lab.record(35);
    let report = lab.handle.shutdown(secs(3)).await;
    assert!(report.timed_out);
    assert_eq!(report.stats.pending, 35);
    assert!((3_000..3_050).contains(&elapsed_ms(&lab)));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_survives_the_crash_of_the_exposure_actor() {
    let lab = Lab::start().await;
    lab.network
        .always(Endpoint::Events, Answer::response(202, "").after(secs(1)));
    lab.record(25);
    let handle = lab.handle.clone();
    let shutdown = tokio::spawn(async move { handle.shutdown(secs(3)).await });
    sleep(Duration::from_millis(100)).await;
    lab.crash(ActorName::Exposure);
    let report = shutdown.await.unwrap();
    assert!(!report.timed_out);
    assert_eq!((report.stats.delivered, report.stats.pending), (25, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stuck_actor_does_not_hold_up_a_shutdown() {
    for whom in [
        ActorName::SpecSync,
        ActorName::Evaluation,
        ActorName::Exposure,
    ] {
        let lab = Lab::start().await;
        lab.record(1);
        lab.stall(whom, secs(600));
        lab.settle().await;
        let begin = elapsed_ms(&lab);
        let report = lab.handle.shutdown(secs(2)).await;
        let took = elapsed_ms(&lab) - begin;
        assert!(took <= 2_600, "{whom:?}: {took} ms");
        assert_eq!(report.timed_out, whom == ActorName::Exposure);
        lab.stats();
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_ends_the_actors() {
    let lab = Lab::start().await;
    let Lab {
        network,
        shared,
        handle,
    } = lab;
    drop(handle.clone());
    sleep(secs(11)).await;
    assert_eq!(network.requests(Endpoint::Specs).len(), 2);
    drop(handle);
    sleep(secs(3_600)).await;
    assert_eq!(network.requests(Endpoint::Specs).len(), 2);
    assert_eq!(Arc::strong_count(&shared), 1);
}

#[test]
fn without_a_runtime_there_is_an_error() {
    let shared = Arc::new(Shared::new(KEY, StatsigOptions::default()));
    let mut start = std::pin::pin!(start(shared));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = start.as_mut().poll(&mut context) else {
        panic!("expected an error at once");
    };
    assert_eq!(error, StatsigError::NoRuntime);
}

#[test]
fn when_the_runtime_is_gone_calls_fail_and_nothing_panics() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let first = runtime();
    let lab = first.block_on(async {
        let lab = Lab::start().await;
        lab.network.always(Endpoint::Events, Answer::hang());
        lab.record(25);
        lab.settle().await;
        lab
    });
    drop(first);
    assert_eq!(lab.stats().pending, 25);
    lab.record(1);
    lab.handle.nudge();
    runtime().block_on(async {
        assert!(lab.handle.flush().await.is_err());
        assert!(lab.handle.refresh().await.is_err());
        let report = lab.handle.shutdown(secs(3)).await;
        assert!(report.timed_out);
        assert_eq!(report.stats.pending, 26);
        assert_eq!(lab.handle.shutdown(secs(3)).await, report);
    });
    assert_eq!(lab.specs_time(), 1);
    lab.stats();
}
