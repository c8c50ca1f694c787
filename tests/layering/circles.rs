//! Circles of imports. The files and folders in one folder must form none.
//!
//! A folder counts as one unit, so that all its files together must depend on its neighbours in one
//! direction only. `mod.rs` is a part of its folder: it may use the files beside it, and they may
//! use its items.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::sources::{File, Named, Sources};

/// For each folder, the pairs of its members where one uses the other, and the places where it
/// does.
type Edges = BTreeMap<(String, String), Vec<String>>;

#[derive(Debug)]
pub(crate) struct Circle {
    /// The files and folders. Each uses the next one; the last one uses the first.
    members: Vec<String>,
    /// For each member, the places where it uses the next one.
    places: Vec<Vec<String>>,
}

impl Circle {
    /// `a.rs → b.rs → a.rs`
    pub(crate) fn chain(&self) -> String {
        let mut chain = self.members.join(" → ");
        chain.push_str(" → ");
        chain.push_str(&self.members[0]);
        chain
    }

    /// The chain and the lines that make it.
    pub(crate) fn report(&self) -> String {
        let mut report = self.chain();
        for places in &self.places {
            report.push_str("\n    ");
            report.push_str(&places[..places.len().min(3)].join(", "));
            if places.len() > 3 {
                report.push_str(&format!(", and {} more", places.len() - 3));
            }
        }
        report
    }

    /// The step with the fewest lines, as `a.rs → b.rs`: probably the one to remove.
    pub(crate) fn weakest(&self) -> (String, String) {
        let weakest = (0..self.members.len()).min_by_key(|&step| self.places[step].len());
        let from = weakest.expect("a circle has members");
        let to = (from + 1) % self.members.len();
        (self.members[from].clone(), self.members[to].clone())
    }
}

/// The shortest circles. Removes the weakest step of each until there are none. Ignores the steps
/// in `allowed`.
pub(crate) fn circles(sources: &Sources, allowed: &BTreeSet<(String, String)>) -> Vec<Circle> {
    let mut found = Vec::new();
    for mut edges in edges_by_folder(sources).into_values() {
        edges.retain(|step, _| !allowed.contains(step));
        while let Some(circle) = shortest_circle(&edges) {
            edges.remove(&circle.weakest());
            found.push(circle);
        }
    }
    found
}

fn edges_by_folder(sources: &Sources) -> BTreeMap<String, Edges> {
    let mut folders: BTreeMap<String, Edges> = BTreeMap::new();
    for mention in &sources.mentions {
        let Named::File(to) = mention.to else {
            continue;
        };
        let (from_path, to_path) = (&sources.files[mention.from].path, &sources.files[to].path);
        let (from, to) = (parts(sources, from_path), parts(sources, to_path));
        let pairs = from.iter().zip(&to);
        let shared = pairs.take_while(|(one, other)| one == other).count();
        if is_own_file(from[shared]) || is_own_file(to[shared]) {
            continue;
        }
        let neighbour = |path: &[&str]| {
            let name = path[..=shared].join("/");
            let is_folder = path.len() > shared + 1;
            if is_folder { format!("{name}/") } else { name }
        };
        let place = format!("{from_path}:{} names {to_path}", mention.line);
        let places = folders.entry(from[..shared].join("/")).or_default();
        let places = places
            .entry((neighbour(&from), neighbour(&to)))
            .or_default();
        if !places.contains(&place) {
            places.push(place);
        }
    }
    folders
}

/// The parts of a path, with `a/b.rs` as `a/b/mod.rs` if it has a folder.
fn parts<'a>(sources: &'a Sources, path: &'a str) -> Vec<&'a str> {
    let module = path.trim_end_matches(".rs");
    let has_folder = |file: &File| {
        let rest = file.path.strip_prefix(module);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    if sources.files.iter().any(has_folder) {
        module.split('/').chain(["mod.rs"]).collect()
    } else {
        path.split('/').collect()
    }
}

fn is_own_file(name: &str) -> bool {
    ["mod.rs", "lib.rs", "main.rs"].contains(&name)
}

fn shortest_circle(edges: &Edges) -> Option<Circle> {
    let starts: BTreeSet<&String> = edges.keys().map(|(from, _)| from).collect();
    let paths = starts
        .into_iter()
        .filter_map(|start| way_back(edges, start));
    let members = paths.min_by_key(Vec::len)?;
    let next = members.iter().cycle().skip(1);
    let steps = members.iter().zip(next);
    let places = steps.map(|(from, to)| edges[&(from.clone(), to.clone())].clone());
    Some(Circle {
        places: places.collect(),
        members,
    })
}

/// The shortest path from a member back to itself.
fn way_back(edges: &Edges, start: &str) -> Option<Vec<String>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for (_, to) in edges.keys().filter(|(from, _)| from == at) {
            if to == start {
                let mut way = vec![at.to_owned()];
                let mut at = at;
                while at != start {
                    at = before[at];
                    way.push(at.to_owned());
                }
                way.reverse();
                return Some(way);
            }
            if !before.contains_key(to.as_str()) {
                before.insert(to, at);
                queue.push_back(to);
            }
        }
    }
    None
}
