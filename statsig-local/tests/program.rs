//! Tests of the program as a process.

#![cfg(feature = "cli")]

use std::io;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> io::Result<Output> {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/shop.json");
    Command::new(env!("CARGO_BIN_EXE_statsig-local"))
        .args(arguments)
        .arg("--specs")
        .arg(specs)
        .output()
}

#[test]
fn it_explains_and_fails_with_a_reason() {
    let user = r#"{"userID": "ann"}"#;
    let explained = run(&["explain", "--user", user, "banner"]).expect("a program");
    assert!(explained.status.success());
    let text = String::from_utf8_lossy(&explained.stdout).into_owned();
    assert!(text.starts_with("layer banner\n"), "{text}");
    assert!(text.contains("✗ passes gate segment:premium\n"), "{text}");

    let failed = run(&["explain", "--user", user, "baner"]).expect("a program");
    assert_eq!(failed.status.code(), Some(1));
    assert!(failed.stdout.is_empty());
    let problem = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(problem.contains("did you mean `banner`"), "{problem}");
}
