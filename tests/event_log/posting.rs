//! Posts that fail, and flushes during the failures.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_outage_is_a_warning_once_and_each_attempt_a_span() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(503));
    log_batch(&statsig);
    sleep(Duration::from_secs(10)).await;
    let warnings = log.lines("events could not be posted");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in [
        "WARN",
        "post_events{events=10 attempt=1}: statsig::events: ",
    ] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
    let attempts = log.lines("post_events{");
    let failed = |attempt: u32| {
        let span = format!("post_events{{events=10 attempt={attempt}}}: statsig::events: ");
        let of_attempt = attempts.iter().filter(|line| line.contains(&span));
        of_attempt
            .filter(|line| line.contains("problem=\"status 503\""))
            .count()
    };
    assert_eq!([1, 2, 3, 4].map(failed), [1; 4], "{attempts:?}");
    // Each attempt logs the request under the request's own target.
    let requests = attempts
        .iter()
        .filter(|line| line.contains("statsig::network: a request ended"));
    assert_eq!(requests.count(), 4, "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn the_warning_of_an_outage_says_why() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(503));
    log_batch(&statsig);
    sleep(Duration::from_secs(2)).await;
    let warnings = log.lines("events could not be posted");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let cause = warnings[0].split(": statsig::events: ").nth(1);
    assert!(
        cause.is_some_and(|it| it.contains("status 503")),
        "{warnings:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn flushes_during_a_short_outage_lose_nothing() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(503));
    log_events(&statsig, 50 * BATCH);
    for _ in 0..6 {
        statsig.flush_events().await.expect("an answer");
        sleep(Duration::from_millis(5)).await;
    }
    network.recover(Endpoint::Events);
    sleep(Duration::from_secs(120)).await;
    let stats = statsig.event_stats();
    assert_eq!(
        (stats.delivered, stats.dropped.total()),
        (50 * BATCH as u64, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_flush_after_each_request_loses_nothing_in_a_short_outage_and_does_not_hammer_the_service()
 {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(503));
    let request = async || {
        log_events(&statsig, 1);
        statsig.flush_events().await.expect("an answer");
        sleep(Duration::from_millis(5)).await;
    };
    for _ in 0..260 {
        request().await;
    }
    let posts = network.batches().len();
    assert!(posts <= 600, "{posts} posts for 260 flushes");
    network.recover(Endpoint::Events);
    for _ in 0..10 {
        request().await;
    }
    sleep(Duration::from_secs(120)).await;
    let stats = statsig.event_stats();
    assert_eq!(
        (stats.delivered, stats.dropped.total()),
        (270, 0),
        "{stats:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_redirect_of_a_post_is_a_failure_that_names_the_target() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    let away = Answer::status(302).header(
        "location",
        "http://portal.example/login?key=secret-0123456789",
    );
    network.next(Endpoint::Events, away);
    log_batch(&statsig);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(statsig.event_stats().delivered, 0);
    let warnings = log.lines("http://portal.example/login");
    assert!(
        warnings.iter().any(|line| line.contains("WARN")),
        "{warnings:?}"
    );
    assert!(log.lines("0123456789").is_empty());
    sleep(Duration::from_secs(10)).await;
    assert_eq!(statsig.event_stats().delivered, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_html_is_no_delivery() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    let page = Answer::response(200, "<html>Please log in</html>")
        .header("content-type", "text/html; charset=utf-8");
    network.next(Endpoint::Events, page);
    log_batch(&statsig);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(statsig.event_stats().delivered, 0);
    let warnings = log.lines("HTML");
    assert!(
        warnings.iter().any(|line| line.contains("WARN")),
        "{warnings:?}"
    );
    sleep(Duration::from_secs(10)).await;
    assert_eq!(statsig.event_stats().delivered, BATCH as u64);
}
