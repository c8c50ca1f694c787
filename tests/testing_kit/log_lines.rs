//! Recorded log lines, and what failed assertions say.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use serde_json::{Value, json};
use statsig::testing::{self, LogLines, Specs};
use tracing::Level;

/// The message of the panic in an assertion.
fn failure(log: &LogLines, assertion: impl FnOnce(&LogLines)) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| assertion(log))).expect_err("a panic");
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn lines_have_a_level_a_message_and_fields() {
    let log = testing::record_logs();
    tracing::info!(target: "shop", count = 3, name = "a cart", "items were {}", "added");
    tracing::debug!("left out");
    let lines = log.take();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].message, "items were added");
    assert_eq!(lines[0].fields["count"], "3");
    assert_eq!(
        lines[0].to_string(),
        "INFO shop: items were added, count=3, name=a cart"
    );
    assert_eq!(log.lines(), []);
}

#[test]
fn a_failed_assertion_shows_what_was_logged_instead() {
    let log = testing::record_logs();
    assert_eq!(
        failure(&log, |log| log.assert_logged(Level::WARN, "lost")),
        "expected a line of level WARN with \"lost\", found no lines"
    );
    tracing::info!(target: "shop", "items were lost");
    log.assert_no_warnings();
    assert_eq!(
        failure(&log, |log| log.assert_logged(Level::WARN, "lost")),
        "expected a line of level WARN with \"lost\", found these lines:\n  INFO shop: items were lost"
    );
    tracing::error!(target: "shop", "closed");
    assert_eq!(
        failure(&log, LogLines::assert_no_warnings),
        "expected no warning and no error, found these lines:\n  INFO shop: items were lost\n  \
         ERROR shop: closed"
    );
}

#[test]
fn other_threads_and_later_lines_are_not_recorded() {
    let log = testing::record_logs();
    thread::scope(|scope| {
        scope.spawn(|| tracing::warn!("of another test"));
    });
    log.assert_no_warnings();
    drop(log);
    let next = testing::record_logs();
    assert_eq!(next.lines(), []);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_entity_of_large_specs_is_recorded() {
    let log = testing::record_logs();
    let gates = (0..2_000).map(|number| format!("gate_{number}"));
    let specs = gates.fold(Specs::new(), |specs, name| {
        specs.gate(&name, |gate| gate.everyone())
    });
    let text = specs.to_json().expect("valid specs");
    let test = testing::client(text.clone()).await;
    log.assert_no_warnings();

    // Large specs after the first ones are compiled on another thread.
    let mut specs: Value = serde_json::from_str(&text).expect("JSON");
    specs["time"] = json!(specs["time"].as_u64().expect("a time") + 1);
    specs["feature_gates"]["gate_7"]["rules"] = json!("none");
    test.serve(specs.to_string()).await;
    log.assert_logged(Level::WARN, "gate_7");
}
