//! Checks the structure in ARCHITECTURE.md against the parsed sources.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod circles;
mod exceptions;
mod names;
mod public_api;
mod raw_specs;
mod sources;
mod surface;
mod tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use circles::circles;
use exceptions::{CIRCLES, LONG_FILES, WIDE_COMMENTS};
use sources::{Named, Sources, rust_files};

/// The layers of the SDK, from the leaves up. A module may use its own layer and those below.
const LAYERS: &[&[&str]] = &[
    &[
        "user",
        "country",
        "value",
        "results",
        "engine_log",
        "error",
        "initialize_details",
        "clock",
        "text",
        "hash",
        "counters",
        "files",
        "targets",
        "guard",
        "mask",
        "process",
        "persistent",
        "once_per_generation",
    ],
    &[
        "specs",
        "events",
        "transport",
        "facts",
        "overrides",
        "request_overrides",
        "storage",
    ],
    &[
        "evaluation",
        "typed",
        "sources",
        "enrichment",
        "event_logging",
        "spool",
        "transport/http",
    ],
    &["client_init", "observability", "options", "shared"],
    &["actors"],
    &["client", "compat", "offline", "testing"],
];

/// The files that may use a crate, as prefixes of paths within `src`.
const CONFINED: &[(&str, &[&str])] = &[
    ("ractor", &["actors/actor.rs"]),
    ("statsig_country", &["country/shared_table.rs"]),
    ("reqwest", &["transport/http"]),
    ("rustls", &["transport/http"]),
    ("rustix", &["files.rs"]),
];

/// Modules that use no runtime and never read a clock.
const PURE: &[&str] = &[
    "client_init",
    "evaluation",
    "specs",
    "events",
    "typed",
    "user",
    "value",
    "results",
    "hash",
];

/// Modules that must not use each other, although their layers would allow it.
const STRANGERS: &[(&str, &str)] = &[
    ("evaluation", "events"),
    ("client_init", "events"),
    ("transport", "specs"),
    ("actors", "client"),
];

/// Names that read a clock, block, or need a runtime.
const IMPURE: &[&str] = &[
    "tokio",
    "ractor",
    "reqwest",
    "std::time::SystemTime",
    "std::time::Instant::now",
    "std::fs",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::thread",
];

const LONGEST_FILE: usize = 450;
const WIDEST_COMMENT: usize = 100;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).expect("a readable file")
}

/// The folders of the published packages.
fn published() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let members = manifest
        .lines()
        .find_map(|line| line.strip_prefix("members = "));
    let members = members.expect("a line with the members").split('"');
    members
        .filter(|part| part.starts_with(char::is_alphabetic))
        .filter(|folder| !read(&format!("{folder}/Cargo.toml")).contains("publish = false"))
        .map(str::to_owned)
        .collect()
}

static PUBLISHED: LazyLock<Vec<Sources>> = LazyLock::new(|| {
    let folders = published().into_iter();
    folders
        .map(|folder| Sources::read(&repository(), &folder))
        .collect()
});

fn sources(folder: &str) -> &'static Sources {
    let found = PUBLISHED.iter().find(|sources| sources.folder == folder);
    found.expect("a published package")
}

fn sdk() -> &'static Sources {
    sources("statsig")
}

/// The module of a file: its first folder, or its own name.
fn module_of(path: &str) -> &str {
    if path.starts_with("transport/http") {
        return "transport/http";
    }
    let first = path.split('/').next().unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

fn layer_of(path: &str) -> Option<usize> {
    let module = module_of(path);
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn every_module_has_its_layer() {
    let unknown: Vec<_> = sdk()
        .files
        .iter()
        .filter(|file| {
            !["lib.rs", "compat.rs", "docs/mod.rs"].contains(&&*file.path)
                && layer_of(&file.path).is_none()
        })
        .map(|file| format!("{}: no layer", file.path))
        .collect();
    assert_none(&unknown);
}

#[test]
fn imports_point_down() {
    let sdk = sdk();
    let mut violations = Vec::new();
    for mention in &sdk.mentions {
        let Named::File(to) = mention.to else {
            continue;
        };
        let (from, to) = (&sdk.files[mention.from].path, &sdk.files[to].path);
        if let (Some(own), Some(layer)) = (layer_of(from), layer_of(to))
            && layer > own
        {
            violations.push(format!(
                "{from}:{}: uses {to}, which is above",
                mention.line
            ));
        }
    }
    assert_none(&violations);
}

#[test]
fn strangers_do_not_meet() {
    let sdk = sdk();
    let mut violations = Vec::new();
    for mention in &sdk.mentions {
        let Named::File(to) = mention.to else {
            continue;
        };
        let (from, to) = (&sdk.files[mention.from].path, &sdk.files[to].path);
        if STRANGERS.contains(&(module_of(from), module_of(to))) {
            violations.push(format!("{from}:{}: uses {to}", mention.line));
        }
    }
    assert_none(&violations);
}

/// The paths into other crates that a file uses.
fn foreign(sources: &Sources) -> Vec<(String, usize, String)> {
    let mentions = sources.mentions.iter();
    mentions
        .filter_map(|mention| match &mention.to {
            Named::File(_) => None,
            Named::Foreign(path) => {
                let from = sources.files[mention.from].path.clone();
                Some((from, mention.line, path.join("::")))
            }
        })
        .collect()
}

fn is_within(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn crates_stay_where_they_belong() {
    let mut violations = Vec::new();
    for (from, line, path) in foreign(sdk()) {
        for (name, homes) in CONFINED {
            if is_within(&path, name) && !homes.iter().any(|home| from.starts_with(home)) {
                violations.push(format!("{from}:{line}: names {path}"));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn the_core_is_pure() {
    let mut violations = Vec::new();
    for (from, line, path) in foreign(sdk()) {
        if PURE.contains(&module_of(&from)) && IMPURE.iter().any(|name| is_within(&path, name)) {
            violations.push(format!("{from}:{line}: names {path}"));
        }
    }
    assert_none(&violations);
}

#[test]
fn imports_form_no_circle() {
    let allowed: BTreeSet<_> = CIRCLES
        .iter()
        .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
        .collect();
    let mut found = Vec::new();
    for sources in PUBLISHED.iter() {
        for circle in circles(sources, &allowed) {
            found.push(format!("{}: {}", sources.folder, circle.report()));
        }
    }
    assert_none(&found);
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for sources in PUBLISHED.iter() {
        for file in &sources.files {
            if file.shipped_lines > LONGEST_FILE && !LONG_FILES.contains(&&*file.path) {
                found.push(format!(
                    "{}/src/{}: {} lines without its tests, more than {LONGEST_FILE}",
                    sources.folder, file.path, file.shipped_lines
                ));
            }
        }
    }
    assert_none(&found);
}

#[test]
fn comments_are_narrow() {
    let mut found = Vec::new();
    for folder in [
        "statsig",
        "statsig-core",
        "statsig-macros",
        "statsig-local",
        "integrations",
        "examples",
        "tests",
        "benches",
        "fuzz",
    ] {
        let mut wide = Vec::new();
        for path in rust_files(&repository().join(folder)) {
            let text = fs::read_to_string(&path).expect("a readable source");
            for (number, line) in text.lines().enumerate() {
                let is_comment = line.trim_start().starts_with("//");
                // A long address cannot be wrapped.
                let breaks = line.trim_start().matches(' ').count() > 1;
                if is_comment && breaks && line.chars().count() > WIDEST_COMMENT {
                    wide.push(format!("{}:{}", path.display(), number + 1));
                }
            }
        }
        let exempt = WIDE_COMMENTS.iter().find(|(name, _)| *name == folder);
        let most = exempt.map_or(0, |(_, most)| *most);
        if wide.len() > most {
            found.push(format!(
                "{} comments in {folder} exceed {WIDEST_COMMENT} columns, {most} may:\n{}",
                wide.len(),
                wide.join("\n")
            ));
        }
    }
    assert_none(&found);
}

/// The transport of a test with servers can reach any address.
#[test]
fn tests_with_sockets_build_their_options_by_local_options() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in rust_files(tests) {
        let text = fs::read_to_string(&path).expect("a readable source");
        let has_sockets = ["LocalStatsig", "TcpListener", "RedisServer"]
            .iter()
            .any(|name| text.contains(name));
        // This file only contains the names.
        if has_sockets && !path.ends_with("layering/main.rs") {
            assert!(
                !text.contains("StatsigOptions::builder()"),
                "{}: use `statsig_tests::local_options`",
                path.display()
            );
        }
    }
}
