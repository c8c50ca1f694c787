//! Changes specs and ID lists while threads read, in real time over real HTTP. This takes minutes,
//! so it runs only on request:
//!
//! ```sh
//! SOAK_MINUTES=30 cargo test --release -p statsig-tests --test soak -- --ignored --nocapture
//! ```

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking, and say what they found"
)]

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;
use statsig::testing::in_id_list;
use statsig::{Statsig, StatsigOptions, StatsigUser};
use statsig_local::LocalStatsig;
use statsig_tests::{local_options, specs};
use tokio::runtime::Runtime;
use tokio::time::Instant;

const READERS: usize = 4;
/// Readers pause for this time after each round of reads, to leave most of the machine to other
/// work.
const READER_PAUSE: Duration = Duration::from_millis(2);
const CHANGE_PAUSE: Duration = Duration::from_millis(800);
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// Configs besides the ones that the test reads, to give the specs a realistic size of about 1.5
/// MB.
const CONFIGS: usize = 300;
/// The size of the list that grows and then starts over.
const MEMBERS: usize = 20_000;
/// How often the list grows before it starts over.
const GROWTHS: usize = 40;
/// The time limit for a change to reach the client.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest growth of resident memory between the middle and the end.
const MAX_GROWTH: f64 = 0.1;

/// Specs with the number of the change in every part.
fn numbered_specs(change: u64) -> String {
    let stamp = json!({"first": change, "second": change, "text": format!("change {change}")});
    let stamp = stamp.as_object().expect("an object");
    let mut specs = specs::with_gate("on", true)
        .time(1_790_000_000_000 + change)
        .layer("stamp_layer", |l| l.defaults(stamp.clone()));
    for name in ["stamp_a", "stamp_b"] {
        specs = specs.config(name, |c| c.defaults(stamp.clone()));
    }
    for number in 0..CONFIGS {
        // Each change affects one of these configs.
        let version = if number as u64 == change % CONFIGS as u64 {
            change
        } else {
            0
        };
        let filler: Vec<_> = (0..200)
            .map(|item| format!("item {item} of config {number}, version {version}"))
            .collect();
        specs = specs.config(format!("config_{number}"), |c| c.default("items", filler));
    }
    for (gate, list) in [("grows", "growing"), ("flips", "flipping")] {
        specs = specs.gate(gate, |g| g.when(in_id_list(list)));
    }
    specs.to_json().expect("valid specs")
}

/// The observations of the readers.
#[derive(Debug, Default)]
struct Seen {
    reads: AtomicU64,
    /// Reads of one snapshot that disagreed.
    torn: AtomicU64,
    /// Reads that returned an earlier change than before.
    backwards: AtomicU64,
    newest: AtomicU64,
}

/// Reads until it is stopped.
fn read(statsig: &Statsig, seen: &Seen, stop: &AtomicBool, reader: usize) {
    let user = StatsigUser::with_user_id(format!("reader-{reader}"));
    let member = StatsigUser::with_user_id("member-0");
    let mut last = 0;
    while !stop.load(Ordering::Relaxed) {
        let pinned = statsig.pin();
        let configs = ["stamp_a", "stamp_b"].map(|name| pinned.get_dynamic_config(&user, name));
        let mut stamps: Vec<Option<u64>> = configs
            .iter()
            .flat_map(|config| ["first", "second"].map(|key| config.get_opt(key)))
            .collect();
        let layer = pinned.get_layer(&user, "stamp_layer");
        stamps.extend(["first", "second"].map(|key| layer.get_opt(key)));
        // Without a pin, one call reads one snapshot.
        let config = statsig.get_dynamic_config(&user, "stamp_a");
        let [first, second] = ["first", "second"].map(|key| config.get_opt::<u64>(key));
        let memberships =
            [(); 3].map(|()| ["grows", "flips"].map(|gate| pinned.check_gate(&member, gate)));
        let is_torn = stamps
            .iter()
            .any(|stamp| *stamp != stamps[0] || stamp.is_none())
            || first != second
            || memberships.iter().any(|found| *found != memberships[0]);
        seen.torn.fetch_add(u64::from(is_torn), Ordering::Relaxed);
        let newest = stamps[0].unwrap_or(0);
        seen.backwards
            .fetch_add(u64::from(newest < last), Ordering::Relaxed);
        last = newest;
        seen.newest.fetch_max(newest, Ordering::Relaxed);
        seen.reads.fetch_add(1, Ordering::Relaxed);
        thread::sleep(READER_PAUSE);
    }
}

/// The current data of the service.
struct Service {
    local: LocalStatsig,
    runtime: Runtime,
    changes: u64,
    members: Vec<String>,
    has_flipped: bool,
}

impl Service {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let local = LocalStatsig::builder()
            .specs_json(numbered_specs(0))
            .start();
        let mut service = Self {
            local: runtime.block_on(local).unwrap(),
            runtime,
            changes: 0,
            members: Vec::new(),
            has_flipped: false,
        };
        service.change();
        service
    }

    /// Changes the specs, grows or restarts one list, and toggles the only member of another.
    fn change(&mut self) {
        self.changes += 1;
        self.local
            .set_specs_json(numbered_specs(self.changes))
            .unwrap();
        if self.changes.is_multiple_of(GROWTHS as u64) {
            self.members.clear();
        }
        let count = if self.members.is_empty() {
            MEMBERS
        } else {
            MEMBERS / 1_000
        };
        let from = self.members.len();
        self.members
            .extend((from..from + count).map(|number| format!("member-{number}")));
        self.local
            .set_id_list("growing", self.members.iter().cloned());
        self.has_flipped = !self.has_flipped;
        let flipping = if self.has_flipped {
            "member-0"
        } else {
            "somebody else"
        };
        self.local.set_id_list("flipping", [flipping]);
    }

    fn options(&self) -> StatsigOptions {
        local_options()
            .specs_url(self.local.specs_url())
            .id_lists_url(self.local.id_lists_url())
            .log_event_url(self.local.log_event_url())
            .specs_sync_interval(SYNC_INTERVAL)
            .id_lists_sync_interval(SYNC_INTERVAL)
            .enable_id_lists(true)
            .build()
            .unwrap()
    }
}

/// Resident memory in KiB, if the system provides it.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
#[ignore = "takes minutes of real time; see the head of this file"]
fn specs_and_lists_change_under_readers() {
    let minutes: f64 =
        std::env::var("SOAK_MINUTES").map_or(1.0, |minutes| minutes.parse().unwrap());
    let duration = Duration::from_secs_f64(minutes * 60.0);
    let mut service = Service::start();
    // A separate runtime, so that all its tasks belong to the client.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let statsig = Statsig::new("secret-soak", service.options());
    let details = runtime.block_on(statsig.initialize()).unwrap();
    assert_eq!(details.is_id_list_ready, Some(true));

    let (seen, stop) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let readers: Vec<_> = (0..READERS)
        .map(|reader| {
            let (statsig, seen, stop) = (statsig.clone(), Arc::clone(&seen), Arc::clone(&stop));
            thread::spawn(move || read(&statsig, &seen, &stop, reader))
        })
        .collect();

    let start = Instant::now();
    let mut samples = Vec::new();
    let mut tasks = Vec::new();
    let mut next_report = Duration::ZERO;
    while start.elapsed() < duration {
        service.change();
        thread::sleep(CHANGE_PAUSE);
        samples.extend(resident_kib());
        tasks.push(runtime.metrics().num_alive_tasks());
        if start.elapsed() >= next_report {
            next_report += duration / 30;
            // The memory of the service must not count.
            service.local.clear_events();
            let mut line = format!("{:>5.0} s", start.elapsed().as_secs_f64());
            let _ = write!(line, "  changes {:>5}", service.changes);
            let _ = write!(line, "  seen {:>5}", seen.newest.load(Ordering::Relaxed));
            let _ = write!(line, "  reads {:>9}", seen.reads.load(Ordering::Relaxed));
            let _ = write!(
                line,
                "  resident {:>7} KiB",
                samples.last().copied().unwrap_or(0)
            );
            let _ = write!(line, "  tasks {:>3}", tasks.last().copied().unwrap_or(0));
            println!("{line}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }

    // The last change arrives.
    let member = StatsigUser::with_user_id("member-0");
    let last_member = StatsigUser::with_user_id(service.members.last().unwrap().as_str());
    let has_arrived = || {
        let config = statsig.get_dynamic_config(&member, "stamp_a");
        config.get_opt("first") == Some(service.changes)
            && statsig.check_gate(&member, "flips") == service.has_flipped
            && statsig.check_gate(&last_member, "grows")
    };
    let deadline = Instant::now() + PATIENCE;
    while !has_arrived() {
        assert!(
            Instant::now() < deadline,
            "the last change did not arrive within {PATIENCE:?}"
        );
        thread::sleep(Duration::from_millis(50));
    }

    let restarts = statsig.restarts();
    let report = runtime.block_on(statsig.shutdown()).unwrap();
    drop(statsig);
    let deadline = Instant::now() + PATIENCE;
    while runtime.metrics().num_alive_tasks() > 0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(50));
    }
    let tasks_left = runtime.metrics().num_alive_tasks();
    drop(service.runtime);

    let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
    let (third, fourth) = quarters(&samples);
    println!(
        "changes {}, the newest read {}",
        service.changes,
        load(&seen.newest)
    );
    println!(
        "reads {}, torn {}, backwards {}",
        load(&seen.reads),
        load(&seen.torn),
        load(&seen.backwards)
    );
    println!(
        "resident: third quarter {third} KiB, fourth quarter {fourth} KiB, most {} KiB",
        samples.iter().max().unwrap_or(&0)
    );
    println!(
        "tasks: most {}, left after the shutdown {tasks_left}",
        tasks.iter().max().unwrap_or(&0)
    );
    println!("restarts {restarts}, {report}");
    assert_eq!((load(&seen.torn), load(&seen.backwards)), (0, 0));
    assert_eq!((tasks_left, restarts), (0, 0));
    assert!(load(&seen.newest) > 1, "the readers saw no change");
    // A leak of one task per sync would be visible.
    assert!(tasks.iter().max().unwrap_or(&0) < &50, "{tasks:?}");
    let growth = fourth as f64 / third as f64 - 1.0;
    assert!(
        growth <= MAX_GROWTH,
        "resident memory has grown by {:.0} %",
        growth * 100.0
    );
}

/// The medians of the third and the fourth quarter.
fn quarters(samples: &[u64]) -> (u64, u64) {
    let median = |part: &[u64]| {
        let mut sorted = part.to_vec();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(1)
    };
    let quarter = samples.len() / 4;
    (
        median(&samples[2 * quarter..3 * quarter]),
        median(&samples[3 * quarter..]),
    )
}
