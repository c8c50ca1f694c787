//! Tests that the structs written for specs compile and agree with them: for our own specs, and for
//! the recorded specs of the official SDK if they are present.

#![cfg(feature = "cli")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;

/// The variable with the directory of the recorded answers.
const DIRECTORY_VARIABLE: &str = "STATSIG_CONFORMANCE_DIR";

#[test]
#[ignore = "compiles a program of hundreds of structs, which takes minutes; CONTRIBUTING.md has the command"]
fn generated_structs_compile_and_agree_with_their_specs() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("generated");
    fs::create_dir_all(&folder).unwrap();
    let mut program = "fn main() {\n    let mut failed = 0;\n".to_owned();
    let mut modules = String::new();
    let mut structs = 0;
    let files = specs_files();
    for (number, file) in files.iter().enumerate() {
        let specs = folder.join(format!("specs_{number}.json"));
        fs::write(&specs, text(file)).unwrap();
        let Some(generated) = generate(&specs) else {
            println!("generated: {}: skipped, it is no specs", file.display());
            continue;
        };
        fs::write(folder.join(format!("specs_{number}.rs")), &generated).unwrap();
        let _ = writeln!(modules, "mod specs_{number};");
        for line in generated.lines() {
            if let Some(rest) = line.strip_prefix("pub struct ") {
                let name = rest.trim_end_matches(" {");
                let _ = writeln!(
                    program,
                    "    failed += check::<specs_{number}::{name}>({specs:?});"
                );
                structs += 1;
            }
        }
    }
    program.push_str("    assert_eq!(failed, 0, \"structs differ from the specs that they were written for\");\n}\n");
    program.push_str(CHECK);
    let main = folder.join("main.rs");
    fs::write(&main, format!("{modules}\n{program}")).unwrap();
    trybuild::TestCases::new().pass(&main);
    println!(
        "generated: {structs} structs for {} files of specs",
        files.len()
    );
}

/// Ignores faults in the console's data: entities that do not run, and references without a target.
const CHECK: &str = r#"
fn check<P: statsig::StatsigParams>(specs: &str) -> usize {
    use statsig::typed::DriftKind::{
        DisabledSource, InactiveExperiment, UnknownExperiment, UnknownTarget, WrongDeclaredType,
    };

    let mut report = statsig::testing::check_schema_in::<P>(specs);
    report.drifts.retain(|drift| {
        !matches!(
            drift.kind,
            DisabledSource | InactiveExperiment | UnknownExperiment | UnknownTarget | WrongDeclaredType
        )
    });
    if !report.is_clean() {
        eprintln!("{specs}: {report}");
    }
    usize::from(!report.is_clean())
}
"#;

/// The output of the program; `None` if the file contains no specs.
fn generate(specs: &Path) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_statsig-local"))
        .args(["schema", "--specs"])
        .arg(specs)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let problem = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success()
            || problem.contains("Expected the JSON of /v2/download_config_specs"),
        "{problem}"
    );
    output.status.success().then_some(text)
}

fn specs_files() -> Vec<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![
        package.join("testdata/shop.json"),
        package.join("../examples/promo/specs.json"),
    ];
    let directory = std::env::var_os(DIRECTORY_VARIABLE)
        .map_or_else(|| package.join("../../shared/conformance"), PathBuf::from);
    match fs::read_dir(directory.join("specs")) {
        Ok(entries) => {
            let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
            found.sort();
            files.extend(found);
        }
        Err(_) => println!("generated: skipped the recorded specs, which are not here"),
    }
    files
}

fn text(file: &Path) -> String {
    let mut text = String::new();
    let plain = File::open(file).unwrap();
    if file.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(plain).read_to_string(&mut text).unwrap();
    } else {
        let mut plain = plain;
        plain.read_to_string(&mut text).unwrap();
    }
    text
}
