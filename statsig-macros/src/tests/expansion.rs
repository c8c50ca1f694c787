//! Tests the expansion of the struct in the README. `UPDATE_EXPANSION=1` writes it again.

use std::path::Path;
use std::{env, fs};

/// The first struct of parameters in the README, with its attributes except the derive.
fn readme_struct() -> String {
    let readme = include_str!("../../../README.md");
    let (_, from) = readme
        .split_once("StatsigParams)]\n")
        .expect("a derive in the README");
    let (inside, _) = from.split_once("\n}\n").expect("the end of the struct");
    format!("{inside}\n}}\n")
}

#[test]
fn the_code_for_the_struct_in_the_readme_reads_well() {
    let input = readme_struct().parse().expect("tokens");
    let expansion = syn::parse2(crate::expand::derive(input)).expect("items");
    let found = prettyplease::unparse(&expansion);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/readme.expanded.rs");
    if env::var_os("UPDATE_EXPANSION").is_some() {
        fs::write(&path, &found).expect("the file is written");
    }
    let expected = fs::read_to_string(&path).expect("the expected code");
    assert_eq!(
        found, expected,
        "if this is meant, run again with UPDATE_EXPANSION=1"
    );
}
