//! Sticky assignments in a file.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::fs;

use serde_json::{Value, json};
use statsig::{FilePersistentStorage, PersistentStorage, PersistentStorageError, StickyValues};

fn values(group: &str) -> StickyValues {
    let values = json!({"value": true, "group_name": group, "secondary_exposures": [], "time": 7});
    serde_json::from_value(values).expect("sticky values")
}

#[test]
fn what_was_saved_survives_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sticky.json");
    {
        let storage = FilePersistentStorage::open(&path).expect("a new storage");
        assert!(storage.load("u1:userID").is_empty());
        storage.save("u1:userID", "first", values("A"));
        storage.save("u1:userID", "second", values("B"));
        storage.save("u2:userID", "first", values("A"));
        storage.save("u1:userID", "first", values("C"));
        storage.delete("u2:userID", "first");
        storage.delete("u3:userID", "first");
    }
    let storage = FilePersistentStorage::open(&path).expect("the same storage");
    let loaded = storage.load("u1:userID");
    assert_eq!(loaded.len(), 2);
    assert_eq!(loaded["first"], values("C"));
    assert_eq!(loaded["second"], values("B"));
    assert!(storage.load("u2:userID").is_empty());
    let names: Vec<_> = fs::read_dir(&directory)
        .expect("the directory")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(names, ["sticky.json"], "nothing is left beside the file");
}

#[test]
fn a_flush_waits_until_the_file_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sticky.json");
    let storage = FilePersistentStorage::open(&path).expect("a new storage");
    storage.flush().expect("nothing to write");
    assert!(!path.exists(), "nothing to write, so nothing is written");
    for round in ["A", "B", "C"] {
        storage.save("u1:userID", "first", values(round));
        storage.flush().expect("a written file");
        let text = fs::read_to_string(&path).expect("the file");
        let written: Value = text.parse().expect("JSON");
        assert_eq!(written["u1:userID"]["first"]["group_name"], round);
    }
}

#[test]
fn a_corrupt_file_is_named_and_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sticky.json");
    for text in [
        "",
        "{\"u1:userID\": {\"first\": ",
        "[1]",
        "{\"u1:userID\": {\"first\": {}}}",
    ] {
        fs::write(&path, text).expect("a file");
        let problem = FilePersistentStorage::open(&path).expect_err(text);
        assert!(
            matches!(problem, PersistentStorageError::Corrupt { .. }),
            "{problem}"
        );
        let message = problem.to_string();
        assert!(message.contains("sticky.json"), "{message}");
        assert!(message.contains("line 1"), "{message}");
        assert_eq!(fs::read_to_string(&path).expect("the file"), text);
    }
}

#[test]
fn a_directory_that_does_not_exist_is_told_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("missing").join("sticky.json");
    let problem = FilePersistentStorage::open(&path).expect_err("no directory");
    assert!(
        matches!(problem, PersistentStorageError::Unreadable { .. }),
        "{problem}"
    );
}

#[test]
fn a_failed_write_is_told_and_tried_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let inner = directory.path().join("inner");
    fs::create_dir(&inner).expect("a directory");
    let path = inner.join("sticky.json");
    let storage = FilePersistentStorage::open(&path).expect("a new storage");
    fs::remove_dir(&inner).expect("an empty directory");

    storage.save("u1:userID", "first", values("A"));
    let problem = storage.flush().expect_err("nowhere to write to");
    assert!(
        matches!(problem, PersistentStorageError::NotWritten { .. }),
        "{problem}"
    );
    assert!(storage.load("u1:userID").contains_key("first"));

    fs::create_dir(&inner).expect("a directory");
    storage.flush().expect("a written file");
    assert!(path.exists());
}
