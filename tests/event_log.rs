//! What the log says of events that are not delivered: the documented targets, levels and spans.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use statsig::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock};
use statsig::{
    BootstrapSpecs, Event, Statsig, StatsigError, StatsigOptions, StatsigOptionsBuilder,
    StatsigUser,
};
use tokio::time::sleep;
use tracing::Level;
use tracing::subscriber::DefaultGuard;

const BATCH: usize = 10;

/// Collects what is logged on this thread, where in paused time everything runs but work that blocks.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start(&self) -> DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    /// The lines with this in them.
    fn lines(&self, wanted: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).expect("text");
        let lines = text.lines().filter(|line| line.contains(wanted));
        lines.map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn client(network: &Arc<ScriptedTransport>) -> Statsig {
    let statsig = Statsig::new(
        "secret-0123456789",
        options(network).build().expect("valid"),
    );
    // Nothing to evaluate with, and none of it matters.
    let _ = statsig.initialize().await;
    statsig
}

fn options(network: &Arc<ScriptedTransport>) -> StatsigOptionsBuilder {
    StatsigOptions::builder()
        .specs_adapter(Arc::new(BootstrapSpecs::new(r#"{"has_updates": false}"#)))
        .disable_diagnostics(true)
        .transport(network.clone())
        .clock(Arc::new(SimulatedClock::new()))
        .event_logging_max_queue_size(BATCH)
}

fn log_batch(statsig: &Statsig) {
    log_events(statsig, BATCH);
}

fn log_events(statsig: &Statsig, events: usize) {
    for _ in 0..events {
        statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("purchase"));
    }
}

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
            .filter(|line| line.contains("status 503"))
            .count()
    };
    assert_eq!([1, 2, 3, 4].map(failed), [1; 4], "{attempts:?}");
    // The request is told of within the attempt, by its own target.
    let requests = attempts
        .iter()
        .filter(|line| line.contains("statsig::network: a request ended"));
    assert_eq!(requests.count(), 4, "{attempts:?}");
}

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

/// An event of about so many bytes.
fn log_large_event(statsig: &Statsig, user: &StatsigUser, bytes: usize) {
    statsig.log_event(
        user,
        Event::new("purchase").metadata("text", "x".repeat(bytes)),
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_large_is_dropped_with_a_warning() {
    let log = Log::default();
    let _guard = log.start();
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    let user = StatsigUser::with_user_id("a-user");
    log_large_event(&statsig, &user, 11_000_000);
    let user = StatsigUser::builder("u")
        .custom("text", "x".repeat(2_000_000))
        .build();
    log_large_event(&statsig, &user, 1);
    log_large_event(&statsig, &StatsigUser::with_user_id("u"), 900_000);
    sleep(Duration::from_secs(61)).await;
    let stats = statsig.event_stats();
    assert_eq!((stats.dropped.total(), stats.delivered), (2, 1));
    let warnings = log.lines("reason=\"too_large\"");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["WARN", "events=2", "event_max_bytes"] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
}

#[test]
fn events_of_large_users_that_nobody_delivers_take_bounded_memory() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = Statsig::new(
        "secret-0123456789",
        options(&network).build().expect("valid"),
    );
    for number in 0..1_000 {
        let user = StatsigUser::builder(number)
            .custom("text", "x".repeat(100_000))
            .build();
        statsig.log_event(&user, Event::new("purchase"));
    }
    let stats = statsig.event_stats();
    assert!((300..=335).contains(&stats.pending), "{stats:?}");
    assert_eq!(stats.pending + stats.dropped.total(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn events_of_large_users_take_bounded_memory_in_an_outage() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(503));
    for number in 0..1_000 {
        // Text that compression cannot make much of.
        let mut state: u64 = number + 1;
        let text: String = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b' ' + u8::try_from((state >> 33) % 90).expect("small"))
        })
        .take(100_000)
        .collect();
        let user = StatsigUser::builder(number).custom("text", text).build();
        statsig.log_event(&user, Event::new("purchase"));
        sleep(Duration::from_millis(100)).await;
    }
    let stats = statsig.event_stats();
    // 32 MiB compressed, and a few batches that are not.
    assert!(stats.pending * 100_000 < 80_000_000, "{stats:?}");
    assert!(stats.dropped.total() > 0, "{stats:?}");
}

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
