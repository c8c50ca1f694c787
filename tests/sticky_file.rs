//! Sticky assignments in a file.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::fs;

use serde_json::{Value, json};
use statsig::storage::{
    FilePersistentStorage, PersistentStorage, PersistentStorageError, StickyValues,
};

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
    assert!(
        names
            .iter()
            .all(|name| name == "sticky.json" || name == "sticky.json.lock"),
        "nothing else is left beside the file: {names:?}"
    );
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
fn a_directory_that_does_not_exist_is_reported_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("missing").join("sticky.json");
    let problem = FilePersistentStorage::open(&path).expect_err("no directory");
    assert!(
        matches!(problem, PersistentStorageError::Unreadable { .. }),
        "{problem}"
    );
}

#[test]
fn a_failed_write_is_reported_and_tried_again() {
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

#[test]
fn storages_on_one_file_lose_nothing_of_each_other() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sticky.json");
    let one = FilePersistentStorage::open(&path).expect("a storage");
    one.save("gone:userID", "first", values("A"));
    one.flush().expect("a written file");
    let two = FilePersistentStorage::open(&path).expect("another storage");
    let save_many = |storage: &FilePersistentStorage, whose: &str| {
        for user in 0..500 {
            storage.save(&format!("{whose}{user}:userID"), "first", values(whose));
            storage.save("both:userID", whose, values(whose));
            if user % 50 == 0 {
                storage.flush().expect("a written file");
            }
        }
        storage.flush().expect("a written file");
    };
    std::thread::scope(|scope| {
        scope.spawn(|| save_many(&one, "one"));
        scope.spawn(|| save_many(&two, "two"));
    });
    two.delete("gone:userID", "first");
    two.flush().expect("a written file");
    one.save("last:userID", "first", values("A"));
    one.flush().expect("a written file");

    let text = fs::read_to_string(&path).expect("the file");
    let written: Value = text.parse().expect("JSON");
    assert_eq!(written.as_object().expect("an object").len(), 1_002);
    assert_eq!(
        written["both:userID"].as_object().expect("an object").len(),
        2
    );
    // After its next write, a storage knows the writes of the other one.
    assert_eq!(one.load("two499:userID")["first"], values("two"));
    assert!(one.load("gone:userID").is_empty());
}

#[test]
fn what_another_process_broke_is_named_and_not_overwritten() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sticky.json");
    let storage = FilePersistentStorage::open(&path).expect("a new storage");
    storage.save("u1:userID", "first", values("A"));
    storage.flush().expect("a written file");
    fs::write(&path, "not JSON").expect("a file");
    storage.save("u1:userID", "second", values("B"));
    let problem = storage.flush().expect_err("a broken file");
    assert!(
        matches!(problem, PersistentStorageError::Corrupt { .. }),
        "{problem}"
    );
    assert_eq!(storage.load("u1:userID").len(), 2);
    fs::remove_file(&path).expect("a file");
    storage.flush().expect("a written file");
    let text = fs::read_to_string(&path).expect("the file");
    assert!(text.contains("first") && text.contains("second"), "{text}");
}
