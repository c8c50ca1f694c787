//! A hostile server over real HTTP on loopback. The tests check the data in use after each of its
//! answers, the log, and the memory.
//!
//! The answers are in tables: `specs`, `id_lists` and `events`. After any answer, the log contains
//! neither the SDK key nor the body of a response, memory stays below a bound, and the client uses
//! the next good answer.

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
/// The part of the key that must not appear anywhere.
const SECRET: &str = "0123456789";
/// A part of each body. The log must not contain the whole body.
const BODY: &str = "hostile body ";
/// The limit of specs, ID lists and manifests for clients in these tests.
const MAX_BYTES: usize = 1024 * 1024;
/// The most additional memory that an answer may take at any moment: a body of the largest size,
/// compressed and not, the parsed data, and the log.
const MEMORY_BOUND: usize = 16 * MAX_BYTES;
/// The longest log line: the log shows at most a part of a body.
const MAX_LINE_CHARS: usize = 2_000;

/// Serialises the tests: memory is counted for the whole process.
static TURN: Mutex<()> = Mutex::const_new(());

/// Options for a client of this server.
fn options(server: &Server) -> StatsigOptionsBuilder {
    let origin = server.origin();
    local_options()
        .specs_url(format!("{origin}/v2/download_config_specs"))
        .id_lists_url(format!("{origin}/v1/get_id_lists"))
        .log_event_url(format!("{origin}/v1/log_event"))
        .disable_diagnostics(true)
        .max_specs_bytes(MAX_BYTES)
        .max_id_list_bytes(MAX_BYTES)
        // Syncs happen only on request.
        .specs_sync_interval(Duration::from_secs(3_600))
        .id_lists_sync_interval(Duration::from_secs(3_600))
        .init_timeout(Duration::from_secs(60))
}

/// The time limit of an answer. Only a late answer reaches it, even on a busy machine.
fn limit(is_late: bool) -> Duration {
    Duration::from_secs(if is_late { 1 } else { 60 })
}

/// Counts memory from now on.
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

/// Checks that the log's lines are short and do not contain the key.
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
