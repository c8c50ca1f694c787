//! A disk that accepts nothing: the event spool falls back to memory, reports this once, and loses
//! nothing.
//!
//! The tests mount file systems in memory as full and read-only disks. If mounting is not allowed,
//! they print "skipped".

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking, and say what they found"
)]

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use statsig::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock, Specs};
use statsig::{Event, Statsig, StatsigOptions, StatsigUser};
use tempfile::TempDir;
use tokio::time::sleep;
use tracing::{Dispatch, Level};

const BATCH: usize = 10;
/// The disk has room for a few batches.
const DISK_BYTES: u64 = 128 * 1024;

/// A file system of a few kilobytes. Dropping it unmounts it.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` if this process may not mount.
    fn mount(options: &str) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(directory))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("spool")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// The logged errors, one line each.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<u8>>>);

impl Errors {
    fn dispatch(&self) -> Dispatch {
        let errors = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::ERROR)
            .with_ansi(false)
            .with_writer(move || errors.clone());
        subscriber.finish().into()
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).expect("text");
        text.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Errors {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An outage of ten minutes with a spool in this directory. Every event must arrive once, even if
/// the spool fails.
fn outlive_an_outage(directory: &Path, events: usize) -> Vec<String> {
    let errors = Errors::default();
    let dispatch = errors.dispatch();
    let _here = tracing::dispatcher::set_default(&dispatch);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        // The spool has its own threads.
        .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&dispatch)))
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(Specs::new());
        let options = StatsigOptions::builder()
            .disable_diagnostics(true)
            .transport(network.clone())
            .clock(Arc::new(SimulatedClock::new()))
            .event_logging_max_queue_size(BATCH)
            .event_queue_capacity(events)
            .event_max_retries(100)
            .event_spool(directory)
            .build()
            .expect("valid options");
        let statsig = Statsig::new("secret-disk", options);
        statsig.initialize().await.expect("specs");
        network.always(Endpoint::Events, Answer::status(503));
        for number in 0..events {
            statsig.log_event(&StatsigUser::with_user_id("a-user"), noise(number));
        }
        for _ in 0..10 {
            sleep(Duration::from_secs(60)).await;
            let stats = statsig.event_stats();
            assert_eq!(stats.spooled + stats.pending, events as u64, "{stats:?}");
            assert!(stats.pending > 0, "{stats:?}");
        }
        network.recover(Endpoint::Events);
        sleep(Duration::from_secs(3_600)).await;
        let stats = statsig.event_stats();
        assert_eq!(
            (stats.delivered, stats.pending, stats.spooled),
            (events as u64, 0, 0),
            "{stats:?}"
        );
        assert_eq!(network.events().len(), events);
    });
    errors.lines()
}

/// An event of a kilobyte that hardly compresses.
fn noise(number: usize) -> Event {
    let mut state = number as u64 + 1;
    let words = (0..64).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    });
    Event::new("noise").metadata("words", words.collect::<String>())
}

#[test]
fn a_full_disk_is_reported_once_and_the_rest_waits_in_memory() {
    let Some(disk) = SmallDisk::mount(&format!("size={DISK_BYTES}")) else {
        println!("skipped: a small disk cannot be mounted here");
        return;
    };
    let errors = outlive_an_outage(&disk.path(), 600);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("wait in memory"), "{errors:?}");
    // Delivered events are no longer on the disk.
    let left = std::fs::read_dir(disk.path()).expect("the spool's directory");
    assert_eq!(left.count(), 0);
}

#[test]
fn a_read_only_disk_is_reported_once_and_everything_waits_in_memory() {
    let Some(disk) = SmallDisk::mount("ro") else {
        println!("skipped: a disk cannot be mounted here");
        return;
    };
    let errors = outlive_an_outage(&disk.path(), 100);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("wait in memory"), "{errors:?}");
}

#[test]
fn a_directory_that_cannot_be_made_is_reported_once_and_everything_waits_in_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("a file");
    std::fs::write(&file, "").expect("a file");
    let errors = outlive_an_outage(&file.join("spool"), 100);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("wait in memory"), "{errors:?}");
}
