//! The scenarios of the OpenFeature specification, through its client for Rust.
//!
//! `OPENFEATURE_SCENARIOS_DIR` names the folder with `*.feature` and `test-flags.json`; otherwise
//! it is `../shared/openfeature` beside the repository.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking, and say what they found"
)]

mod flags;
mod gherkin;
mod hooks;
mod skips;
mod steps;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gherkin::Case;
use serde_json::Value;
use world::World;

/// The number of cases of the specification's version that we know. Fewer would be a mistake of the
/// parser.
const KNOWN_CASES: usize = 132;

fn directory() -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("OPENFEATURE_SCENARIOS_DIR") {
        let directory = PathBuf::from(directory);
        let flags = directory.join("test-flags.json");
        assert!(flags.is_file(), "expected {}", flags.display());
        return Some(directory);
    }
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = package.join("../../../shared/openfeature");
    beside.join("test-flags.json").is_file().then_some(beside)
}

fn cases(directory: &Path) -> Vec<Case> {
    let entries = fs::read_dir(directory).expect("a readable folder");
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "feature"));
    files.sort();
    let read = |file: &PathBuf| gherkin::cases(&fs::read_to_string(file).expect("a readable file"));
    files.iter().flat_map(read).collect()
}

#[tokio::test(start_paused = true)]
async fn scenarios_of_the_specification() {
    let Some(directory) = directory() else {
        println!("skipped: neither $OPENFEATURE_SCENARIOS_DIR nor ../shared/openfeature exists");
        return;
    };
    let flags = fs::read_to_string(directory.join("test-flags.json")).expect("a readable file");
    let flags: Value = serde_json::from_str(&flags).expect("JSON");
    let cases = cases(&directory);
    assert!(cases.len() >= KNOWN_CASES, "found {} cases", cases.len());
    let mut passed = 0;
    let mut skipped = BTreeMap::<&str, usize>::new();
    let mut failures = Vec::new();
    for case in &cases {
        let outcome = run(case, &flags).await;
        match (outcome, skips::reason(case)) {
            (Ok(()), None) => passed += 1,
            (Err(_), Some(reason)) => *skipped.entry(reason).or_default() += 1,
            (Ok(()), Some(reason)) => {
                failures.push(format!("{case}: passes, so remove its skip: {reason}"));
            }
            (Err(problem), None) => failures.push(format!("{case}: {problem}")),
        }
    }
    for (reason, count) in &skipped {
        println!("skipped {count}: {reason}");
    }
    for failure in &failures {
        println!("failed: {failure}");
    }
    println!(
        "OpenFeature scenarios: {passed} passed, {} failed, {} skipped of {} cases",
        failures.len(),
        skipped.values().sum::<usize>(),
        cases.len()
    );
    assert!(failures.is_empty());
}

async fn run(case: &Case, flags: &Value) -> Result<(), String> {
    let mut world = World::new(flags);
    for step in &case.steps {
        let ran = steps::run(&mut world, step).await;
        ran.map_err(|problem| format!("{:?}: {problem}", step.text))?;
    }
    Ok(())
}
