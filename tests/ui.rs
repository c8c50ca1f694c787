//! Compile errors of the derives, word by word and with their spans.

use std::process::Command;

/// The compiler's own texts change with its version.
const TOOLCHAIN: &str = "rustc 1.95.";

#[test]
fn errors_point_at_what_the_user_wrote() {
    let version = Command::new("rustc").arg("--version").output();
    let version = version.expect("rustc runs").stdout;
    if !version.starts_with(TOOLCHAIN.as_bytes()) {
        println!("skipped: the expected errors are those of {TOOLCHAIN}x");
        return;
    }
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
