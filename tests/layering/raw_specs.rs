//! Tests describe specs with `statsig::testing::Specs`, and write JSON only to break it.

use std::fs;

use crate::sources::files;
use crate::{assert_none, repository};

/// Keys that only specs have. A text that writes one of them writes an entity, a rule, or the
/// whole.
const KEYS: [&str; 4] = ["condition_map", "entity", "passPercentage", "returnValue"];

/// Tests that need the JSON itself, and why.
const ALLOWED: [(&str, &str); 6] = [
    (
        "statsig-core/src/evaluation/tests/mod.rs",
        "specs that the service would not write: unsupported, in circles, changed at random",
    ),
    (
        "statsig-core/src/specs/proto/tests/mod.rs",
        "every field of the binary form, with odd values",
    ),
    (
        "statsig-local/src/specs.rs",
        "texts with syntax errors, or without a field",
    ),
    (
        "statsig-local/testdata/shop.json",
        "a file of specs, which the program reads",
    ),
    ("tests/hostile/specs_rows.rs", "broken and hostile answers"),
    (
        "tests/syncing/broken_parts.rs",
        "bytes that are not text, in the middle of specs",
    ),
];

/// Not tests: the writer, specs that examples show, and recorded specs.
const NOT_TESTS: [&str; 4] = [
    "statsig-core/src/authoring/write/",
    "examples/promo/specs.json",
    "statsig/src/docs/specs.json",
    "tests/conformance/data/",
];
/// This file contains the keys.
const OWN: &str = "tests/layering/raw_specs.rs";

#[test]
fn tests_describe_specs_instead_of_writing_json() {
    let mut found = Vec::new();
    for folder in [
        "statsig",
        "statsig-core",
        "statsig-local",
        "integrations",
        "examples",
        "tests",
    ] {
        for path in files(&repository().join(folder), &["rs", "json", "md"]) {
            let text = fs::read_to_string(&path).expect("a readable file");
            let name = path
                .strip_prefix(repository())
                .expect("a file of the repository");
            let name = name.display().to_string();
            let is_test = name != OWN && !NOT_TESTS.iter().any(|prefix| name.starts_with(prefix));
            if is_test && KEYS.iter().any(|key| writes(&text, key)) {
                found.push(name);
            }
        }
    }
    let allowed = ALLOWED.map(|(name, _)| name);
    let unexpected = found
        .iter()
        .filter(|name| !allowed.contains(&name.as_str()));
    let unexpected = unexpected.map(|name| {
        format!("{name}: writes specs as JSON; describe them with `statsig::testing::Specs`, and change what \
             `to_value` gives for the rest")
    });
    let outdated = allowed
        .iter()
        .filter(|name| !found.iter().any(|file| file == *name));
    let outdated =
        outdated.map(|name| format!("{name}: holds no specs any more; remove it from the list"));
    assert_none(&unexpected.chain(outdated).collect::<Vec<_>>());
}

/// Whether the text has this key of JSON with a value, also inside a literal.
fn writes(text: &str, key: &str) -> bool {
    let key = format!("\"{key}");
    text.split(&key).skip(1).any(|rest| {
        let rest = rest.strip_prefix('\\').unwrap_or(rest);
        rest.strip_prefix('"')
            .is_some_and(|rest| rest.trim_start().starts_with(':'))
    })
}

#[test]
fn specs_in_a_text_are_found() {
    for text in [
        r#"json!({"condition_map": {}})"#,
        r#""{\"condition_map\" : {}}""#,
    ] {
        assert!(writes(text, "condition_map"), "{text}");
    }
    for text in [
        r#"specs["condition_map"]["a"] = json!(1)"#,
        r#"json!({"condition_maps": {}})"#,
    ] {
        assert!(!writes(text, "condition_map"), "{text}");
    }
}
