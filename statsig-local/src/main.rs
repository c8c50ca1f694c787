//! `statsig-local`: a local Statsig on the command line.

mod ask;
mod cli;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use statsig::clock::{Clock, SystemClock};
use statsig_local::{LocalError, LocalStatsig, Upstream};

use crate::cli::{Ask, Cli, Command, KEY_VARIABLE, Serve};

/// The variable with the SDK key. The key must not be an argument: everybody on the machine can
/// read the arguments of a process.
const SDK_KEY_VARIABLE: &str = "STATSIG_SERVER_SECRET";
/// The upstream that is Statsig itself.
const STATSIG: &str = "statsig";

fn main() -> ExitCode {
    let result = match Cli::parse().command() {
        Some(Command::Serve(arguments)) => serve(arguments),
        Some(Command::Ask(question)) => answer(&question),
        None => Err("nothing to do; see --help".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tell(format_args!("statsig-local: {problem}"));
            ExitCode::FAILURE
        }
    }
}

/// Answers a question about the specs. Warnings about them go to the error output.
fn answer(question: &Ask) -> Result<(), String> {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        // Only a terminal shows colours. A pipe or a file gets plain text.
        .with_ansi(io::stderr().is_terminal())
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_target(false)
        .without_time();
    let _ = subscriber.try_init();
    let mut terminal = ask::Terminal {
        input: &mut io::stdin().lock(),
        output: &mut io::stdout().lock(),
        notes: &mut io::stderr(),
        key: std::env::var(KEY_VARIABLE).ok(),
        now_ms: SystemClock.now_ms(),
    };
    match ask::answer(question, &mut terminal) {
        // The reader has closed the pipe and needs no more output.
        Err(ask::AskError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        answered => answered.map_err(|error| error.to_string()),
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn serve(arguments: Serve) -> Result<(), String> {
    let mut builder = LocalStatsig::builder()
        .bind(arguments.bind)
        .forward_proxy(arguments.forward_proxy)
        .on_event(|event| show(event))
        .on_notice(|notice| tell(notice));
    for name in arguments.allow_host {
        builder = builder.allowed_host(name);
    }
    let serves_pages = !arguments.allow_origin.is_empty();
    for origin in arguments.allow_origin {
        builder = builder.allowed_origin(origin);
    }
    let mut origin = String::new();
    if let Some(path) = arguments.specs {
        origin = path.display().to_string();
        builder = builder.specs_file(path);
    }
    if let Some(url) = arguments.upstream {
        let key = std::env::var(SDK_KEY_VARIABLE)
            .map_err(|_| format!("expected the SDK key in {SDK_KEY_VARIABLE}, found none"))?;
        let upstream = match url.as_str() {
            STATSIG => Upstream::statsig(key),
            url => Upstream::at(url, key),
        };
        origin = upstream.to_string();
        builder = builder.upstream(upstream);
    }
    if let Some(path) = arguments.id_lists {
        builder = builder.id_lists_file(path);
    }
    if let Some(path) = arguments.faults {
        builder = builder.faults_file(path);
    }
    let local = builder
        .start()
        .await
        .map_err(|error: LocalError| error.report())?;
    show(format_args!("serving {origin}: {}", local.specs_summary()));
    show(format_args!("  specs_url      {}", local.specs_url()));
    show(format_args!("  id_lists_url   {}", local.id_lists_url()));
    show(format_args!("  log_event_url  {}", local.log_event_url()));
    if serves_pages {
        show(format_args!("  client api     {}", local.client_api_url()));
    }
    show("Changes are picked up. Events appear below; Ctrl-C stops.");
    stop_signal().await;
    local.shutdown().await;
    Ok(())
}

/// Writes to the output. If the reader has gone, the server continues to serve.
fn show(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Writes to the error output.
fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Returns on Ctrl-C or, on systems that have it, a termination signal.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
