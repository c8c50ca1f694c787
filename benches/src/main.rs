//! Compares this SDK with the official crate: same specs, same users, one process, in short alternating rounds.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use statsig_benches::alloc::Counting;
use statsig_benches::cases::{self, Case, Sides};
use statsig_benches::measure::side_by_side;
use statsig_benches::report::{Row, table};
use statsig_benches::{agree, specs};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Compares this SDK with the official crate.
#[derive(Debug, Parser)]
struct Args {
    /// Measure only cases with this in their name, or the one that is named exactly so.
    filter: Option<String>,
    /// Rounds, of which the medians are reported.
    #[arg(long, default_value_t = 31)]
    rounds: usize,
    /// Make calls on one side only and measure nothing: for tools that count instructions.
    #[arg(long, requires = "iterations")]
    only: Option<Side>,
    /// How many calls to make with `--only`.
    #[arg(long)]
    iterations: Option<usize>,
    /// How many users to prepare with `--only`, for the cases that take new ones. The same number in runs that are to be
    /// compared lets the cost of making them cancel out. At least the iterations.
    #[arg(long, default_value_t = 0)]
    pool: usize,
    /// A file with specs to use instead of the generated ones.
    #[arg(long)]
    specs: Option<PathBuf>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    Ours,
    Peer,
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
    let specs = match &args.specs {
        None => specs::generate(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?,
    };
    if args.print_specs {
        println!("{specs}");
        return Ok(());
    }
    let sides = Sides::new(&specs)?;
    let cases = chosen(cases::all(&sides), args.filter.as_deref())?;
    if args.list {
        cases.iter().for_each(|case| println!("{}", case.name));
    } else if let Some(side) = args.only {
        make_calls(cases, side, args.iterations.unwrap_or(0), args.pool)?;
    } else {
        agree::check(&sides)?;
        let rows = measure(cases, args.rounds, args.markdown);
        println!("{}", table(&rows, args.markdown));
    }
    // Clients end with the process: what they have left to do is part of no measurement.
    std::process::exit(0);
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

fn make_calls(cases: Vec<Case>, side: Side, calls: usize, pool: usize) -> Result<(), String> {
    for case in cases {
        let work = match side {
            Side::Ours => Some(case.ours),
            Side::Peer => case.peer,
        };
        let mut work = work.ok_or("the other crate is not built; turn on the feature `peer`")?;
        work.just_run(calls, pool);
    }
    Ok(())
}

fn measure(cases: Vec<Case>, rounds: usize, is_quiet: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for case in cases {
        let first = rows.len();
        measure_case(case, rounds, &mut rows);
        for row in rows.iter().skip(first) {
            if is_quiet {
                eprintln!("{}", row.json());
            } else {
                println!("{}", row.json());
            }
        }
    }
    rows
}

fn measure_case(case: Case, rounds: usize, rows: &mut Vec<Row>) {
    let Case {
        name,
        mut ours,
        peer,
        alone,
    } = case;
    match (peer, alone) {
        (None, None) => {
            let [measured] = side_by_side([&mut ours], rounds);
            if ours.delivers() {
                rows.push(Row::new(format!("{name}/caller"), measured.caller, None));
            }
            rows.push(Row::new(name, measured.whole, None));
        }
        (Some(mut peer), None) => {
            let [measured, other] = side_by_side([&mut ours, &mut peer], rounds);
            if ours.delivers() {
                let caller = format!("{name}/caller");
                rows.push(Row::new(caller, measured.caller, Some(other.caller)));
            }
            rows.push(Row::new(name, measured.whole, Some(other.whole)));
        }
        (None, Some((mut alone, _))) => {
            let [both, alone] = side_by_side([&mut ours, &mut alone], rounds);
            rows.push(Row::new(name, both.whole, None).scaled_from(alone, None));
        }
        (Some(mut peer), Some((mut alone, peer_alone))) => {
            let mut peer_alone = peer_alone.expect("what runs on two threads runs on one");
            let works = [&mut ours, &mut peer, &mut alone, &mut peer_alone];
            let [ours, peer, alone, peer_alone] = side_by_side(works, rounds);
            let row = Row::new(name, ours.whole, Some(peer.whole));
            rows.push(row.scaled_from(alone, Some(peer_alone)));
        }
    }
}
