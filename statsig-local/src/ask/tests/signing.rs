//! `sign`: tokens that services accept, and errors that say what to write instead.

use clap::Parser;
use serde_json::json;
use statsig::overrides::RequestOverrides;
use statsig::overrides::signed::{OverrideKey, OverrideRefusal, OverrideVerifier};
use statsig::{Statsig, StatsigOptions};

use super::super::{AskError, Terminal, answer};
use super::{Files, shop};
use crate::cli::{Cli, Command};

const SECRET: &str = "9hTq1sW0bN3kD7xV5yR2cF8mJ4gL6pZa";
const HOUR_MS: u64 = 3_600_000;

#[derive(Debug)]
struct At(u64);

impl statsig::clock::Clock for At {
    fn now_ms(&self) -> u64 {
        self.0
    }
}

/// Signs at time 0. Returns the token and the notes.
fn signed(arguments: &[&str], key: Option<&str>) -> Result<(String, String), AskError> {
    let all = ["statsig-local", "sign", "--audience", "checkout"];
    let cli = Cli::try_parse_from(all.iter().chain(arguments)).expect("arguments");
    let Some(Command::Ask(question)) = cli.command() else {
        panic!("no question");
    };
    let (mut output, mut notes) = (Vec::new(), Vec::new());
    let mut terminal = Terminal {
        input: &mut &b""[..],
        output: &mut output,
        notes: &mut notes,
        key: key.map(str::to_owned),
        now_ms: 0,
    };
    answer(&question, &mut terminal)?;
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ok((text(output), text(notes)))
}

fn problem(arguments: &[&str]) -> String {
    signed(arguments, Some(SECRET))
        .expect_err("a problem")
        .to_string()
}

/// What a service with this audience accepts at this time.
fn verified(token: &str, now_ms: u64) -> Result<RequestOverrides, OverrideRefusal> {
    let options = StatsigOptions::builder().clock(std::sync::Arc::new(At(now_ms)));
    let statsig = Statsig::new("secret-key", options.build().expect("options"));
    let key = OverrideKey::new(SECRET).expect("a key");
    statsig.verify_overrides(token.trim_end(), &OverrideVerifier::new([key], "checkout"))
}

#[test]
fn a_service_accepts_the_token_until_it_expires() {
    let arguments = [
        "--gate",
        "new=true",
        "--gate",
        "old=false",
        "--param",
        "layer:promo.title=Hi there",
        "--param",
        "layer:promo.discount=0.5",
        "--param",
        r#"experiment:a.b.c={"d": "e=f"}"#,
        "--param",
        "config:limits.items=\"7\"",
        "--param",
        "store:front.open=false",
    ];
    let (token, notes) = signed(&arguments, Some(SECRET)).expect("a token");
    let expected = RequestOverrides::new()
        .gate("new", true)
        .gate("old", false)
        .layer("promo", "title", "Hi there")
        .layer("promo", "discount", 0.5)
        .experiment("a.b", "c", json!({"d": "e=f"}))
        .dynamic_config("limits", "items", "7")
        .parameter_store("front", "open", false);
    assert_eq!(verified(&token, HOUR_MS - 1), Ok(expected));
    assert_eq!(verified(&token, HOUR_MS), Err(OverrideRefusal::Expired));
    assert_eq!(token.lines().count(), 1);
    assert!(notes.contains("layer:promo.title"), "{notes}");
    assert!(notes.contains("until 1970-01-01T01:00:00Z"), "{notes}");
    assert!(!notes.contains("Hi there"), "{notes}");
}

#[test]
fn the_key_comes_from_a_file_or_a_variable() {
    let files = Files::new(&json!({}));
    files.write("key", &format!("{SECRET}\n"));
    let path = files.path("key").display().to_string();
    let arguments = ["--gate", "a=true", "--key-file", &path, "--expires", "1d"];
    let other = "x".repeat(32);
    let (token, _) = signed(&arguments, Some(&other)).expect("a token");
    assert!(verified(&token, 23 * HOUR_MS).is_ok());

    let without = signed(&["--gate", "a=true"], None).expect_err("no key");
    let text = without.to_string();
    assert!(
        text.contains("--key-file") && text.contains("STATSIG_OVERRIDES_KEY"),
        "{text}"
    );
    let short = signed(&["--gate", "a=true"], Some("hunter2")).expect_err("a short key");
    let text = short.to_string();
    assert!(
        text.contains("at least 32 bytes") && !text.contains("hunter2"),
        "{text}"
    );
    let missing = problem(&["--gate", "a=true", "--key-file", "/no/such/file"]);
    assert!(missing.contains("/no/such/file"), "{missing}");
}

#[test]
fn mistakes_are_named() {
    for (arguments, expected) in [
        (["--gate", "a"], "expected NAME=true or NAME=false"),
        (["--gate", "=true"], "expected NAME=true"),
        (["--gate", "a=tru"], "did you mean `true`?"),
        (["--gate", "a=1"], "found `1`"),
        (["--param", "layr:promo.title=Hi"], "did you mean `layer`?"),
        (
            ["--param", "flag:promo.title=Hi"],
            "config, experiment, layer, store",
        ),
        (["--param", "gate:promo.title=Hi"], "use --gate"),
        (
            ["--param", "layer:promo=Hi"],
            "found no name or no parameter",
        ),
        (["--param", "promo.title=Hi"], "found no `:`"),
        (["--param", "layer:promo.title"], "found no `=`"),
    ] {
        let problem = problem(&arguments);
        assert!(problem.contains(expected), "{arguments:?}: {problem}");
        assert!(problem.contains(arguments[1]), "{problem}");
    }
    let large = format!("layer:promo.title={}", "x".repeat(5_000));
    let problem = problem(&["--param", &large]);
    assert!(problem.contains("at most 4000 bytes"), "{problem}");
}

#[test]
fn names_are_compared_with_specs() {
    let files = shop();
    let specs = files.path("specs.json").display().to_string();
    let with_specs = |argument: [&str; 2]| {
        let arguments = [argument[0], argument[1], "--specs", &specs];
        signed(&arguments, Some(SECRET)).map_err(|error| error.to_string())
    };
    assert!(with_specs(["--gate", "early_checkout=true"]).is_ok());
    assert!(with_specs(["--param", "layer:banner.title=Hi"]).is_ok());
    let problem = with_specs(["--gate", "early_chekout=true"]).expect_err("a typo");
    assert!(
        problem.contains("did you mean `early_checkout`?"),
        "{problem}"
    );
    let problem = with_specs(["--param", "layer:baner.title=Hi"]).expect_err("a typo");
    assert!(problem.contains("did you mean `banner`?"), "{problem}");
}

#[test]
fn something_must_be_forced() {
    let arguments = ["statsig-local", "sign", "--audience", "checkout"];
    let error = Cli::try_parse_from(arguments).expect_err("nothing to force");
    assert!(error.to_string().contains("--gate"), "{error}");
}
