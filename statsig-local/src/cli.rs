//! The arguments of the program.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A local Statsig: serves specs and ID lists from files and shows the events that services log.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Option<Serve>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until interrupted (the default command).
    Serve(Serve),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The specs, as /v2/download_config_specs answers them; changes are picked up.
    #[arg(long, value_name = "FILE")]
    pub(crate) specs: PathBuf,
    /// The ID lists: a JSON object of list name to array of plain unit IDs; changes are picked up.
    #[arg(long, value_name = "FILE")]
    pub(crate) id_lists: Option<PathBuf>,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8765")]
    pub(crate) bind: String,
}

impl Cli {
    /// What to do; `None` if neither a command nor its arguments are given.
    pub(crate) fn command(self) -> Option<Command> {
        self.command.or(self.serve.map(Command::Serve))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &str) -> Result<Serve, clap::Error> {
        let arguments = std::iter::once("statsig-local").chain(arguments.split_whitespace());
        Cli::try_parse_from(arguments).map(|cli| {
            let Some(Command::Serve(serve)) = Cli::command(cli) else {
                panic!("no command");
            };
            serve
        })
    }

    #[test]
    fn the_arguments_are_consistent_and_explained() {
        <Cli as CommandFactory>::command().debug_assert();
        let help = parse("serve --help").unwrap_err().to_string();
        for argument in ["--specs <FILE>", "--id-lists <FILE>", "--bind <HOST:PORT>"] {
            assert!(help.contains(argument), "{help}");
        }
    }

    #[test]
    fn serve_is_the_default_command() {
        for arguments in ["serve --specs a.json", "--specs a.json"] {
            let serve = parse(arguments).unwrap();
            assert_eq!(serve.specs, PathBuf::from("a.json"));
            assert_eq!(serve.id_lists, None);
            assert_eq!(serve.bind, "127.0.0.1:8765");
        }
        let serve = parse("--specs a.json --id-lists b.json --bind 127.0.0.1:0").unwrap();
        assert_eq!(serve.id_lists, Some(PathBuf::from("b.json")));
        assert_eq!(serve.bind, "127.0.0.1:0");
    }

    #[test]
    fn specs_are_required() {
        for arguments in ["", "serve", "--bind 127.0.0.1:0"] {
            let error = parse(arguments).unwrap_err().to_string();
            assert!(error.contains("--specs <FILE>"), "{arguments}: {error}");
        }
    }
}
