//! Files of the SDK: only their owner can read them, and the SDK removes leftovers of a killed
//! writer.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use statsig::event_logging::FileEvents;
use statsig::sources::{DataStore, FileDataStore, FileSpecs};
use statsig::storage::{FilePersistentStorage, PersistentStorage, StickyValues};
use statsig::testing::{Answer, Endpoint, ScriptedTransport, Specs};
use statsig::{Event, Statsig, StatsigOptions, StatsigUser};

const KEY: &str = "secret-key";

/// Specs without entities.
fn specs() -> String {
    Specs::new().to_json().expect("valid specs")
}

/// The permissions of all entries below a directory, by name.
fn modes(directory: &Path) -> BTreeMap<String, u32> {
    let mut modes = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let metadata = fs::symlink_metadata(&path).expect("an entry");
        modes.insert(
            path.to_string_lossy().into_owned(),
            metadata.permissions().mode() & 0o777,
        );
        if metadata.is_dir() {
            modes.extend(self::modes(&path));
        }
    }
    modes
}

async fn client(
    set: impl FnOnce(statsig::StatsigOptionsBuilder) -> statsig::StatsigOptionsBuilder,
) -> (Statsig, Arc<ScriptedTransport>) {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs());
    let options = StatsigOptions::builder()
        .transport(network.clone())
        .disable_diagnostics(true);
    let statsig = Statsig::new(KEY, set(options).build().expect("valid options"));
    statsig.initialize().await.expect("specs");
    (statsig, network)
}

#[tokio::test]
async fn only_their_owner_can_read_the_files_that_the_sdk_writes() {
    let directory = tempfile::tempdir().expect("a directory");
    let below = |name: &str| directory.path().join(name);

    let storage = FilePersistentStorage::open(below("sticky.json")).expect("a new storage");
    storage.save("u1:userID", "first", StickyValues::default());
    storage.flush().expect("a written file");

    let store = FileDataStore::new(below("store/below"));
    store.set("a|key|x", "value", None).await.expect("written");

    let spool = below("spool/below");
    let (statsig, network) = client(|options| options.event_spool(&spool)).await;
    network.always(Endpoint::Events, Answer::status(503));
    statsig.log_event(&StatsigUser::with_user_id("u"), Event::new("e"));
    assert_eq!(statsig.flush_events().await.expect("stats").spooled, 1);
    let specs = below("specs/below");
    assert!(
        statsig
            .fetch_and_write_to_file(&specs)
            .await
            .expect("specs")
    );

    fs::create_dir(below("events")).expect("a directory");
    fs::set_permissions(below("events"), fs::Permissions::from_mode(0o700)).expect("ours");
    let events = Arc::new(FileEvents::new(KEY, below("events")));
    let (statsig, _) = client(|options| options.event_logging_adapter(events)).await;
    statsig.log_event(&StatsigUser::with_user_id("u"), Event::new("e"));
    assert_eq!(statsig.flush_events().await.expect("stats").delivered, 1);

    let modes = modes(directory.path());
    // Five files and seven directories, and a lock.
    assert!(modes.len() >= 12, "{modes:?}");
    for (path, mode) in modes {
        let expected = if Path::new(&path).is_dir() {
            0o700
        } else {
            0o600
        };
        assert_eq!(mode, expected, "{path}: {mode:o}");
    }
}

/// The leftover of a writer that was killed before it replaced this file.
fn leftover(beside: &Path) -> std::path::PathBuf {
    let mut name = beside.as_os_str().to_owned();
    name.push(".0123456789abcdef0123456789abcdef.tmp");
    fs::write(&name, "half").expect("a file");
    name.into()
}

#[tokio::test]
async fn what_killed_writers_left_is_removed_by_the_next_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sticky.json");
    let theirs = directory.path().join("theirs.0123.tmp");
    fs::write(&theirs, "of somebody else").expect("a file");
    let left = leftover(&path);
    drop(FilePersistentStorage::open(&path).expect("a new storage"));
    assert!(!left.exists());

    let store = FileDataStore::new(directory.path().join("store"));
    store.set("a|key|x", "value", None).await.expect("written");
    let value = fs::read_dir(directory.path().join("store"))
        .expect("the store")
        .next();
    let left = leftover(&value.expect("a value").expect("an entry").path());
    let next = FileDataStore::new(directory.path().join("store"));
    next.set("another", "value", None).await.expect("written");
    assert!(!left.exists());

    let (statsig, _) = client(|options| options).await;
    let file = FileSpecs::in_directory(directory.path(), KEY);
    let left = leftover(file.path());
    statsig
        .fetch_and_write_to_file(directory.path())
        .await
        .expect("specs");
    assert!(!left.exists());
    assert!(theirs.exists());
}

#[tokio::test]
async fn a_pipe_in_place_of_a_file_is_an_error_and_holds_nobody_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());

    let problem = FilePersistentStorage::open(&pipe).expect_err("no file");
    assert!(problem.to_string().contains("regular file"), "{problem}");

    let options = StatsigOptions::builder().specs_adapter(Arc::new(FileSpecs::new(&pipe)));
    let statsig = Statsig::new(KEY, options.build().expect("valid options"));
    let problem = statsig.initialize().await.expect_err("no specs");
    assert!(problem.to_string().contains("regular file"), "{problem}");

    let events = Arc::new(FileEvents::new(KEY, directory.path()));
    fs::rename(&pipe, events.path()).expect("another name");
    let (statsig, _) = client(|options| options.event_logging_adapter(events)).await;
    statsig.log_event(&StatsigUser::with_user_id("u"), Event::new("e"));
    let stats = statsig.flush_events().await.expect("stats");
    assert_eq!((stats.delivered, stats.pending), (0, 1));
}
