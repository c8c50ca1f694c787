//! A hostile server, over real HTTP on loopback: what each of its answers leaves in use, what the
//! log says of it and what it does not, and how much memory it may cost.
//!
//! The answers are tables: `specs`, `id_lists` and `events`. Whatever the answer is, the SDK key
//! and the body of a response are not in the log, nothing takes more memory than a bound, and the
//! next good answer is used.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod events;
mod id_lists;
#[path = "../faults/log.rs"]
mod log;
mod server;
mod specs;
mod specs_rows;
mod spool;

use std::time::Duration;

use peak_alloc::PeakAlloc;
use statsig::StatsigOptionsBuilder;
use statsig_tests::local_options;
use tokio::sync::Mutex;

use self::server::Server;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const KEY: &str = "secret-hostile-0123456789";
/// What of the key must not show up anywhere.
const SECRET: &str = "0123456789";
/// What is in bodies that must not be shown as a whole.
const BODY: &str = "hostile body ";
/// The limit of specs, ID lists and their manifest that clients have here.
const MAX_BYTES: usize = 1024 * 1024;
/// What an answer may cost at most at any moment, beside what was in memory before: a body of the
/// largest size, compressed and not, what is made of it, and the log.
const MEMORY_BOUND: usize = 16 * MAX_BYTES;
/// No line of the log is longer: a body is shown in part at most.
const MAX_LINE_CHARS: usize = 2_000;

/// One answer at a time: memory is counted for the whole process.
static TURN: Mutex<()> = Mutex::const_new(());

/// Options of a client of this server.
fn options(server: &Server) -> StatsigOptionsBuilder {
    let origin = server.origin();
    local_options()
        .specs_url(format!("{origin}/v2/download_config_specs"))
        .id_lists_url(format!("{origin}/v1/get_id_lists"))
        .log_event_url(format!("{origin}/v1/log_event"))
        .disable_diagnostics(true)
        .max_specs_bytes(MAX_BYTES)
        .max_id_list_bytes(MAX_BYTES)
        // Syncs happen when they are asked for.
        .specs_sync_interval(Duration::from_secs(3_600))
        .id_lists_sync_interval(Duration::from_secs(3_600))
        .init_timeout(Duration::from_secs(60))
}

/// How long an answer may take: not to be reached, however busy the machine is, unless the answer
/// is late.
fn limit(is_late: bool) -> Duration {
    Duration::from_secs(if is_late { 1 } else { 60 })
}

/// Counts memory from here on.
struct Memory(usize);

impl Memory {
    fn watch() -> Self {
        MEMORY.reset_peak_usage();
        Self(MEMORY.current_usage())
    }

    fn assert_bounded(&self, name: &str, bound: usize) {
        let used = MEMORY.peak_usage().saturating_sub(self.0);
        assert!(used <= bound, "{name}: {used} bytes");
    }
}

/// What is in the log is short and keeps the key.
fn assert_discreet(name: &str, log: &str) {
    assert!(!log.contains(SECRET), "{name}: {log}");
    let body = BODY.repeat(20);
    assert!(!log.contains(&body), "{name}: {log}");
    for line in log.lines() {
        let chars = line.chars().count();
        assert!(chars <= MAX_LINE_CHARS, "{name}: {chars} in {line}");
    }
}

/// The lines of the log at this level.
fn lines<'a>(log: &'a str, level: &str) -> Vec<&'a str> {
    let level = format!(" {level} ");
    log.lines().filter(|line| line.contains(&level)).collect()
}
