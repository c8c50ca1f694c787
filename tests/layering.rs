//! Imports point one way: what the architecture promises, read off the sources.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers of the SDK, from the leaves up. A module may use its own layer and those below.
const LAYERS: &[&[&str]] = &[
    &[
        "user",
        "country",
        "value",
        "results",
        "error",
        "clock",
        "text",
        "hash",
        "counters",
        "striped",
        "files",
        "targets",
        "guard",
        "mask",
        "process",
        "persistent",
        "told_once",
    ],
    &["specs", "events", "transport", "overrides", "sticky"],
    &[
        "evaluation",
        "typed",
        "sources",
        "sinks",
        "spool",
        "transport/http",
    ],
    &["client_init", "observability", "options", "shared"],
    &["actors"],
    &["client", "testing"],
];

/// Who may name a crate: a prefix of the path within `src`.
const CONFINED: &[(&str, &[&str])] = &[
    ("ractor", &["actors/"]),
    ("statsig_country", &["country/shared_table.rs"]),
    ("reqwest", &["transport/http"]),
    (
        "rustls",
        &["sources/data_store/redis/connection.rs", "transport/http"],
    ),
    ("redis", &["sources/data_store"]),
    ("rustix", &["files.rs"]),
    ("tonic", &["sources/grpc/connection.rs"]),
];

/// Modules that know no runtime and never read a clock.
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

/// Modules that must not know each other, although their layers would allow it.
const STRANGERS: &[(&str, &str)] = &[
    ("evaluation", "events"),
    ("client_init", "events"),
    ("transport", "specs"),
    ("actors", "client"),
];

struct Source {
    /// The path within its root, such as `specs/parse.rs`.
    path: String,
    lines: Vec<String>,
}

/// Those of the SDK.
fn sources() -> Vec<Source> {
    sources_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../statsig/src"))
}

fn sources_in(root: &Path) -> Vec<Source> {
    fn visit(folder: &Path, root: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path: PathBuf = entry.expect("a readable entry").path();
            if path.is_dir() {
                visit(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a readable source");
                let path = path
                    .strip_prefix(root)
                    .expect("inside of the root")
                    .to_string_lossy()
                    .replace('\\', "/");
                // Included by doctests, and no module.
                if path.starts_with("docs/") {
                    continue;
                }
                found.push(Source {
                    path,
                    lines: text.lines().map(str::to_owned).collect(),
                });
            }
        }
    }

    let mut found = Vec::new();
    visit(root, root, &mut found);
    assert!(
        found.len() > 20,
        "expected sources in {}, found {} files",
        root.display(),
        found.len()
    );
    found
}

impl Source {
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn layer(&self) -> Option<usize> {
        if self.path.starts_with("transport/http") {
            return layer_of("transport/http");
        }
        layer_of(self.module())
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    /// Lines of code, without comments and without the unit tests that end a file.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines
            .iter()
            .enumerate()
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
            .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default()))
    }

    /// The modules of the crate that the code names.
    fn uses(&self) -> Vec<(usize, String)> {
        let mut used = Vec::new();
        for (number, line) in self.code() {
            for part in line.split("crate::").skip(1) {
                let module: String = part
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let is_http = module == "transport" && part.starts_with("transport::http");
                used.push((
                    number,
                    if is_http {
                        "transport/http".to_owned()
                    } else {
                        module
                    },
                ));
            }
        }
        used
    }
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn every_module_has_its_layer() {
    let unknown: Vec<_> = sources()
        .iter()
        .filter(|source| source.path != "lib.rs" && source.layer().is_none())
        .map(|source| format!("{}: no layer", source.path))
        .collect();
    assert_none(&unknown);
}

#[test]
fn imports_point_down() {
    let mut violations = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.path != "lib.rs" && !source.is_test())
    {
        let own = source.layer();
        for (number, used) in source.uses() {
            if let (Some(own), Some(layer)) = (own, layer_of(&used))
                && layer > own
            {
                violations.push(format!(
                    "{}:{number}: uses {used}, which lies above",
                    source.path
                ));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn crates_stay_where_they_belong() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (number, line) in source.code() {
            for (name, homes) in CONFINED {
                let is_home = homes.iter().any(|home| source.path.starts_with(home));
                if !is_home && line.contains(&format!("{name}::")) {
                    violations.push(format!("{}:{number}: names {name}", source.path));
                }
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn the_core_is_pure() {
    const FORBIDDEN: &[&str] = &[
        "tokio::",
        "ractor::",
        "reqwest::",
        "SystemTime",
        "Instant::now",
        "now_ms()",
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::thread",
    ];
    let mut violations = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| PURE.contains(&source.module()) && !source.is_test())
    {
        for (number, line) in source.code() {
            for forbidden in FORBIDDEN
                .iter()
                .filter(|forbidden| line.contains(**forbidden))
            {
                violations.push(format!("{}:{number}: {forbidden}", source.path));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn strangers_do_not_meet() {
    let strangers: BTreeMap<_, _> = STRANGERS.iter().copied().collect();
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (number, used) in source.uses() {
            if strangers.get(source.module()) == Some(&used.as_str()) {
                violations.push(format!("{}:{number}: uses {used}", source.path));
            }
        }
    }
    assert_none(&violations);
}

/// A test that starts servers has a transport that could reach anybody.
#[test]
fn tests_with_sockets_build_their_options_by_local_options() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    for source in sources_in(tests) {
        let text = source.lines.join("\n");
        let has_sockets = ["LocalStatsig", "TcpListener", "RedisServer"]
            .iter()
            .any(|name| text.contains(name));
        // This file but names it.
        if has_sockets && source.path != "layering.rs" {
            assert!(
                !text.contains("StatsigOptions::builder()"),
                "{}: use `statsig_tests::local_options`",
                source.path
            );
        }
    }
}
