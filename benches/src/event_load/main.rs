//! Logs many exposures a second from two threads for minutes. The local Statsig is first healthy,
//! then slow, then down, then healthy again.
//!
//! Each side and the service run in their own processes, so that each one's memory can be measured.
//! The official crate takes part in a build with `--features peer`. Our published figures come from
//! a build without it.

mod callers;
mod service;
mod sides;

use std::net::SocketAddr;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use statsig_benches::specs;

use crate::callers::{Callers, Made};
use crate::service::Service;
use crate::sides::{Ended, Side};

/// How often to measure memory.
const MEMORY_INTERVAL: Duration = Duration::from_millis(500);
/// How long an answer takes while the service is slow.
const SLOW: Duration = Duration::from_secs(2);

/// Loads this SDK and the official crate, one after the other.
#[derive(Debug, Clone, Parser)]
struct Args {
    /// Load one side only.
    #[arg(value_enum)]
    side: Option<Which>,
    /// Exposures a minute, of all threads together.
    #[arg(long, default_value_t = 1_000_000)]
    per_minute: u64,
    /// How long to run: a third of the time healthy, a third slow, a fifth down, the rest healthy
    /// again.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Threads that call.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Run as the service, at this address.
    #[arg(long, hide = true)]
    serve: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Ours,
    Peer,
}

/// The states of the service, and the share of the time for each.
const PHASES: [(&str, f64); 4] = [
    ("healthy", 1.0 / 3.0),
    ("slow", 1.0 / 3.0),
    ("down", 1.0 / 5.0),
    ("back", 2.0 / 15.0),
];

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
    if let Some(address) = args.serve {
        return service::serve(address);
    }
    match args.side {
        Some(Which::Ours) => load(args, "ours", sides::Ours::start),
        #[cfg(feature = "peer")]
        Some(Which::Peer) => load(args, "peer", sides::Peer::start),
        #[cfg(not(feature = "peer"))]
        Some(Which::Peer) => Err("built without the other crate".to_owned()),
        None => {
            println!(
                "| side | service | exposures | p50 ns | p99 ns | p99.9 ns | max µs | max µs calling nothing | most memory MiB |"
            );
            println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
            let mut sides = vec!["ours"];
            if cfg!(feature = "peer") {
                sides.push("peer");
            }
            sides.into_iter().try_for_each(|side| again_as(side, args))
        }
    }
}

/// Runs one side in its own process.
fn again_as(side: &str, args: &Args) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let status = Command::new(program)
        .arg(side)
        .args(["--per-minute", &args.per_minute.to_string()])
        .args(["--seconds", &args.seconds.to_string()])
        .args(["--threads", &args.threads.to_string()])
        // Requests to the internet, such as error reports, fail here.
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("NO_PROXY", "127.0.0.1")
        .status()
        .map_err(|error| error.to_string())?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{side}: {status}"))
    }
}

fn load<S: Side>(
    args: &Args,
    name: &str,
    start: impl FnOnce(&str, &str) -> S,
) -> Result<(), String> {
    let mut service = Service::start()?;
    let side = start(&specs::generate(), &service.log_event_url());
    let callers = Callers::start(side, args.threads, args.per_minute, PHASES.len());
    let mut memory = Vec::new();
    for (number, (phase, share)) in PHASES.into_iter().enumerate() {
        match phase {
            "slow" => service.be_slow(SLOW)?,
            "down" => service.go_down()?,
            "back" => service.come_back()?,
            _ => {}
        }
        callers.enter(number);
        let ends = Instant::now() + Duration::from_secs(args.seconds).mul_f64(share);
        let mut most = 0.0_f64;
        while Instant::now() < ends {
            std::thread::sleep(MEMORY_INTERVAL.min(ends - Instant::now()));
            most = most.max(resident_mib());
        }
        memory.push(most);
    }
    let (side, made, control) = callers.stop();
    for (number, (phase, _)) in PHASES.into_iter().enumerate() {
        let Made { latencies, .. } = &made;
        let Some(latencies) = latencies.get(number) else {
            continue;
        };
        println!(
            "| {name} | {phase} | {} | {} | {} | {} | {:.0} | {:.0} | {:.0} |",
            latencies.len(),
            latencies.value_at_quantile(0.5),
            latencies.value_at_quantile(0.99),
            latencies.value_at_quantile(0.999),
            latencies.max() as f64 / 1_000.0,
            control.longest_ns(number) as f64 / 1_000.0,
            memory.get(number).copied().unwrap_or_default(),
        );
    }
    let ended = Instant::now();
    let Ended { says } = side.end();
    let arrived = service.arrived()?;
    let exposures: u64 = made.latencies.iter().map(|phase| phase.len()).sum();
    println!(
        "{name}: {exposures} exposures, {arrived} arrived, {} did not; furthest behind {} ms (calling nothing: {} ms), waited {} times (calling nothing: {}); ended in {} ms, then {:.0} MiB; {says}",
        exposures.saturating_sub(arrived),
        made.furthest_behind.as_millis(),
        control.furthest_behind.as_millis(),
        made.waits,
        control.waits,
        ended.elapsed().as_millis(),
        resident_mib(),
    );
    Ok(())
}

/// The memory of this process that is in use.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: Option<f64> = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kib.unwrap_or_default() / 1_024.0
}
