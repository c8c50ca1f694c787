//! Processes fork while other threads record, evaluate, change overrides and read stats.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::AssertUnwindSafe;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fork::Fork;
use statsig::event_logging::{EventBatch, EventLoggingAdapter, EventLoggingError};
use statsig::transport::BoxFuture;
use statsig::{Event, Statsig, StatsigError, StatsigParams, StatsigUser};
use statsig_tests::specs;

use super::{KEY, assert_balanced, dropped, network, options};

/// The number of forks, unless this environment variable sets another one.
const FORKS: u32 = 150;
const FORKS_VARIABLE: &str = "STATSIG_FORKS";
/// Longer than a child takes on a very busy machine.
const HANG: Duration = Duration::from_secs(60);
const EVENTS: u64 = 3;

#[derive(Debug, Clone, StatsigParams)]
#[statsig(config = "promo")]
struct Promo {
    #[statsig(default = 7)]
    number: i64,
}

/// Accepts no events, so that the queue is full most of the time and batches are dropped.
#[derive(Debug)]
struct Refuses;

impl EventLoggingAdapter for Refuses {
    fn log_events(&self, _: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>> {
        Box::pin(async { Err(EventLoggingError::refused("not wanted")) })
    }
}

fn user(number: u64) -> StatsigUser {
    StatsigUser::with_user_id(format!("user-{number}"))
}

/// Uses the client on its own threads until it is stopped.
fn load(statsig: &Statsig, stop: &Arc<AtomicBool>) -> Vec<thread::JoinHandle<()>> {
    let works: [fn(&Statsig, u64); 5] = [
        |statsig, number| statsig.log_event(&user(number % 50), Event::new("purchase")),
        |statsig, number| {
            let _ = statsig.check_gate(&user(number), "on");
            let _ = statsig.get_typed::<Promo>(user(number));
        },
        |statsig, _| {
            let _ = (statsig.event_stats(), statsig.get_initialize_details());
            let _ = (statsig.watch_specs(), Statsig::try_shared());
        },
        |statsig, number| {
            let id = (number % 50).to_string();
            statsig.override_gate("forced", true, Some(&id));
            statsig.remove_gate_override("forced", Some(&id));
        },
        |statsig, _| {
            let subscription = statsig.subscribe("layer_evaluated", |_| ());
            statsig.unsubscribe_by_id(subscription);
        },
    ];
    let threads = works.map(|work| {
        let (statsig, stop) = (statsig.clone(), Arc::clone(stop));
        thread::spawn(move || {
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                work(&statsig, number);
                thread::yield_now();
            }
        })
    });
    threads.into()
}

/// The work of the child. Returns an error that describes the problem.
fn live_in_child(statsig: &Statsig, number: u32) -> Result<(), String> {
    let expect = |is_so: bool, what: &str| is_so.then_some(()).ok_or_else(|| what.to_owned());
    let before = statsig.event_stats();
    let user = StatsigUser::with_user_id(format!("child-{number}"));
    expect(statsig.check_gate(&user, "on"), "the gate is passed")?;
    statsig.log_event(&user, Event::new("purchase"));
    statsig.log_event(&user, Event::new("refund"));
    let _ = statsig.get_typed::<Promo>(&user);
    let _ = (statsig.get_layer(&user, "none"), statsig.specs_status());
    statsig.override_gate("forced", true, Some("child"));
    let forced = StatsigUser::with_user_id("child");
    expect(statsig.check_gate(&forced, "forced"), "the override holds")?;
    statsig.remove_gate_override("forced", None);
    let subscription = statsig.subscribe("gate_evaluated", |_| ());
    let _ = statsig.check_gate(&user, "on");
    statsig.unsubscribe_by_id(subscription);
    expect(!format!("{statsig:?}").is_empty(), "Debug says something")?;
    let _ = (statsig.get_initialize_details(), statsig.is_initialized());
    let _ = (statsig.watch_specs(), Statsig::try_shared());
    let after = statsig.event_stats();
    assert_balanced(&after);
    let forked = dropped(&after, "forked") - dropped(&before, "forked");
    let recorded = after.enqueued - before.enqueued;
    expect(recorded >= EVENTS, "events are counted")?;
    let says = format!("{recorded} were recorded, {forked} dropped as forked");
    expect(forked == recorded, &says)?;
    if number.is_multiple_of(50) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let answers = runtime.block_on(async {
            [
                statsig.initialize().await.err(),
                statsig.flush_events().await.err(),
                statsig.shutdown().await.err(),
            ]
        });
        let all_say = answers.iter().all(|it| *it == Some(StatsigError::Forked));
        expect(all_say, "calls that need the parent's actors fail")?;
        let child = statsig.after_fork();
        expect(child.check_gate(&user, "on"), "the child's own client")?;
        expect(child.event_stats().pending == 1, "the child's own records")?;
    }
    Ok(())
}

/// Forks and waits for the child's report. `Err` if the child sends nothing or reports a problem.
fn fork_once(statsig: &Statsig, number: u32) -> Result<(), String> {
    let (mut ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
    match fork::fork().expect("a child") {
        Fork::Child => {
            drop(ours);
            let lived =
                std::panic::catch_unwind(AssertUnwindSafe(|| live_in_child(statsig, number)));
            let lived = lived.unwrap_or_else(|_| Err("it panicked".to_owned()));
            let _ = theirs.write_all(lived.err().unwrap_or_default().as_bytes());
            std::process::exit(0);
        }
        Fork::Parent(child) => {
            drop(theirs);
            ours.set_read_timeout(Some(HANG)).expect("a limit");
            let mut complaint = String::new();
            let heard = ours.read_to_string(&mut complaint);
            if heard.is_err() {
                let _ = Command::new("kill")
                    .args(["-9", &child.to_string()])
                    .status();
            }
            let _ = fork::waitpid(child);
            heard.map_err(|_| "the child hangs".to_owned())?;
            complaint.is_empty().then_some(()).ok_or(complaint)
        }
    }
}

#[test]
fn a_forked_child_answers_every_read_records_nothing_and_never_hangs() {
    let forks = std::env::var(FORKS_VARIABLE).ok();
    let forks = forks.map_or(FORKS, |forks| forks.parse().expect("a number of forks"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    // Another type than in the struct.
    let served = specs::with_gate("on", true).config("promo", |c| c.default("number", "many"));
    let network = network();
    network.serve_specs(served.time(1));
    let options = options(&network)
        .event_logging_max_queue_size(10)
        .event_logging_adapter(Arc::new(Refuses));
    let statsig = Statsig::new(KEY, options.build().unwrap());
    runtime.block_on(statsig.initialize()).unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let threads = load(&statsig, &stop);
    let failed: Vec<String> = (0..forks)
        .filter_map(|number| fork_once(&statsig, number).err())
        .take(3)
        .collect();
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(failed.is_empty(), "of {forks} forks: {failed:?}");
    let stats = statsig.event_stats();
    assert_balanced(&stats);
    assert_eq!(
        dropped(&stats, "forked"),
        0,
        "the parent goes on: {stats:?}"
    );
    runtime.block_on(statsig.shutdown()).unwrap();
}

/// A server that forks its workers may create the client before the fork.
#[test]
fn a_client_that_was_not_used_before_the_fork_can_be_initialised_in_the_child() {
    let network = network();
    let statsig = Statsig::new(KEY, options(&network).build().unwrap());
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    match fork::fork().unwrap() {
        Fork::Child => {
            let lived = std::panic::catch_unwind(AssertUnwindSafe(|| {
                let runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = { runtime }.enable_all().build().unwrap();
                runtime.block_on(async {
                    let started = statsig.initialize().await.is_ok();
                    let passes = statsig.check_gate(&user(1), "on");
                    let sent = statsig.shutdown().await.unwrap().stats.delivered;
                    format!("{started} {passes} {sent}")
                })
            }));
            let _ = theirs.write_all(lived.unwrap_or_default().as_bytes());
            std::process::exit(0);
        }
        Fork::Parent(child) => {
            drop(theirs);
            let mut said = String::new();
            ours.read_to_string(&mut said).unwrap();
            let _ = fork::waitpid(child);
            assert_eq!(said, "true true 1");
        }
    }
}
