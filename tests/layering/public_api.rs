//! Compares all public names of our libraries with the lists in `tests/public_api`.
//!
//! `UPDATE_PUBLIC_API=1 cargo test -p statsig-tests --test layering public_api` writes the lists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::sources::{Sources, Target};
use super::{PUBLISHED, assert_none};

/// Implementation details of the SDK. Applications do not use them.
const EXEMPT: &[&str] = &["statsig-core", "statsig-macros"];

/// The key of an item: the crate's index in `PUBLISHED`, the module and the name.
type Key = (usize, usize, String);

#[derive(Default)]
struct Listing {
    /// The paths of each item, and the features that each path needs.
    paths: BTreeMap<Key, BTreeSet<(usize, String, String)>>,
    /// Modules, and items of foreign crates.
    others: BTreeSet<String>,
}

impl Listing {
    /// Adds the public items of a module, under a path that needs some features.
    fn add(&mut self, krate: usize, module: usize, path: &str, gate: &str) {
        let sources = &PUBLISHED[krate];
        let surface = sources.surface(module);
        for name in surface.items.keys() {
            self.add_item(
                (krate, module, name.clone()),
                &format!("{path}::{name}"),
                gate,
            );
        }
        for (name, own_gate) in &surface.modules {
            let path = format!("{path}::{name}");
            let gate = format!("{gate}{own_gate}");
            self.others.insert(format!("{gate}mod {path}"));
            self.add(krate, sources.child(module, name), &path, &gate);
        }
        for reexport in sources.reexports(module) {
            let gate = format!("{gate}{}", reexport.gate);
            let alias = reexport.alias.as_deref();
            let path = alias.map_or(path.to_owned(), |alias| format!("{path}::{alias}"));
            match target(krate, module, &reexport.path) {
                (krate, Target::Item { module, name, .. }) => {
                    self.add_item((krate, module, name), &path, &gate);
                }
                (krate, Target::Module(module)) => {
                    if alias.is_some() {
                        self.others.insert(format!("{gate}mod {path}"));
                    }
                    self.add(krate, module, &path, &gate);
                }
                (_, Target::Elsewhere(foreign)) => {
                    let glob = if alias.is_some() { "" } else { "::*" };
                    let foreign = foreign.join("::");
                    self.others
                        .insert(format!("{gate}use {path} = {foreign}{glob}"));
                }
            }
        }
    }

    fn add_item(&mut self, key: Key, path: &str, gate: &str) {
        if PUBLISHED[key.0].surface(key.1).hidden.contains(&key.2) {
            return;
        }
        let depth = path.matches("::").count();
        let paths = self.paths.entry(key).or_default();
        paths.insert((depth, path.to_owned(), gate.to_owned()));
    }

    /// A block for each item: its shortest path, its other paths, and its members.
    fn text(self) -> String {
        let mut members = members();
        let mut blocks: Vec<String> = self.others.into_iter().collect();
        for (key, paths) in self.paths {
            let mut paths = paths.into_iter();
            let Some((_, path, gate)) = paths.next() else {
                continue;
            };
            let (krate, module, name) = &key;
            let surface = PUBLISHED[*krate].surface(*module);
            let mut lines: BTreeSet<String> = BTreeSet::new();
            let head = match surface.items.get(name) {
                Some(shown) => {
                    lines.extend(shown.members.iter().cloned());
                    format!("{gate}{}{path}{}", shown.before, shown.after)
                }
                // A macro defines this item.
                None => format!("{gate}item {path}"),
            };
            lines.extend(members.remove(&key).unwrap_or_default());
            lines.extend(paths.map(|(_, path, gate)| format!("also {gate}{path}")));
            let lines: String = lines.iter().map(|line| format!("\n    {line}")).collect();
            blocks.push(head + &lines);
        }
        blocks.sort_by_key(|block| {
            // Sorted by path, so that the features and the kind of an item do not change its place.
            let head = block.lines().next().unwrap_or_default();
            let start = head.find("statsig").unwrap_or_default();
            (head[start..].to_owned(), head.to_owned())
        });
        blocks.join("\n") + "\n"
    }
}

/// The target of a path within a module, in this crate or in another of ours.
fn target(krate: usize, module: usize, path: &[String]) -> (usize, Target) {
    match PUBLISHED[krate].resolve(module, path, 0) {
        Target::Elsewhere(path) => {
            let other = PUBLISHED.iter().position(|it| library(it) == path[0]);
            match other.filter(|&other| other != krate) {
                Some(other) => {
                    let mut within = vec!["crate".to_owned()];
                    within.extend_from_slice(&path[1..]);
                    target(other, 0, &within)
                }
                None => (krate, Target::Elsewhere(path)),
            }
        }
        found => (krate, found),
    }
}

/// The functions and traits of all types.
fn members() -> BTreeMap<Key, BTreeSet<String>> {
    let mut members: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    for (krate, sources) in PUBLISHED.iter().enumerate() {
        for module in 0..sources.module_count() {
            for implementation in &sources.surface(module).implementations {
                let found = target(krate, module, &implementation.of);
                if let (krate, Target::Item { module, name, .. }) = found {
                    let members = members.entry((krate, module, name)).or_default();
                    members.extend(implementation.members.iter().cloned());
                }
            }
        }
    }
    members
}

/// The name of a package's library.
fn library(sources: &Sources) -> String {
    let folder = sources.folder.replace('-', "_");
    match folder.strip_prefix("integrations/") {
        Some(name) => format!("statsig_{name}"),
        None => folder,
    }
}

#[test]
fn public_api() {
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("public_api");
    let is_update = std::env::var_os("UPDATE_PUBLIC_API").is_some();
    let mut changes = Vec::new();
    for (krate, sources) in PUBLISHED.iter().enumerate() {
        if EXEMPT.contains(&&*sources.folder) {
            continue;
        }
        let library = library(sources);
        let mut listing = Listing::default();
        listing.add(krate, 0, &library, "");
        let found = listing.text();
        let file = lists.join(format!("{library}.txt"));
        if is_update {
            fs::create_dir_all(&lists).expect("a folder for the lists");
            fs::write(&file, found).expect("a writable list");
            continue;
        }
        let recorded = fs::read_to_string(&file).unwrap_or_default();
        let (recorded, found) = (with_heads(&recorded), with_heads(&found));
        changes.extend(recorded.difference(&found).map(|line| format!("- {line}")));
        changes.extend(found.difference(&recorded).map(|line| format!("+ {line}")));
    }
    if !changes.is_empty() {
        // A removal stands beside its replacement.
        changes.sort_by(|one, other| one[2..].cmp(&other[2..]));
        changes.push(
            "The public API changed. Is it meant to, and compatible? CHANGELOG.md has a line? Then \
             UPDATE_PUBLIC_API=1 cargo test -p statsig-tests --test layering public_api"
                .to_owned(),
        );
    }
    assert_none(&changes);
}

/// Each line with the head of its item.
fn with_heads(list: &str) -> BTreeSet<String> {
    let mut head = "";
    list.lines()
        .map(|line| match line.strip_prefix("    ") {
            Some(member) => format!("{head}: {member}"),
            None => {
                head = line;
                line.to_owned()
            }
        })
        .collect()
}
