//! The example `browser_bootstrap` in a real browser.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::chromium::{self, Browser, CLIENT_VARIABLE};

/// The running example. It ends when this is dropped.
struct Example(Child);

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The example beside the test binary: `tests/browser/run` builds it.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    folder.join("examples/browser_bootstrap")
}

#[test]
fn the_page_of_the_example_shows_its_values_and_its_exposures_arrive() {
    let Some((javascript, browser)) = chromium::find() else {
        println!("browser: skipped, tests/browser/run installs what it needs");
        return;
    };
    let process = Command::new(program())
        .env("PORT", "0")
        .env(CLIENT_VARIABLE, javascript)
        .stdout(Stdio::piped())
        .spawn();
    let mut example = Example(process.expect("the example: tests/browser/run builds it"));
    let mut lines = BufReader::new(example.0.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let address = first.split([' ', ',']).nth(1).unwrap();
    // The user ID is hostile: it ends the script unless the service escapes it.
    let url = format!("{}%3C/script%3E", address);
    let flags = ["--virtual-time-budget=10000", "--dump-dom"];
    let document = Browser::open(browser, &flags, &url, Stdio::piped()).output();

    let shown = document.split("<pre id=\"answers\">").nth(1).unwrap();
    let shown: Value = shown.split("</pre>").next().unwrap().parse().unwrap();
    assert_eq!(
        shown,
        json!({
            "reason": "Bootstrap:Recognized",
            "gate": {"value": false, "rule": "half_of_all"},
            "promo": {"title": "Welcome to the shop", "rule": "headline_control", "group": "Control"},
        })
    );
    for exposed in [
        "gate=free_shipping value=false rule=half_of_all",
        "parameter=title",
    ] {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(exposed), "{line}");
        assert!(line.contains("user=alice</script>"), "{line}");
    }
}
