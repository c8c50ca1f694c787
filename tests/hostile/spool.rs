//! A hostile disk: unexpected files in the spool's directory.

use std::fs::{File, OpenOptions};
use std::sync::Arc;
use std::time::Duration;

use statsig::sources::BootstrapSpecs;
use statsig::{Event, Statsig, StatsigUser};

use super::server::{Route, Server, json as body, status};
use super::{KEY, MEMORY_BOUND, Memory, TURN, options};

/// The largest size of a segment.
const SPARSE_BYTES: u64 = 255 * 1024 * 1024;

async fn client(server: &Server, directory: &std::path::Path) -> Statsig {
    let options = options(server)
        .specs_adapter(Arc::new(BootstrapSpecs::new(r#"{"has_updates": false}"#)))
        .event_spool(directory);
    let statsig = Statsig::new(KEY, options.build().unwrap());
    // There are no specs, and the test needs none.
    let _ = statsig.initialize().await;
    statsig
}

#[tokio::test]
async fn a_segment_that_claims_to_be_huge_is_read_in_bounded_memory() {
    let _turn = TURN.lock().await;
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    server.set(Route::Events, status("503 Away", ""));
    let statsig = client(&server, directory.path()).await;
    for _ in 0..3 {
        statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("purchase"));
    }
    assert_eq!(statsig.flush_events().await.unwrap().spooled, 3);
    statsig.shutdown().await.unwrap();
    drop(statsig);
    let segment = directory
        .path()
        .read_dir()
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let file: File = OpenOptions::new().write(true).open(segment.path()).unwrap();
    file.set_len(SPARSE_BYTES).unwrap();
    drop(file);

    server.set(Route::Events, body(r#"{"success":true}"#));
    let memory = Memory::watch();
    let statsig = client(&server, directory.path()).await;
    while statsig.event_stats().delivered < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    memory.assert_bounded("a sparse segment", MEMORY_BOUND);
    statsig.shutdown().await.unwrap();
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}
