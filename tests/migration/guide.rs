//! Compares the tables of the guide with the other crates, and with the code of the rows.

use std::collections::BTreeSet;

use super::{
    Row, Setup, client, event_options, legacy, options, overrides, reads, results, stores, traits,
    users,
};

const GUIDE: &str = include_str!("../../statsig/src/docs/migration.md");

/// The names in one row of a table.
struct Names {
    section: String,
    names: Vec<&'static str>,
}

impl Names {
    /// `Type::name` for each type in the section's title and each name of the row.
    fn full(&self) -> impl Iterator<Item = String> {
        let types = self.section.trim_end_matches(" (1.4)").split(", ");
        types.flat_map(|of| self.names.iter().map(move |name| format!("{of}::{name}")))
    }
}

/// The rows under titles that name types, of the official or of the legacy crate.
fn rows(of_legacy: bool) -> Vec<Names> {
    let mut section = None;
    let mut rows = Vec::new();
    for line in GUIDE.lines() {
        if line.starts_with('#') {
            section = line.strip_prefix("## `");
        }
        let (Some(title), Some(row)) = (section, line.strip_prefix("| `")) else {
            continue;
        };
        if title.ends_with("(1.4)") != of_legacy {
            continue;
        }
        let cell = row.split('|').next().unwrap_or_default().trim();
        if ["statsig-rust`", "statsig` 1.4"].contains(&cell) {
            continue; // the head of the table
        }
        rows.push(Names {
            section: title.replace('`', ""),
            names: cell
                .split(", ")
                .map(|name| name.trim_matches('`'))
                .collect(),
        });
    }
    rows
}

fn code() -> impl Iterator<Item = &'static Row> {
    let files = [
        client::ROWS,
        reads::ROWS,
        overrides::ROWS,
        options::ROWS,
        event_options::ROWS,
        users::ROWS,
        results::ROWS,
        stores::ROWS,
        traits::ROWS,
        legacy::ROWS,
    ];
    files.into_iter().flatten()
}

#[test]
fn every_row_has_code_and_all_code_has_a_row() {
    let rows = rows(false).into_iter().chain(rows(true));
    let first = |row: Names| (row.section, row.names[0]);
    let documented: BTreeSet<_> = rows.map(first).collect();
    let coded = code().map(|(section, name, _)| ((*section).to_owned(), *name));
    let coded: BTreeSet<_> = coded.collect();
    let without_code: Vec<_> = documented.difference(&coded).collect();
    let without_row: Vec<_> = coded.difference(&documented).collect();
    assert!(
        without_code.is_empty(),
        "rows without code: {without_code:#?}"
    );
    assert!(
        without_row.is_empty(),
        "code without a row: {without_row:#?}"
    );
}

#[test]
fn the_code_of_every_row_works() {
    for (section, name, run) in code() {
        println!("{section}: {name}");
        run(&Setup::new());
    }
}

#[test]
fn everything_in_the_official_crate_has_a_row() {
    assert_covered(include_str!("statsig_rust_0.24.txt"), &rows(false));
}

#[test]
fn everything_in_the_legacy_crate_has_a_row() {
    assert_covered(include_str!("statsig_1.4.txt"), &rows(true));
}

fn assert_covered(list: &str, rows: &[Names]) {
    let known: BTreeSet<_> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let covered: BTreeSet<_> = rows.iter().flat_map(Names::full).collect();
    let missing: Vec<_> = known
        .iter()
        .filter(|name| !covered.contains(**name))
        .collect();
    assert!(missing.is_empty(), "without a row: {missing:#?}");
    for row in rows {
        for name in &row.names {
            let exists =
                |full: String| full.ends_with(&format!("::{name}")) && known.contains(&*full);
            assert!(
                row.full().any(exists),
                "{}: there is no {name}",
                row.section
            );
        }
    }
}
