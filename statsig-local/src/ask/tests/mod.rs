//! Tests of questions and answers, in memory.

mod schemas;
mod signing;

use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::{Value, json};
use statsig::testing::authoring::{Specs, current_time, environment, in_id_list};

use super::{AskError, Terminal, answer};
use crate::cli::{Cli, Command};

/// A directory with the files of one test.
struct Files(tempfile::TempDir);

impl Files {
    fn new(specs: &Value) -> Self {
        let files = Self(tempfile::tempdir().expect("a folder"));
        files.write(
            "specs.json",
            &serde_json::to_string_pretty(specs).expect("JSON"),
        );
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a written file");
    }

    /// The output and the notes of a command.
    fn ask(&self, arguments: &[&str], input: &str) -> Result<(String, String), AskError> {
        let (result, output, notes) = self.run(arguments, input);
        result.map(|()| (output, notes))
    }

    /// The result of a command, its output and its notes.
    fn run(&self, arguments: &[&str], input: &str) -> (Result<(), AskError>, String, String) {
        let (command, rest) = arguments.split_first().expect("a command");
        let specs = self.path("specs.json").display().to_string();
        let all = ["statsig-local", command, "--specs", &specs];
        let command = Cli::try_parse_from(all.iter().chain(rest))
            .expect("arguments")
            .command();
        let (mut output, mut notes) = (Vec::new(), Vec::new());
        let mut terminal = Terminal {
            input: &mut input.as_bytes(),
            output: &mut output,
            notes: &mut notes,
            key: None,
            now_ms: 0,
        };
        let Some(Command::Ask(question)) = command else {
            panic!("no question");
        };
        let result = answer(&question, &mut terminal);
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (result, text(output), text(notes))
    }

    /// The output of a command before it failed, and the error.
    fn output_and_problem(&self, arguments: &[&str]) -> (String, String) {
        let (result, output, _) = self.run(arguments, "");
        (output, result.expect_err("a problem").to_string())
    }

    fn answer(&self, arguments: &[&str]) -> String {
        let (output, notes) = self.ask(arguments, "").expect("an answer");
        assert_eq!(notes, "");
        output
    }

    fn problem(&self, arguments: &[&str]) -> String {
        self.ask(arguments, "").expect_err("a problem").to_string()
    }
}

fn shop() -> Files {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/shop.json");
    let text = std::fs::read_to_string(path).expect("specs");
    Files::new(&serde_json::from_str(&text).expect("JSON"))
}

const ANN: &str = r#"{"userID": "ann", "custom": {"plan": "premium"}}"#;

#[test]
fn the_list_shows_what_there_is() {
    assert_eq!(
        shop().answer(&["list"]),
        "\
KIND             NAME             BY      CONTENT
gate             early_checkout   userID  2 rules       disabled
gate             segment:premium  userID  1 rule        segment
dynamic config   limits           userID  0 rules
experiment       banner_test      userID  1 rule        not running
layer            banner           userID  1 rule
parameter store  front                    2 parameters
"
    );
    let only = shop().answer(&["list", "--kind", "layer", "--json"]);
    let only: Value = serde_json::from_str(&only).expect("JSON");
    assert_eq!(only[0]["kind"], "layer");
    assert_eq!(only[0]["name"], "banner");
    assert_eq!(only.as_array().map(Vec::len), Some(1));
}

#[test]
fn without_names_everything_is_evaluated() {
    assert_eq!(
        shop().answer(&["eval", "--user", ANN]),
        "\
KIND             NAME             BY                                             VALUE
gate             early_checkout   rule premium_only                              true
gate             segment:premium  rule plan                                      true
dynamic config   limits           rule default                                   {\"items\":10}
experiment       banner_test      rule bold, group Bold                          {\"color\":\"red\"}
layer            banner           rule bold, group Bold, experiment banner_test  {\"color\":\"red\"}
parameter store  front                                                           {\"banner\":\"red\",\"items\":10}
"
    );
}

#[test]
fn names_and_kinds_select() {
    let shop = shop();
    let answer = shop.answer(&["eval", "--user", ANN, "--json", "limits", "banner"]);
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer[0]["name"], "limits");
    assert_eq!(answer[0]["value"], json!({"items": 10}));
    assert_eq!(answer[1]["kind"], "layer");
    assert_eq!(answer[1]["allocated_experiment"], "banner_test");
    assert_eq!(answer[1]["details"]["reason"], "Bootstrap:Recognized");
    let answer = shop.answer(&["eval", "--user", ANN, "--kind", "config", "banner_test"]);
    assert!(
        answer.contains("dynamic config  banner_test  rule bold"),
        "{answer}"
    );
}

#[test]
fn explanations_show_the_path() {
    let shop = shop();
    let answer = shop.answer(&["explain", "--user", ANN, "banner", "limits"]);
    for line in [
        "layer banner\n",
        "  from    experiment banner_test\n",
        "      ✓ passes gate segment:premium\n",
        "            ✓ field \"plan\" is any of [\"premium\"]: found \"premium\"\n",
        "\n\ndynamic config limits\n",
    ] {
        assert!(answer.contains(line), "{line} in {answer}");
    }
    let answer = shop.answer(&["explain", "--user", ANN, "--json", "banner"]);
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer[0]["path"]["steps"][0]["delegate"], "banner_test");
}

#[test]
fn users_come_from_arguments_files_and_the_input() {
    let shop = shop();
    shop.write(
        "user.json",
        r#"{"userID": "bob", "privateAttributes": {"plan": "premium"}}"#,
    );
    let file = format!("@{}", shop.path("user.json").display());
    let answer = shop.answer(&["explain", "--user", &file, "segment:premium"]);
    assert!(answer.contains("found <private>\n"), "{answer}");
    let asked = shop.ask(&["eval", "--user", "-", "early_checkout"], ANN);
    let (answer, _) = asked.expect("an answer");
    assert!(answer.contains("true"), "{answer}");
}

#[test]
fn fields_that_are_ignored_are_reported() {
    let user = r#"{"userId": "ann", "plan": "premium"}"#;
    let asked = shop().ask(&["eval", "--user", user, "limits"], "");
    let (_, notes) = asked.expect("an answer");
    assert_eq!(
        notes,
        "note: the user's field `plan` is ignored; fields of your own belong into `custom` or `privateAttributes`\n\
         note: the user's field `userId` is ignored; did you mean `userID`?\n"
    );
}

#[test]
fn surroundings_can_be_chosen() {
    let specs = Specs::new()
        .gate("late", |g| {
            g.rule("r").when(current_time().after(1_767_225_600_000))
        })
        .gate("staging", |g| {
            g.rule("r").when(environment().any(["staging"]))
        })
        .gate("listed", |g| g.rule("r").when(in_id_list("staff")));
    let specs = specs.to_value().expect("valid specs");
    let files = Files::new(&specs);
    files.write("lists.json", r#"{"staff": ["ann", 7]}"#);
    let lists = files.path("lists.json").display().to_string();
    let values = |arguments: &[&str]| -> Vec<bool> {
        let arguments: Vec<_> = ["eval", "--json"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let answer: Value = serde_json::from_str(&files.answer(&arguments)).expect("JSON");
        let answers = answer.as_array().expect("answers");
        answers
            .iter()
            .map(|answer| answer["value"] == true)
            .collect()
    };
    // In the order late, listed, staging.
    assert_eq!(
        values(&["--user", ANN, "--now", "1767225600000"]),
        [false, false, false]
    );
    assert_eq!(
        values(&["--user", ANN, "--now", "2026-01-01T00:00:01Z"]),
        [true, false, false]
    );
    let options = [
        "--now",
        "0",
        "--environment",
        "staging",
        "--id-lists",
        &lists,
    ];
    let with = |user: &'static str| [&["--user", user], &options[..]].concat();
    assert_eq!(values(&with(ANN)), [false, true, true]);
    assert_eq!(values(&with(r#"{"userID": 7}"#)), [false, true, true]);
    assert_eq!(values(&with(r#"{"userID": "bob"}"#)), [false, false, true]);
}

#[test]
fn problems_say_where_and_what_to_do() {
    let shop = shop();
    let ask = |name: &str| shop.problem(&["explain", "--user", ANN, name]);
    assert_eq!(
        ask("early_chekout"),
        "the specs define nothing named `early_chekout`; did you mean `early_checkout`?"
    );
    assert!(
        ask("premium_users").contains("`segment:premium`"),
        "{}",
        ask("premium_users")
    );
    assert!(ask("xyz").contains("`statsig-local list --specs FILE` shows what there is"));
    assert_eq!(
        shop.problem(&["eval", "--user", ANN, "--kind", "gate", "limits"]),
        "the specs define no gate named `limits`, but of another kind (dynamic config): leave out --kind"
    );
    let problem = shop.problem(&["eval", "--user", "{\"userID\": \"ann\",\n oops}"]);
    assert!(problem.starts_with("--user:2:2: "), "{problem}");
    assert!(problem.contains("Expected a user such as"), "{problem}");
    let problem = shop.problem(&["eval", "--user", "@nowhere.json"]);
    assert!(
        problem.starts_with("cannot read nowhere.json: "),
        "{problem}"
    );
    shop.write("lists.json", "{\n \"staff\": [true]}");
    let lists = shop.path("lists.json").display().to_string();
    let problem = shop.problem(&["eval", "--user", ANN, "--id-lists", &lists]);
    assert!(problem.contains("lists.json:2:"), "{problem}");
    assert!(problem.contains("texts or whole numbers"), "{problem}");
}

#[test]
fn bad_specs_are_named_with_their_line() {
    let shop = shop();
    let problem = |text: &str| {
        shop.write("specs.json", text);
        shop.problem(&["eval", "--user", ANN])
    };
    let syntax = problem("{\"has_updates\": true,\n \"time\": }");
    assert!(syntax.contains("specs.json:2:10: "), "{syntax}");
    let missing = problem("{\"has_updates\": true,\n \"feature_gates\": {}}");
    assert!(
        missing.contains("specs.json: ") && missing.contains("`time`"),
        "{missing}"
    );
    assert!(missing.contains("line 2"), "{missing}");
    let nothing = problem("{\"has_updates\": false}");
    assert!(nothing.contains("`has_updates` is false"), "{nothing}");
}

#[test]
fn a_client_init_response_is_what_client_sdks_get() {
    let shop = shop();
    let (pretty, note) = shop
        .ask(&["client-init", "--user", ANN, "--hash", "none"], "")
        .expect("an answer");
    let exact = shop.answer(&["client-init", "--user", ANN, "--hash", "none", "--json"]);
    assert_eq!(note, format!("{} bytes\n", exact.trim_end().len()));
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(
        read(&pretty)["feature_gates"],
        read(&exact)["feature_gates"]
    );
    let gates = |answer: &str| -> Vec<String> {
        let answer = read(answer);
        let gates = answer["feature_gates"].as_object().expect("gates");
        gates.keys().cloned().collect()
    };
    assert!(gates(&exact).contains(&"early_checkout".to_owned()));
    let filtered = shop.answer(&[
        "client-init",
        "--user",
        ANN,
        "--hash",
        "none",
        "--gates",
        "early_checkout",
        "--json",
    ]);
    assert_eq!(gates(&filtered), ["early_checkout"]);
    let compact = shop.answer(&[
        "client-init",
        "--user",
        ANN,
        "--format",
        "init_v2",
        "--json",
    ]);
    assert_eq!(read(&compact)["response_format"], "init-v2");
    assert!(compact.len() < exact.len());
}

#[test]
fn a_client_init_filter_names_what_exists() {
    let problem = shop().problem(&["client-init", "--user", ANN, "--gates", "early_chekout"]);
    assert!(
        problem.contains("did you mean `early_checkout`?"),
        "{problem}"
    );
}
