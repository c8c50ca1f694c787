use std::sync::Mutex;

use super::*;
use crate::event_logging::{EventBatch, EventLoggingAdapter, EventLoggingError};
use crate::events::seal;
use crate::transport::BoxFuture;

const MAX_ATTEMPTS: u32 = 6;
const MAX_WAIT: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_full_batch_leaves_at_once() {
    let lab = Lab::start().await;
    lab.record(BATCH);
    lab.settle().await;
    assert_eq!(lab.network.events().len(), BATCH);
    let batch = &lab.network.batches()[0];
    assert_eq!(batch.metadata["flushType"], "limit");
    assert_eq!(lab.stats().delivered, BATCH as u64);
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
                .map(|(_, value)| value)
                .collect::<Vec<_>>()
        };
        assert_eq!(header("statsig-api-key"), [KEY]);
        assert_eq!(header("statsig-event-count"), [BATCH.to_string()]);
        assert_eq!(header("statsig-retry-count"), [retries.to_string()]);
        assert_eq!(header("content-type"), ["application/json"]);
        assert_eq!(header("content-encoding"), [seal::CONTENT_ENCODING]);
    }
    assert_eq!(requests[0].request.body, requests[1].request.body);
    assert_eq!(requests[0].request.headers.get("connection"), None);
}

#[tokio::test(start_paused = true)]
async fn posts_of_events_alone_close_their_connections_if_the_options_say_so() {
    let lab = Lab::start_with(|options| options.log_event_connection_reuse(false)).await;
    lab.record(BATCH);
    lab.settle().await;
    let connection = |endpoint| {
        let requests = lab.network.requests(endpoint);
        let header = requests[0].request.headers.get("connection");
        header.map(str::to_owned)
    };
    assert_eq!(connection(Endpoint::Events).as_deref(), Some("close"));
    assert_eq!(connection(Endpoint::Specs), None);
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
    let stats = lab.stats();
    assert_eq!(stats.dropped.delivery_failed, BATCH as u64);
    assert_eq!(stats.pending, 0);
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
    let stats = lab.stats();
    assert_eq!((stats.delivered, stats.pending), (20 * BATCH as u64, 0));
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
    let stats = lab.stats();
    // 100 batches wait; the rest was dropped, oldest first, and counted.
    assert!(stats.pending <= 101 * BATCH as u64, "{stats:?}");
    assert!(stats.dropped.too_many_batches > 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_batch_is_dropped_and_a_throttled_one_is_not() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(403));
    lab.record(BATCH);
    sleep(secs(5)).await;
    assert_eq!(lab.stats().dropped.refused, BATCH as u64);
    assert_eq!(lab.network.batches().len(), 1);

    lab.network.next(Endpoint::Events, Answer::status(429));
    lab.record(BATCH);
    sleep(secs(5)).await;
    assert_eq!(lab.stats().delivered, BATCH as u64);
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
    assert_eq!(lab.stats().delivered, BATCH as u64);

    lab.network.always(Endpoint::Events, Answer::status(413));
    lab.record(BATCH);
    lab.settle().await;
    assert_eq!(lab.stats().dropped.refused, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn an_odd_success_is_a_success_and_an_explicit_no_is_not() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(200));
    lab.record(BATCH);
    sleep(secs(3)).await;
    assert_eq!(lab.stats().delivered, BATCH as u64);
    assert_eq!(lab.network.batches().len(), 1);

    let no = Answer::response(200, r#"{"success":false}"#);
    lab.network.next(Endpoint::Events, no);
    lab.record(BATCH);
    lab.settle().await;
    assert_eq!(lab.stats().delivered, BATCH as u64);
    sleep(secs(3)).await;
    assert_eq!(lab.stats().delivered, 2 * BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn a_flush_sends_what_was_recorded_and_says_what_became_of_it() {
    let lab = Lab::start().await;
    lab.record(3);
    lab.shared.events.non_exposed.add(7, || "a_gate".into());
    let stats = lab.handle.flush().await.unwrap();
    assert_eq!((stats.delivered, stats.pending), (4, 0));
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
    let stats = lab.handle.flush().await.unwrap();
    assert_eq!((stats.delivered, stats.pending), (BATCH as u64, 0));
}

#[tokio::test(start_paused = true)]
async fn a_flush_against_a_dead_service_ends_with_events_pending() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Events, Answer::status(500));
    lab.record(3 * BATCH + 1);
    let stats = lab.handle.flush().await.unwrap();
    assert_eq!((stats.delivered, stats.pending), (0, 3 * BATCH as u64 + 1));
    lab.stats();
}

#[tokio::test(start_paused = true)]
async fn suppressed_exposures_alone_are_reported_within_a_minute() {
    let lab = Lab::start().await;
    lab.shared.events.non_exposed.add(7, || "a_gate".into());
    sleep(MAX_WAIT + secs(2)).await;
    assert_eq!(lab.network.events().len(), 1);
    assert_eq!(lab.stats().delivered, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_queue_cannot_hold_is_counted() {
    let lab = Lab::start().await;
    // No await in between: the actor cannot drain, as when it is busy.
    lab.record(4 * BATCH + 7);
    assert_eq!(lab.stats().dropped.queue_full, 7);
    lab.handle.flush().await.unwrap();
    assert_eq!(lab.network.events().len(), 4 * BATCH);
    assert_eq!(lab.stats().pending, 0);
}

#[tokio::test(start_paused = true)]
async fn a_busy_hour_loses_nothing() {
    let lab = Lab::start().await;
    for _ in 0..3_600 {
        lab.record(23);
        sleep(secs(1)).await;
    }
    lab.handle.flush().await.unwrap();
    let stats = lab.stats();
    assert_eq!((stats.delivered, stats.pending), (3_600 * 23, 0));
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
    let stats = report.stats;
    assert_eq!((stats.enqueued, stats.pending), (20_000, 0));
    assert_eq!(stats.delivered + stats.dropped.queue_full, 20_000);
    assert_eq!(lab.network.events().len() as u64, stats.delivered);
}

#[tokio::test(start_paused = true)]
async fn repeats_count_anew_in_each_dedupe_window() {
    let lab = Lab::start().await;
    let key = 0x1234_5678_9abc_def0;
    assert!(lab.shared.events.dedupe.is_new(key));
    sleep(secs(58)).await;
    assert!(!lab.shared.events.dedupe.is_new(key));
    sleep(secs(4)).await;
    assert!(lab.shared.events.dedupe.is_new(key));
    assert!(!lab.shared.events.dedupe.is_new(key));
}

#[tokio::test(start_paused = true)]
async fn the_pause_that_the_service_asks_for_is_kept() {
    let lab = Lab::start().await;
    let busy = Answer::status(429).header("retry-after", "40");
    lab.network.next(Endpoint::Events, busy);
    lab.record(BATCH);
    sleep(secs(39)).await;
    assert_eq!(lab.network.batches().len(), 1);
    sleep(secs(2)).await;
    assert_eq!(lab.stats().delivered, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn every_limit_is_an_option() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1));
    network.always(Endpoint::Events, Answer::hang());
    let lab = Lab::start_on(network, |options| {
        options
            .event_flush_interval(secs(5))
            .event_request_timeout(secs(2))
            .event_retry_pauses(secs(10), secs(10))
            .event_max_retries(1)
            .event_concurrent_posts(2)
            .event_queue_capacity(BATCH)
    })
    .await;
    lab.handle.first_sync().await.unwrap();
    lab.record(BATCH + 1);
    assert_eq!(lab.stats().dropped.queue_full, 1);
    sleep(secs(1)).await;
    for _ in 0..3 {
        lab.record(BATCH);
        lab.settle().await;
    }
    // Two hang, the others wait for a free place.
    assert_eq!(lab.network.batches().len(), 2);
    sleep(secs(60)).await;
    let batches = lab.network.batches();
    // 2 s until the first attempts are given up, and a pause of 10 s with its jitter.
    let between = (batches[2].at - batches[0].at).as_secs_f64();
    assert!((12.0..=14.6).contains(&between), "{between} s");
    sleep(secs(60)).await;
    let retries = lab
        .network
        .batches()
        .iter()
        .map(|batch| batch.retries)
        .max();
    assert_eq!(retries, Some(1));
    assert_eq!(lab.stats().dropped.delivery_failed, 4 * BATCH as u64);

    lab.network.recover(Endpoint::Events);
    lab.record(1);
    sleep(secs(8)).await;
    assert_eq!(lab.stats().delivered, 1);
}

#[tokio::test(start_paused = true)]
async fn drops_are_reported_to_the_callback_and_add_up() {
    let reported = Arc::new(Mutex::new((0, 0)));
    let theirs = Arc::clone(&reported);
    let lab = Lab::start_with(move |options| {
        options.on_events_dropped(move |dropped| {
            let mut reported = theirs.lock().unwrap();
            reported.0 += dropped.queue_full;
            reported.1 += dropped.refused;
            assert_eq!(dropped.total(), dropped.queue_full + dropped.refused);
        })
    })
    .await;
    lab.record(4 * BATCH + 3);
    lab.network.next(Endpoint::Events, Answer::status(403));
    sleep(secs(2)).await;
    assert_eq!(*reported.lock().unwrap(), (3, BATCH as u64));
    lab.network.next(Endpoint::Events, Answer::status(403));
    lab.record(1);
    lab.handle.shutdown(secs(3)).await;
    sleep(secs(1)).await;
    assert_eq!(*reported.lock().unwrap(), (3, BATCH as u64 + 1));
}

/// Accepts every batch, and records its shutdown.
#[derive(Debug, Default)]
struct Memory {
    batches: Mutex<Vec<EventBatch>>,
    is_over: std::sync::atomic::AtomicBool,
}

impl EventLoggingAdapter for Memory {
    fn log_events(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>> {
        Box::pin(async move {
            self.batches.lock().unwrap().push(batch);
            Ok(())
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        self.is_over
            .store(true, std::sync::atomic::Ordering::Relaxed);
        Box::pin(async {})
    }
}

#[tokio::test(start_paused = true)]
async fn an_adapter_gets_the_events_instead_of_the_network_even_if_that_is_disabled() {
    let memory = Arc::new(Memory::default());
    let theirs = Arc::clone(&memory);
    let lab = Lab::start_with(move |options| options.event_logging_adapter(theirs)).await;
    lab.record(BATCH + 2);
    let report = lab.handle.shutdown(secs(3)).await;
    assert_eq!(report.stats.delivered, BATCH as u64 + 2);
    assert!(lab.network.batches().is_empty());
    let batches = memory.batches.lock().unwrap().clone();
    assert_eq!(batches.iter().map(EventBatch::event_count).sum::<u64>(), 12);
    let json: serde_json::Value = serde_json::from_slice(&batches[0].json().unwrap()).unwrap();
    assert_eq!(json["events"][0]["eventName"], "purchase");
    assert!(memory.is_over.load(std::sync::atomic::Ordering::Relaxed));

    let memory = Arc::new(Memory::default());
    let theirs = Arc::clone(&memory);
    let lab = Lab::start_on(Arc::new(ScriptedTransport::new()), |options| {
        options.event_logging_adapter(theirs).disable_network(true)
    })
    .await;
    lab.record(1);
    assert_eq!(lab.handle.shutdown(secs(3)).await.stats.delivered, 1);
}

#[tokio::test(start_paused = true)]
async fn without_network_events_are_discarded_and_counted() {
    let lab = Lab::start_on(Arc::new(ScriptedTransport::new()), |options| {
        options.disable_network(true)
    })
    .await;
    lab.record(3);
    let report = lab.handle.shutdown(secs(3)).await;
    assert_eq!(report.stats.dropped.network_disabled, 3);
    assert_eq!(report.stats.pending, 0);
    assert!(lab.network.batches().is_empty());
}
