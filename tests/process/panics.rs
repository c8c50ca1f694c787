//! Panics in the application's code.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use statsig::clock::Clock;
use statsig::event_logging::{EventBatch, EventLoggingAdapter, EventLoggingError};
use statsig::testing::SimulatedClock;
use statsig::transport::BoxFuture;
use statsig::{Event, Statsig, StatsigUser};

use super::log::Log;
use super::{KEY, network, options};

#[derive(Debug)]
struct PanicsOnce {
    clock: SimulatedClock,
    is_due: Arc<AtomicBool>,
}

impl Clock for PanicsOnce {
    fn now_ms(&self) -> u64 {
        assert!(!self.is_due.swap(false, Ordering::Relaxed), "on purpose");
        self.clock.now_ms()
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_panics_is_logged_and_everything_goes_on() {
    let log = Log::default();
    let _logging = tracing::dispatcher::set_default(&log.dispatch());
    let is_due = Arc::new(AtomicBool::new(false));
    let network = network();
    let clock = PanicsOnce {
        clock: SimulatedClock::new(),
        is_due: Arc::clone(&is_due),
    };
    let options = options(&network).clock(Arc::new(clock));
    let statsig = Statsig::new(KEY, options.build().unwrap());
    statsig.initialize().await.unwrap();
    for round in 1..=20 {
        is_due.store(true, Ordering::Relaxed);
        tokio::time::sleep(std::time::Duration::from_millis(round * 700)).await;
        statsig.refresh().await.unwrap();
        statsig.flush_events().await.unwrap();
    }
    let user = StatsigUser::with_user_id("a-user");
    is_due.store(true, Ordering::Relaxed);
    statsig.log_event(&user, Event::new("purchase"));
    assert!(statsig.check_gate(&user, "on"));
    statsig.flush_events().await.unwrap();
    assert_eq!(statsig.restarts(), 0);
    let report = statsig.shutdown().await.unwrap();
    assert_eq!(report.stats.delivered, 2);
    assert!(!log.lines("ERROR", "clock").is_empty());
}

#[derive(Debug)]
struct PanicsAtTheEnd;

impl EventLoggingAdapter for PanicsAtTheEnd {
    fn log_events(&self, _: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>> {
        Box::pin(async { Ok(()) })
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        panic!("on purpose")
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_adapter_that_panics_at_the_end_fails_no_shutdown() {
    let log = Log::default();
    let _logging = tracing::dispatcher::set_default(&log.dispatch());
    let options = options(&network()).event_logging_adapter(Arc::new(PanicsAtTheEnd));
    let statsig = Statsig::new(KEY, options.build().unwrap());
    statsig.initialize().await.unwrap();
    statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("purchase"));
    let report = statsig.shutdown().await.unwrap();
    assert_eq!(report.stats.delivered, 1);
    assert_eq!(log.lines("ERROR", "panicked").len(), 1);
}
