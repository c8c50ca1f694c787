//! Shutdowns, and clients that are dropped.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_shutdown_without_initialize_is_an_error() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = Statsig::new(
        "secret-0123456789",
        options(&network).build().expect("valid"),
    );
    log_events(&statsig, 1);
    assert_eq!(statsig.shutdown().await, Err(StatsigError::NotInitialized));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_complete_only_where_nothing_was_lost_or_left() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    log_events(&statsig, 2);
    let report = statsig.shutdown().await.expect("in time");
    assert_eq!(
        report.to_string(),
        "complete: 2 events delivered, 0 dropped, 0 not sent"
    );
    let statsig = client(&network).await;
    network.next(Endpoint::Events, Answer::status(403));
    log_events(&statsig, 2);
    let report = statsig.shutdown().await.expect("in time");
    assert!(!report.to_string().contains("complete"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_delivers_what_was_recorded() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    log_events(&statsig, 25);
    drop(statsig);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(network.events().len(), 25);
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_client_cannot_deliver_is_a_warning_and_reaches_the_hook() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let told = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&told);
    let options = options(&network)
        .on_events_dropped(move |dropped| *theirs.lock().unwrap() += dropped.total());
    let statsig = Statsig::new("secret-0123456789", options.build().expect("valid"));
    let _ = statsig.initialize().await;
    network.always(Endpoint::Events, Answer::hang());
    log_events(&statsig, 25);
    drop(statsig);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(*told.lock().unwrap(), 25);
    let warnings = log.lines("shutdown().await");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["WARN", "events=25"] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
}
