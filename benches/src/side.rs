//! One side of the comparison: this SDK, or, in a build without it, the official crate.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Value, json};
use statsig_benches::alloc::Counting;
use statsig_benches::cases::{self, Case};
use statsig_benches::measure::Ready;
use statsig_benches::protocol::{self, Question};
use statsig_benches::{side, specs};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Measures one side of the comparison: `compare` sends commands to its input. With `--iterations`
/// it only makes calls, for tools that count instructions.
#[derive(Debug, Parser)]
struct Args {
    /// The case to call.
    #[arg(requires = "iterations")]
    case: Option<String>,
    /// How many calls to make.
    #[arg(long, requires = "case")]
    iterations: Option<usize>,
    /// How many users to prepare, for the cases with new users. At least the number of iterations.
    /// Runs to compare must have the same number, so that the cost of creating users cancels out.
    #[arg(long, default_value_t = 0)]
    pool: usize,
    /// A file with specs that replace the generated ones.
    #[arg(long)]
    specs: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        // The process ends without a shutdown of the clients: no measurement includes it.
        Ok(()) => std::process::exit(0),
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let measured = cases::Measured::new(&specs::read(args.specs.as_deref())?)?;
    if let (Some(name), Some(iterations)) = (&args.case, args.iterations) {
        find(cases::all(&measured), name)?
            .work
            .just_run(iterations, args.pool);
        return Ok(());
    }
    let mut cases = cases::all(&measured);
    let mut works: Vec<Ready> = Vec::new();
    protocol::serve(|question| {
        Ok(match question {
            Question::Cases => cases.iter().map(described).collect(),
            Question::Answers => answers(&measured),
            Question::Begin(name) => {
                let place = cases.iter().position(|case| case.name == name);
                let case = cases.remove(place.ok_or_else(|| unknown(&name))?);
                let all = [Some(case.work), case.alone, case.versus];
                works = all.into_iter().flatten().map(Ready::new).collect();
                Value::Null
            }
            Question::Turn => {
                let turns: Vec<_> = works.iter_mut().map(Ready::turn).collect();
                protocol::measured(&turns)
            }
        })
    })
}

fn find(cases: Vec<Case>, name: &str) -> Result<Case, String> {
    let mut cases = cases.into_iter();
    cases
        .find(|case| case.name == name)
        .ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> String {
    format!("no case is called `{name}`; `compare --list` names them")
}

fn described(case: &Case) -> Value {
    json!({
        "name": case.name,
        "delivers": case.work.delivers(),
        "alone": case.alone.is_some(),
        "versus": case.versus.is_some(),
    })
}

/// The results of the cases' entities for some users.
fn answers(measured: &cases::Measured) -> Value {
    const USERS: usize = 200;

    let ids = (0..USERS).map(|number| format!("user-{number}"));
    ids.map(|id| {
        let user = side::user(id.clone());
        json!([id, measured.side.answers(&measured.roles, &user)])
    })
    .collect()
}
