//! Repeatedly kills a process with an event spool at a random moment. Every event that the process
//! knew to be on disk arrives.
//!
//! The child is this test binary, started again for one test in it.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking, and say what they found"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use statsig::sources::BootstrapSpecs;
use statsig::{Event, Statsig, StatsigUser};
use statsig_local::{Endpoint, Fault, LocalStatsig};
use statsig_tests::local_options;

const KEY: &str = "secret-crash";
/// By default, a client posts this number of batches at once, and one more from its disk.
const POSTS: u64 = 5 + 1;

// The environment variables for the child.
const URL: &str = "CRASH_CHILD_URL";
const DIRECTORY: &str = "CRASH_CHILD_DIRECTORY";
const RUN: &str = "CRASH_CHILD_RUN";

fn client(url: &str, directory: &Path) -> Statsig {
    let options = local_options()
        .specs_adapter(Arc::new(BootstrapSpecs::new(r#"{"has_updates": false}"#)))
        .log_event_url(url)
        .event_spool(directory)
        .event_logging_max_queue_size(10)
        .event_flush_interval(Duration::from_millis(50))
        .event_retry_pauses(Duration::from_millis(20), Duration::from_millis(100))
        .event_request_timeout(Duration::from_secs(2))
        .build()
        .expect("valid options");
    Statsig::new(KEY, options)
}

/// Logs numbered events until it is killed. Prints a number when all events below it are safe.
#[test]
fn child() {
    let (Ok(url), Ok(directory), Ok(run)) = (
        std::env::var(URL),
        std::env::var(DIRECTORY),
        std::env::var(RUN),
    ) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let statsig = client(&url, directory.as_ref());
        // There are no specs, and the test needs none.
        let _ = statsig.initialize().await;
        let user = StatsigUser::with_user_id("a-user");
        for number in 0_u64.. {
            let event = Event::new("numbered").metadata("id", format!("{run}/{number}"));
            statsig.log_event(&user, event);
            if number % 7 == 6 {
                let stats = statsig.flush_events().await.expect("a running client");
                assert_eq!(stats.dropped.total(), 0, "{stats:?}");
                if stats.pending == 0 {
                    let mut out = std::io::stdout().lock();
                    // A single write, so that a line is never incomplete.
                    out.write_all(format!("safe {}\n", number + 1).as_bytes())
                        .expect("somebody listens");
                    out.flush().expect("somebody listens");
                }
            }
        }
    });
}

fn start_child(url: &str, directory: &Path, run: u64) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(URL, url)
        .env(DIRECTORY, directory)
        .env(RUN, run.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("a child")
}

/// Waits until the child's output shows that it logs, and then for a random time. Kills it, and
/// returns the number below which events are safe.
fn live_and_die(url: &str, directory: &Path, run: u64, mut random: impl FnMut() -> u64) -> u64 {
    let mut child = start_child(url, directory, run);
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let safe = |line: std::io::Result<String>| {
        let line = line.expect("text");
        line.strip_prefix("safe ")?.parse::<u64>().ok()
    };
    let wanted = 1 + random() % 30;
    let mut last = 0;
    for number in lines.by_ref().filter_map(safe).take(wanted as usize) {
        last = number;
    }
    // A moment between two steps of the child. Nothing depends on its length.
    for _ in 0..random() % 200_000 {
        std::hint::spin_loop();
    }
    child.kill().expect("a child to kill");
    for number in lines.filter_map(safe) {
        last = number;
    }
    child.wait().expect("the end of the child");
    last
}

/// Pseudo-random numbers, the same in each run of the test.
fn random() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_known_to_be_safe_arrives_after_some_kills() {
    kill_again_and_again(10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn what_was_known_to_be_safe_arrives_after_two_hundred_kills() {
    kill_again_and_again(200).await;
}

async fn kill_again_and_again(runs: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let lost_answers = Arc::new(AtomicU64::new(0));
    // The batches that contained each event.
    let received = Arc::new(Mutex::new(BTreeMap::<String, Vec<u64>>::new()));
    let latest = Arc::new(AtomicU64::new(0));
    let (theirs, their_latest) = (Arc::clone(&received), Arc::clone(&latest));
    let local = LocalStatsig::builder()
        .on_event(move |event| {
            let batch = event.batch().number;
            their_latest.fetch_max(batch, Ordering::Relaxed);
            if let Some(id) = event.metadata("id") {
                let mut received = theirs.lock().unwrap();
                received.entry(id.to_owned()).or_default().push(batch);
            }
        })
        .start()
        .await
        .expect("a local Statsig");
    let url = local.log_event_url();
    let mut random = random();
    let mut safe = Vec::new();
    // The latest batch when each process was killed, and the latest batch when the next one began.
    let mut killed_at = vec![0];
    for run in 0..runs {
        local.clear_faults();
        match random() % 4 {
            0 => {}
            1 => local
                .inject(Endpoint::LogEvent, Fault::status(503))
                .unwrap(),
            2 => local
                .inject(Endpoint::LogEvent, Fault::status(500).times(3))
                .unwrap(),
            _ => {
                lost_answers.fetch_add(1, Ordering::Relaxed);
                local
                    .inject(Endpoint::LogEvent, Fault::lose_answer().times(1))
                    .unwrap();
            }
        }
        let (url, path) = (url.clone(), directory.path().to_owned());
        let seeds = [random(), random()];
        let mut seeds = seeds.into_iter().cycle();
        let died = tokio::task::spawn_blocking(move || {
            live_and_die(&url, &path, run, move || seeds.next().unwrap_or(0))
        });
        safe.push(died.await.expect("a killed child"));
        killed_at.push(latest.load(Ordering::Relaxed));
    }
    local.clear_faults();

    // The last process finds the events of the others.
    let last = client(&url, directory.path());
    let _ = last.initialize().await;
    let is_over = async {
        while std::fs::read_dir(directory.path())
            .expect("a directory")
            .next()
            .is_some()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), is_over)
        .await
        .expect("an empty spool in the end");
    last.shutdown().await.expect("nothing left");

    let received = received.lock().unwrap();
    let mut missing = Vec::new();
    for (run, safe) in safe.iter().enumerate() {
        let ids = (0..*safe).map(|number| format!("{run}/{number}"));
        missing.extend(ids.filter(|id| !received.contains_key(id)));
    }
    let known: u64 = safe.iter().sum();
    let twice = received.values().filter(|batches| batches.len() > 1);
    // Only the last of these batches was needed.
    let in_vain: BTreeSet<u64> = (twice.clone())
        .flat_map(|batches| batches.iter().rev().skip(1).copied())
        .collect();
    let lost_answers = lost_answers.load(Ordering::Relaxed);
    println!(
        "crash: killed {runs}, known to be safe {known}, missing {}, received {}, more than once {} in {} batches, lost answers {lost_answers}",
        missing.len(),
        received.len(),
        twice.count(),
        in_vain.len(),
    );
    assert!(missing.is_empty(), "missing: {missing:?}");
    assert!(known > 0);
    // Either the answer to one of the first batches of a process was lost, or the process died
    // before it noted one of its last.
    let unexplained: Vec<_> = (in_vain.iter())
        .filter(|batch| !killed_at.iter().any(|at| batch.abs_diff(*at) <= POSTS))
        .collect();
    assert!(
        unexplained.is_empty(),
        "{unexplained:?}, killed at {killed_at:?}"
    );
    assert!(in_vain.len() as u64 <= runs + lost_answers, "{in_vain:?}");
}
