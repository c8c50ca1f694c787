//! Compares this SDK with the official crate: same specs, same users, short alternating rounds.
//! Each side is a process that is built with one of the two crates only.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;
use serde_json::Value;
use statsig_benches::measure::{Measured, medians};
use statsig_benches::protocol::{Question, Side};
use statsig_benches::report::{Row, table};
use statsig_benches::specs;

/// Compares this SDK with the official crate.
#[derive(Debug, Parser)]
struct Args {
    /// Measure only the case with this name, or all cases whose names contain this text.
    filter: Option<String>,
    /// The number of rounds. The report shows medians.
    #[arg(long, default_value_t = 31)]
    rounds: usize,
    /// A file with specs that replace the generated ones.
    #[arg(long)]
    specs: Option<PathBuf>,
    /// Measure this SDK alone, and do not build the official crate.
    #[arg(long)]
    ours_only: bool,
    /// Print the table in Markdown, and no JSON.
    #[arg(long)]
    markdown: bool,
    /// Print the names of the cases and end.
    #[arg(long)]
    list: bool,
    /// Print the generated specs and end.
    #[arg(long)]
    print_specs: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    if args.print_specs {
        println!("{}", specs::generate());
        return Ok(());
    }
    let mut arguments = Vec::new();
    if let Some(specs) = &args.specs {
        arguments = vec!["--specs".to_owned(), specs.display().to_string()];
    }
    let mut ours = Side::start(&build("ours")?, &arguments)?;
    let cases = cases_of(&mut ours)?;
    if args.list {
        cases.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    let mut peer = None;
    if !args.ours_only {
        let mut side = Side::start(&build("peer")?, &arguments)?;
        agree(&mut ours, &mut side)?;
        let names = cases_of(&mut side)?.into_iter().map(|case| case.name);
        peer = Some((side, names.collect::<Vec<_>>()));
    }
    let mut rows = Vec::new();
    for case in chosen(cases, args.filter.as_deref())? {
        let peer = peer
            .as_mut()
            .filter(|(_, names)| names.contains(&case.name));
        let first = rows.len();
        measure(
            case,
            &mut ours,
            peer.map(|(side, _)| side),
            args.rounds,
            &mut rows,
        )?;
        for row in rows.iter().skip(first) {
            if args.markdown {
                eprintln!("{}", row.json());
            } else {
                println!("{}", row.json());
            }
        }
    }
    println!("{}", table(&rows, args.markdown));
    Ok(())
}

/// Builds the program of a side and returns its path. The features of this program apply to our
/// side. The peer has its own folder, so that neither replaces the other.
fn build(side: &str) -> Result<PathBuf, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| here.join("target"), PathBuf::from);
    let target = if side == "ours" {
        target
    } else {
        target.join(side)
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("building the side `{side}`");
    let mut build = Command::new(cargo);
    // `cargo run` sets variables for this program. They would make build scripts run again.
    let of_this_program = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    of_this_program.for_each(|name| {
        build.env_remove(name);
    });
    let built = build
        .args([
            "build",
            "--quiet",
            "--release",
            "--no-default-features",
            "--bin",
            "side",
        ])
        .args(["--features", side, "--target-dir"])
        .arg(&target)
        .arg("--manifest-path")
        .arg(here.join("Cargo.toml"))
        .status();
    match built {
        Ok(status) if status.success() => Ok(target.join("release").join("side")),
        Ok(status) => Err(format!("the side `{side}` does not build: {status}")),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}

/// A case, as a side describes it.
struct Case {
    name: String,
    delivers: bool,
    has_alone: bool,
    has_versus: bool,
}

fn cases_of(side: &mut Side) -> Result<Vec<Case>, String> {
    let answer = side.ask(&Question::Cases)?;
    let cases = answer.as_array().ok_or("expected a list of cases")?;
    let case = |case: &Value| Case {
        name: case["name"].as_str().unwrap_or_default().to_owned(),
        delivers: case["delivers"] == true,
        has_alone: case["alone"] == true,
        has_versus: case["versus"] == true,
    };
    Ok(cases.iter().map(case).collect())
}

fn chosen(cases: Vec<Case>, filter: Option<&str>) -> Result<Vec<Case>, String> {
    let Some(filter) = filter else {
        return Ok(cases);
    };
    let is_exact = cases.iter().any(|case| case.name == filter);
    let chosen: Vec<_> = cases
        .into_iter()
        .filter(|case| {
            if is_exact {
                case.name == filter
            } else {
                case.name.contains(filter)
            }
        })
        .collect();
    if chosen.is_empty() {
        return Err(format!(
            "no case has `{filter}` in its name; `--list` names them"
        ));
    }
    Ok(chosen)
}

/// Both sides must give the same results before a comparison of their speed makes sense.
fn agree(ours: &mut Side, peer: &mut Side) -> Result<(), String> {
    let (ours, peer) = (ours.ask(&Question::Answers)?, peer.ask(&Question::Answers)?);
    let of = |answers: &Value| answers.as_array().cloned().unwrap_or_default();
    let (ours, peer) = (of(&ours), of(&peer));
    if ours.is_empty() || ours.len() != peer.len() {
        return Err(format!(
            "we answer {} users, the peer {}",
            ours.len(),
            peer.len()
        ));
    }
    match ours.iter().zip(&peer).find(|(ours, peer)| ours != peer) {
        Some((ours, peer)) => Err(format!("we say {ours}, the peer {peer}")),
        None => Ok(()),
    }
}

fn measure(
    case: Case,
    ours: &mut Side,
    mut peer: Option<&mut Side>,
    rounds: usize,
    rows: &mut Vec<Row>,
) -> Result<(), String> {
    let begin = Question::Begin(case.name.clone());
    ours.ask(&begin)?;
    if let Some(peer) = peer.as_deref_mut() {
        peer.ask(&begin)?;
    }
    let (mut our_turns, mut peer_turns) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        if round % 2 == 0 {
            our_turns.push(ours.turn()?);
        }
        if let Some(peer) = peer.as_deref_mut() {
            peer_turns.push(peer.turn()?);
        }
        if round % 2 == 1 {
            our_turns.push(ours.turn()?);
        }
    }
    let of = |turns: &[Vec<Measured>], place: usize| -> Option<Measured> {
        let turns: Vec<_> = turns.iter().filter_map(|turn| turn.get(place)).collect();
        (!turns.is_empty()).then(|| medians(&turns))
    };
    let whole = of(&our_turns, 0).ok_or("expected at least one round")?;
    let peer = of(&peer_turns, 0);
    if case.has_versus {
        let by_hand = of(&our_turns, 1).map(|measured| measured.whole);
        rows.push(Row::new(case.name, whole.whole, by_hand));
        return Ok(());
    }
    if case.delivers {
        let caller = format!("{}/caller", case.name);
        rows.push(Row::new(caller, whole.caller, peer.map(|peer| peer.caller)));
    }
    let mut row = Row::new(case.name, whole.whole, peer.map(|peer| peer.whole));
    if let Some(alone) = of(&our_turns, 1).filter(|_| case.has_alone) {
        row = row.scaled_from(alone, of(&peer_turns, 1));
    }
    rows.push(row);
    Ok(())
}
