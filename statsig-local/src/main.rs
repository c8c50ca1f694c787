//! `statsig-local`: a local Statsig on the command line.

mod cli;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use statsig_local::{LocalError, LocalStatsig};

use crate::cli::{Cli, Command, Serve};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let Some(Command::Serve(arguments)) = Cli::parse().command() else {
        tell("statsig-local: nothing to do; see --help");
        return ExitCode::FAILURE;
    };
    match serve(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("statsig-local: {}", error.report()));
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Serve) -> Result<(), LocalError> {
    let origin = arguments.specs.display().to_string();
    let mut builder = LocalStatsig::builder()
        .specs_file(arguments.specs)
        .bind(arguments.bind)
        .on_event(|event| show(event))
        .on_notice(|notice| tell(notice));
    if let Some(path) = arguments.id_lists {
        builder = builder.id_lists_file(path);
    }
    let local = builder.start().await?;
    show(format_args!("serving {origin}: {}", local.specs_summary()));
    show(format_args!("  specs_url      {}", local.specs_url()));
    show(format_args!("  id_lists_url   {}", local.id_lists_url()));
    show(format_args!("  log_event_url  {}", local.log_event_url()));
    show("Edit the file and services pick it up. Events appear below; Ctrl-C stops.");
    stop_signal().await;
    local.shutdown().await;
    Ok(())
}

/// To the output. Nobody reading it any more is no reason to stop serving.
fn show(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// To the error output.
fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Returns on Ctrl-C or, where that exists, a termination signal.
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
