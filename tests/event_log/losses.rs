//! Lost events: one warning for each series and reason.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_warning_with_the_count_and_the_reason() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(403));
    log_batch(&statsig);
    sleep(Duration::from_secs(1)).await;
    let refused = log.lines("events were lost");
    assert_eq!(refused.len(), 1, "{refused:?}");
    for part in ["WARN", "statsig::events: ", "events=10", "status 403"] {
        assert!(refused[0].contains(part), "{refused:?}");
    }
    assert!(log.lines("0123456789").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_small_batch_does_not_make_the_queue_small() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    log_events(&statsig, 20 * BATCH);
    sleep(Duration::from_secs(2)).await;
    let stats = statsig.event_stats();
    assert_eq!(
        (stats.delivered, stats.dropped.total()),
        (20 * BATCH as u64, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_queue_cannot_hold_is_one_warning_a_minute_with_reason_and_count() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let options = options(&network).event_queue_capacity(BATCH);
    let statsig = Statsig::new("secret-0123456789", options.build().expect("valid"));
    let _ = statsig.initialize().await;
    let warned = || {
        let lines = log.lines("reason=\"queue_full\"");
        let warnings = lines.into_iter().filter(|line| line.contains("WARN"));
        let counts = warnings.map(|line| {
            let (_, rest) = line.split_once("events=").expect("a count");
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().expect("a number")
        });
        counts.collect::<Vec<_>>()
    };
    for _ in 0..10 {
        log_events(&statsig, 3 * BATCH);
        sleep(Duration::from_secs(3)).await;
    }
    let counts = warned();
    assert_eq!(counts.len(), 1, "{counts:?}");
    sleep(Duration::from_secs(60)).await;
    log_events(&statsig, 3 * BATCH);
    sleep(Duration::from_secs(3)).await;
    let counts = warned();
    assert!((2..=3).contains(&counts.len()), "{counts:?}");
    let dropped = statsig.event_stats().dropped.queue_full;
    assert_eq!(dropped, 11 * 2 * BATCH as u64);
    let _ = statsig.shutdown().await;
    assert_eq!(warned().iter().sum::<u64>(), dropped);
}

#[test]
fn a_full_queue_of_a_client_that_was_never_initialized_is_a_warning() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let options = options(&network).event_queue_capacity(BATCH);
    let statsig = Statsig::new("secret-0123456789", options.build().expect("valid"));
    log_events(&statsig, 3 * BATCH);
    let warnings = log.lines("reason=\"queue_full\"");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("initialize"), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn an_event_after_the_shutdown_is_a_warning() {
    let log = Log::default();
    let _guard = log.start();
    let statsig = client(&Arc::new(ScriptedTransport::new())).await;
    statsig.shutdown().await.expect("nothing to send");
    log_events(&statsig, 3);
    let warnings = log.lines("reason=\"after_shutdown\"");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn batches_that_are_given_up_are_one_warning_with_the_last_cause() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(503));
    log_batch(&statsig);
    sleep(Duration::from_secs(120)).await;
    let warnings = log.lines("reason=\"delivery_failed\"");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["WARN", "events=10", "status 503"] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_refusals_are_one_warning_a_minute() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(403));
    for _ in 0..100 {
        log_batch(&statsig);
        sleep(Duration::from_millis(100)).await;
    }
    let warnings = log.lines("reason=\"refused\"");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}
