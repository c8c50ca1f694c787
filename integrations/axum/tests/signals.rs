//! Signals of the operating system. A process of its own: a signal is for all of its tests.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::process::Command;
use std::task::Poll;

use statsig_axum::shutdown_signal;

#[tokio::test]
async fn sigterm_and_ctrl_c_end_the_wait() {
    for signal in ["-TERM", "-INT"] {
        let mut waiting = pin!(shutdown_signal());
        // The first poll begins to listen.
        let is_over = poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context).is_ready()));
        assert!(!is_over.await);
        let own_id = std::process::id().to_string();
        let sent = Command::new("kill").args([signal, &own_id]).status();
        assert!(sent.unwrap().success());
        waiting.await;
    }
}
