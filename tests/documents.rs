//! Checks that the files in the documents for contributors exist.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// Abbreviations in ARCHITECTURE.md.
const PREFIXES: [(&str, &str); 2] = [
    ("core/", "statsig-core/src/"),
    ("macros/", "statsig-macros/src/"),
];
/// Paths with these beginnings are relative to the repository. All others are relative to the SDK's
/// sources.
const FROM_ROOT: [&str; 9] = [
    ".ci/",
    "benches/",
    "examples/",
    "fuzz/",
    "integrations/",
    "statsig",
    "tests/",
    "clippy.toml",
    "README.md",
];

#[test]
fn every_path_in_architecture_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let missing: Vec<&str> = paths(&text)
        .filter(|path| !location(&root, path).exists())
        .collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md names paths that do not exist: {missing:#?}"
    );
}

/// The code spans that are paths of files or folders.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    let spans = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    spans.filter(|span| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        span.chars().all(is_path) && (span.ends_with(".rs") || span.ends_with('/'))
    })
}

fn location(root: &Path, path: &str) -> PathBuf {
    let short = PREFIXES
        .iter()
        .find_map(|(short, long)| Some(format!("{long}{}", path.strip_prefix(short)?)));
    if let Some(path) = short {
        return root.join(path);
    }
    if FROM_ROOT.iter().any(|first| path.starts_with(first)) {
        return root.join(path);
    }
    root.join("statsig/src").join(path)
}
