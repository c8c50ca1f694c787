//! Runtimes that end, and runtimes without time or I/O.

use statsig::{Event, Statsig, StatsigUser};
use tokio::runtime::{Builder, Runtime};

use super::log::Log;
use super::{KEY, assert_balanced, network, options};

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn when_its_runtime_ends_the_client_logs_it_and_answers_waiting_callers() {
    let log = Log::default();
    let _logging = tracing::dispatcher::set_default(&log.dispatch());
    let network = network();
    let options = options(&network).event_queue_capacity(100);
    let statsig = Statsig::new(KEY, options.build().unwrap());
    // Objects of the runtime are dropped on this thread, which collects the log.
    let first = Builder::new_current_thread().enable_all().build().unwrap();
    first.block_on(statsig.initialize()).unwrap();
    assert!(statsig.is_initialized());
    let mut specs = statsig.watch_specs();
    drop(first);
    assert!(!statsig.is_initialized());

    let second = runtime();
    let user = StatsigUser::with_user_id("a-user");
    second.block_on(async {
        assert_eq!(specs.changed().await, None);
        assert_eq!(statsig.watch_specs().changed().await, None);
        // The client still has the same specs.
        statsig.ready().await.unwrap();
        assert!(statsig.check_gate(&user, "on"));
        for error in [
            statsig.refresh().await.unwrap_err(),
            statsig.flush_events().await.unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains("runtime") && text.contains("`initialize`"),
                "{text}"
            );
        }
        for _ in 0..2_000 {
            statsig.log_event(&user, Event::new("purchase"));
        }
        let stats = statsig.event_stats();
        assert!(stats.dropped.queue_full > 0);
        assert_balanced(&stats);

        let told = log.lines("ERROR", "runtime");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("`initialize`"), "{told:?}");
        let lost = log.lines("WARN", "events");
        assert_eq!(lost.len(), 1, "{lost:?}");

        // On a living runtime the client continues with the data that it has.
        statsig.initialize().await.unwrap();
        assert!(statsig.is_initialized());
        let report = statsig.shutdown().await.unwrap();
        assert!(report.stats.delivered > 0, "{report}");
        assert_eq!(report.stats.pending, 0, "{report}");
    });
}

#[test]
fn a_runtime_without_timers_is_an_error_that_names_the_missing_call() {
    let without = Builder::new_current_thread().build().unwrap();
    let network = network();
    let statsig = Statsig::new(KEY, options(&network).build().unwrap());
    let started = without.block_on(async {
        tokio::select! {
            biased;
            started = statsig.initialize() => Some(started),
            // No other task runs on this thread. Work that has not ended after these yields never
            // ends.
            () = yields(10_000) => None,
        }
    });
    let error = started.expect("an answer").unwrap_err();
    assert!(error.to_string().contains("enable_time"), "{error}");
    // The client still works afterwards.
    runtime().block_on(async {
        statsig.initialize().await.unwrap();
        statsig.shutdown().await.unwrap();
    });
}

async fn yields(times: u32) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

#[cfg(target_os = "linux")]
#[test]
fn many_threads_that_initialize_leave_one_thread_of_the_sdk() {
    let network = network();
    let statsig = Statsig::new(KEY, options(&network).build().unwrap());
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| statsig.initialize_blocking()))
            .collect();
        for start in starts {
            start.join().unwrap().unwrap();
        }
    });
    assert_eq!(settled(threads, 1), 1);
    statsig.shutdown_blocking().unwrap();
    assert_eq!(settled(threads, 0), 0);
}

/// Returns the value when it is the wanted one, or after many checks.
#[cfg(target_os = "linux")]
fn settled(find: impl Fn() -> usize, wanted: usize) -> usize {
    for _ in 0..10_000 {
        if find() == wanted {
            break;
        }
        std::thread::yield_now();
    }
    find()
}

/// The threads that drive clients in blocking code.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim() == "statsig")
        .count()
}
