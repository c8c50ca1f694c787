//! Finds and runs a browser without a window.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The names of the program, by preference.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// A new browser without a window that sends no requests of its own.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    // Only pages on this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// The file of the official JavaScript client. `tests/browser/run` sets it.
pub(crate) const CLIENT_VARIABLE: &str = "STATSIG_JS_CLIENT";

/// What the tests need; `None` if it is not installed.
pub(crate) fn find() -> Option<(PathBuf, &'static str)> {
    let client = std::env::var_os(CLIENT_VARIABLE).map(PathBuf::from);
    let client = client.filter(|file| file.is_file());
    let answers = |program: &&str| {
        let mut version = Command::new(program);
        version
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    };
    let program = PROGRAMS.into_iter().find(answers);
    client.zip(program)
}

/// A running browser. It ends when this is dropped.
pub(crate) struct Browser {
    process: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens a page. Further flags come first.
    pub(crate) fn open(program: &str, flags: &[&str], url: &str, output: Stdio) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let process = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(flags)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn();
        Self {
            process: process.unwrap(),
            _profile: profile,
        }
    }

    /// What the browser writes until it ends.
    pub(crate) fn output(mut self) -> String {
        std::io::read_to_string(self.process.stdout.take().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
