use super::*;
use crate::events::outbox::{MAX_ATTEMPTS, MAX_WAIT};

#[tokio::test(start_paused = true)]
async fn a_full_batch_leaves_at_once() {
    let lab = Lab::start().await;
    lab.record(BATCH);
    lab.settle().await;
    assert_eq!(lab.network.events().len(), BATCH);
    let batch = &lab.network.batches()[0];
    assert_eq!(batch.metadata["flushType"], "limit");
    assert_eq!(lab.account().delivered, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn a_lonely_event_leaves_within_a_minute() {
    let lab = Lab::start().await;
    sleep(secs(5)).await;
    lab.record(1);
    sleep(MAX_WAIT - secs(6)).await;
    assert!(lab.network.batches().is_empty());
    sleep(secs(4)).await;
    assert_eq!(lab.network.events().len(), 1);
    let batch = &lab.network.batches()[0];
    assert_eq!(batch.metadata["flushType"], "scheduled:max_time");
}

#[tokio::test(start_paused = true)]
async fn a_post_carries_what_the_protocol_asks_for() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(500));
    lab.record(BATCH);
    sleep(secs(3)).await;
    let requests = lab.network.requests(Endpoint::Events);
    assert_eq!(requests.len(), 2);
    for (retries, recorded) in requests.iter().enumerate() {
        let request = &recorded.request;
        assert_eq!(request.url, "https://prodregistryv2.org/v1/log_event");
        let header = |wanted: &str| {
            let headers = request.headers.iter();
            headers
                .filter(|(name, _)| *name == wanted)
                .map(|(_, value)| value.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(header("statsig-api-key"), [KEY]);
        assert_eq!(header("statsig-event-count"), [BATCH.to_string()]);
        assert_eq!(header("statsig-retry-count"), [retries.to_string()]);
        assert_eq!(header("content-type"), ["application/json"]);
        assert_eq!(
            header("content-encoding"),
            [crate::events::seal::CONTENT_ENCODING]
        );
    }
    assert_eq!(requests[0].request.body, requests[1].request.body);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_tried_six_times_with_growing_pauses_and_then_dropped() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Events, Answer::status(500));
    lab.record(BATCH);
    sleep(secs(60)).await;
    let batches = lab.network.batches();
    let retries: Vec<u32> = batches.iter().map(|batch| batch.retries).collect();
    assert_eq!(retries, (0..MAX_ATTEMPTS).collect::<Vec<_>>());
    let pauses: Vec<f64> = batches
        .windows(2)
        .map(|pair| (pair[1].at - pair[0].at).as_secs_f64())
        .collect();
    for (pause, shortest) in pauses.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0]) {
        assert!(
            (shortest..shortest * 1.25 + 0.1).contains(pause),
            "{pauses:?}"
        );
    }
    let account = lab.account();
    assert_eq!(account.dropped.delivery_failed, BATCH as u64);
    assert_eq!(account.pending, 0);
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_everything_arrives_once_and_in_order() {
    let lab = Lab::start().await;
    lab.network
        .always(Endpoint::Events, Answer::refuse_connection());
    for _ in 0..20 {
        lab.record(BATCH);
        sleep(secs(3)).await;
    }
    assert_eq!(lab.network.events().len(), 0);
    lab.network.recover(Endpoint::Events);
    sleep(secs(80)).await;
    let account = lab.account();
    assert_eq!((account.delivered, account.pending), (20 * BATCH as u64, 0));
    assert_eq!(lab.network.events().len(), 20 * BATCH);
}

#[tokio::test(start_paused = true)]
async fn while_the_service_fails_it_is_asked_less_and_less() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Events, Answer::status(503));
    for _ in 0..600 {
        lab.record(BATCH);
        sleep(secs(1)).await;
    }
    let posts = lab.network.batches().len();
    assert!((10..=25).contains(&posts), "{posts} posts in ten minutes");
    let account = lab.account();
    // 100 batches wait; the rest was dropped, oldest first, and counted.
    assert!(account.pending <= 101 * BATCH as u64, "{account:?}");
    assert!(account.dropped.too_many_batches > 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_batch_is_dropped_and_a_throttled_one_is_not() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(400));
    lab.record(BATCH);
    sleep(secs(5)).await;
    assert_eq!(lab.account().dropped.delivery_failed, BATCH as u64);
    assert_eq!(lab.network.batches().len(), 1);

    lab.network.next(Endpoint::Events, Answer::status(429));
    lab.record(BATCH);
    sleep(secs(5)).await;
    assert_eq!(lab.account().delivered, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_arrives_in_halves() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(413));
    lab.network.next(Endpoint::Events, Answer::status(413));
    lab.record(BATCH);
    lab.settle().await;
    let sizes: Vec<usize> = lab
        .network
        .batches()
        .iter()
        .map(|batch| batch.events.len())
        .collect();
    assert_eq!(sizes[..2], [10, 5]);
    assert_eq!(lab.network.events().len(), BATCH);
    assert_eq!(lab.account().delivered, BATCH as u64);

    lab.network.always(Endpoint::Events, Answer::status(413));
    lab.record(BATCH);
    lab.settle().await;
    assert_eq!(lab.account().dropped.delivery_failed, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn an_odd_success_is_a_success_and_an_explicit_no_is_not() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(200));
    lab.record(BATCH);
    sleep(secs(3)).await;
    assert_eq!(lab.account().delivered, BATCH as u64);
    assert_eq!(lab.network.batches().len(), 1);

    let no = Answer::response(200, r#"{"success":false}"#);
    lab.network.next(Endpoint::Events, no);
    lab.record(BATCH);
    lab.settle().await;
    assert_eq!(lab.account().delivered, BATCH as u64);
    sleep(secs(3)).await;
    assert_eq!(lab.account().delivered, 2 * BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn a_flush_sends_what_was_recorded_and_says_what_became_of_it() {
    let lab = Lab::start().await;
    lab.record(3);
    lab.shared.non_exposed.add(&"a_gate".into());
    let account = lab.handle.flush().await.unwrap();
    assert_eq!((account.delivered, account.pending), (4, 0));
    let events = lab.network.events();
    assert_eq!(events[3]["eventName"], "statsig::non_exposed_checks");
    assert_eq!(events[3]["metadata"]["checks"], r#"{"a_gate":1}"#);
    assert_eq!(lab.network.batches()[0].metadata["flushType"], "manual");
}

#[tokio::test(start_paused = true)]
async fn a_flush_does_not_wait_for_the_pause_of_an_outage() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Events, Answer::status(500));
    lab.record(BATCH);
    sleep(secs(10)).await;
    lab.network.recover(Endpoint::Events);
    let account = lab.handle.flush().await.unwrap();
    assert_eq!((account.delivered, account.pending), (BATCH as u64, 0));
}

#[tokio::test(start_paused = true)]
async fn a_flush_against_a_dead_service_ends_with_events_pending() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Events, Answer::status(500));
    lab.record(3 * BATCH + 1);
    let account = lab.handle.flush().await.unwrap();
    assert_eq!(
        (account.delivered, account.pending),
        (0, 3 * BATCH as u64 + 1)
    );
    lab.account();
}

#[tokio::test(start_paused = true)]
async fn suppressed_exposures_alone_are_reported_within_a_minute() {
    let lab = Lab::start().await;
    lab.shared.non_exposed.add(&"a_gate".into());
    sleep(MAX_WAIT + secs(2)).await;
    assert_eq!(lab.network.events().len(), 1);
    assert_eq!(lab.account().delivered, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_queue_cannot_hold_is_counted() {
    let lab = Lab::start().await;
    // No await in between: the actor cannot drain, as when it is busy.
    lab.record(4 * BATCH + 7);
    assert_eq!(lab.account().dropped.queue_full, 7);
    lab.handle.flush().await.unwrap();
    assert_eq!(lab.network.events().len(), 4 * BATCH);
    assert_eq!(lab.account().pending, 0);
}

#[tokio::test(start_paused = true)]
async fn a_busy_hour_loses_nothing() {
    let lab = Lab::start().await;
    for _ in 0..3_600 {
        lab.record(23);
        sleep(secs(1)).await;
    }
    lab.handle.flush().await.unwrap();
    let account = lab.account();
    assert_eq!((account.delivered, account.pending), (3_600 * 23, 0));
    assert_eq!(lab.network.events().len(), 3_600 * 23);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_of_many_threads_is_accounted_for() {
    let lab = Arc::new(Lab::start().await);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let lab = Arc::clone(&lab);
            std::thread::spawn(move || lab.record(5_000))
        })
        .collect();
    tokio::task::spawn_blocking(|| {
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap())
    })
    .await
    .unwrap();
    let report = lab.handle.shutdown(secs(30)).await;
    let account = report.account;
    assert_eq!((account.enqueued, account.pending), (20_000, 0));
    assert_eq!(account.delivered + account.dropped.queue_full, 20_000);
    assert_eq!(lab.network.events().len() as u64, account.delivered);
}

#[tokio::test(start_paused = true)]
async fn repeats_count_anew_in_each_dedupe_window() {
    let lab = Lab::start().await;
    let key = 0x1234_5678_9abc_def0;
    assert!(lab.shared.dedupe.is_new(key));
    sleep(secs(58)).await;
    assert!(!lab.shared.dedupe.is_new(key));
    sleep(secs(4)).await;
    assert!(lab.shared.dedupe.is_new(key));
    assert!(!lab.shared.dedupe.is_new(key));
}
