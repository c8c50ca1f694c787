//! Large events.

use super::*;

/// Logs an event of about this size.
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

#[test]
fn exposures_of_long_unknown_names_take_bounded_memory() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = Statsig::new(
        "secret-0123456789",
        options(&network).build().expect("valid"),
    );
    let user = StatsigUser::with_user_id("a-user");
    let long = "x".repeat(1_000_000);
    for number in 0..100 {
        assert!(!statsig.check_gate(&user, &format!("{number}{long}")));
    }
    let stats = statsig.event_stats();
    assert!((28..=34).contains(&stats.pending), "{stats:?}");
    // An event above the size limit is dropped by itself.
    assert!(!statsig.check_gate(&user, &long.repeat(2)));
    let after = statsig.event_stats();
    assert_eq!(after.pending, stats.pending);
    assert_eq!(after.pending + after.dropped.total(), 101);
}

#[tokio::test(start_paused = true)]
async fn events_of_large_users_take_bounded_memory_in_an_outage() {
    let network = Arc::new(ScriptedTransport::new());
    let statsig = client(&network).await;
    network.always(Endpoint::Events, Answer::status(503));
    for number in 0..1_000 {
        // Text that hardly compresses.
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
    // 32 MiB compressed, and a few batches without compression.
    assert!(stats.pending * 100_000 < 80_000_000, "{stats:?}");
    assert!(stats.dropped.total() > 0, "{stats:?}");
}
