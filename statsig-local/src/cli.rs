//! The arguments of the program.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use statsig::EntityKind;
use statsig::client_init::{ClientInitResponseFormat, HashAlgorithm};

/// A local Statsig: serves specs and ID lists from files, shows the events that services log, and
/// explains what users get.
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
    #[command(flatten)]
    Ask(Ask),
}

/// The commands that answer one question.
#[derive(Debug, Subcommand)]
pub(crate) enum Ask {
    /// Show what a user gets: the named gates, configs, experiments, layers and parameter stores,
    /// or all of them.
    Eval(Eval),
    /// Show why a user gets it: every rule and condition that was tried.
    Explain(Explain),
    /// Show what the specs define.
    List(List),
    /// Show what a client SDK would start from: the client initialize response for a user.
    ClientInit(ClientInit),
    /// Write Rust structs for the parameters that the specs define, or check the structs of a
    /// binary against them.
    Schema(Schema),
    /// Make a token that forces gates and parameters for the requests that carry it, in services
    /// that accept such tokens.
    Sign(Sign),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The specs, as /v2/download_config_specs answers them; changes are picked up.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "upstream",
        conflicts_with = "upstream"
    )]
    pub(crate) specs: Option<PathBuf>,
    /// Serve the specs and ID lists of another Statsig and send events on to it: `http://host:port`
    /// of a forward proxy or of another `statsig-local`, or `statsig` for the service. The
    /// environment variable `STATSIG_SERVER_SECRET` contains the SDK key.
    #[arg(long, value_name = "URL")]
    pub(crate) upstream: Option<String>,
    /// The ID lists: a JSON object of list name to array of plain unit IDs; changes are picked up.
    #[arg(long, value_name = "FILE")]
    pub(crate) id_lists: Option<PathBuf>,
    /// Faults: requests that fail, in order, as {"faults": [{"endpoint": "specs", "fault":
    /// {"status": 503}, "times": 2}]}; read anew when it changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Answer as a Statsig forward proxy does.
    #[arg(long)]
    pub(crate) forward_proxy: bool,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8765")]
    pub(crate) bind: String,
    /// Also answer requests for this host, such as the name of a container. Repeat it for several
    /// hosts; `*` allows all. Default: loopback names, and the address of `--bind`.
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Let web pages of this origin, such as http://localhost:3000, log events with a client SDK.
    /// Repeat it for several origins. Default: none.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    #[command(flatten)]
    pub(crate) question: Question,
    #[command(flatten)]
    pub(crate) only: Only,
    /// What to evaluate; without a name, everything that the specs define.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) question: Question,
    #[command(flatten)]
    pub(crate) only: Only,
    /// What to explain.
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
}

/// Which names to evaluate, for which user.
#[derive(Debug, Args)]
pub(crate) struct Question {
    #[command(flatten)]
    pub(crate) specs: Specs,
    /// The user as Statsig's JSON, such as '{"userID": "a-user", "custom": {"plan": "premium"}}';
    /// @FILE reads a file, - the input.
    #[arg(long, value_name = "JSON")]
    pub(crate) user: String,
    /// The ID lists: a JSON object of list name to array of plain unit IDs.
    #[arg(long, value_name = "FILE")]
    pub(crate) id_lists: Option<PathBuf>,
    /// The environment, such as production. Default: the one in the specs.
    #[arg(long, value_name = "TIER")]
    pub(crate) environment: Option<String>,
    /// When to evaluate: RFC 3339, such as 2026-01-31T12:00:00Z, or epoch milliseconds. Default:
    /// now.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) specs: Specs,
    #[command(flatten)]
    pub(crate) only: Only,
}

/// Without `--check`, structs are written.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    #[command(flatten)]
    pub(crate) specs: Specs,
    #[command(flatten)]
    pub(crate) only: Only,
    /// Check the schemas in this file, as the binary wrote them; fails if any struct differs from
    /// the specs.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "names"])]
    pub(crate) check: Option<PathBuf>,
    /// Fail on warnings too.
    #[arg(long, requires = "check")]
    pub(crate) deny_warnings: bool,
    /// What to write a struct for; without a name, every config, experiment, layer and parameter
    /// store.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// The options of the response, as in `ClientInitResponseOptions`.
#[derive(Debug, Args)]
pub(crate) struct ClientInit {
    #[command(flatten)]
    pub(crate) question: Question,
    /// How names are hashed: djb2, sha256 or none.
    #[arg(long, value_name = "ALGORITHM", default_value = "djb2")]
    pub(crate) hash: HashAlgorithm,
    /// What the response looks like: v1, v2 or init_v2.
    #[arg(long, value_name = "FORMAT", default_value = "v1")]
    pub(crate) format: ClientInitResponseFormat,
    /// The client SDK key that the response is for: only what targets its app is included.
    #[arg(long, value_name = "KEY")]
    pub(crate) client_key: Option<String>,
    /// The app that the response is for: only what targets it is included.
    #[arg(long, value_name = "ID")]
    pub(crate) target_app: Option<String>,
    /// Include only these gates.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) gates: Option<Vec<String>>,
    /// Include only these dynamic configs.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) configs: Option<Vec<String>>,
    /// Include only these experiments.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) experiments: Option<Vec<String>>,
    /// Include only these layers.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) layers: Option<Vec<String>>,
    /// Include only these parameter stores.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) stores: Option<Vec<String>>,
    /// Leave ID types out.
    #[arg(long)]
    pub(crate) remove_id_type: bool,
    /// Leave out gates that are false by default and went through no other gate.
    #[arg(long)]
    pub(crate) remove_default_value_gates: bool,
    /// Leave out experiments that share their parameters with a layer.
    #[arg(long)]
    pub(crate) remove_experiments_in_layers: bool,
}

/// The variable with the key of `sign`.
pub(crate) const KEY_VARIABLE: &str = "STATSIG_OVERRIDES_KEY";

/// The key is not an argument, because everybody on the machine can read the arguments of a
/// process.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("forced").args(["gate", "param"]).multiple(true).required(true)))]
pub(crate) struct Sign {
    /// The file with the key: at least 32 bytes of text, such as from `openssl rand -base64 32`.
    /// Default: the key in the environment variable `STATSIG_OVERRIDES_KEY`.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The audience of the services that the token is for.
    #[arg(long, value_name = "NAME")]
    pub(crate) audience: String,
    /// How long the token is valid: a number with s, m, h or d, such as 90s or 1h.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    pub(crate) expires: u64,
    /// Force a gate. Repeat it for several gates.
    #[arg(long, value_name = "NAME=true|false")]
    pub(crate) gate: Vec<String>,
    /// Force a parameter of a config, experiment, layer or store, such as layer:promo.title=Hi. The
    /// parameter begins after the last dot. The value is JSON or else a text. Repeat it for several
    /// parameters.
    #[arg(long, value_name = "KIND:NAME.PARAMETER=VALUE")]
    pub(crate) param: Vec<String>,
    /// Fail if the token forces a name that is not in these specs.
    #[arg(long, value_name = "FILE")]
    pub(crate) specs: Option<PathBuf>,
}

/// The specs, and the format of the answer.
#[derive(Debug, Args)]
pub(crate) struct Specs {
    /// The specs, as /v2/download_config_specs answers them.
    #[arg(long = "specs", value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// Answer in JSON for machines.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The selected part of the specs.
#[derive(Debug, Args)]
pub(crate) struct Only {
    /// Only this kind. Default: every kind that has the name.
    #[arg(long, value_enum)]
    kind: Option<KindArgument>,
}

impl Only {
    pub(crate) fn kind(&self) -> Option<EntityKind> {
        self.kind.map(|kind| kind.0)
    }
}

#[derive(Debug, Clone, Copy)]
struct KindArgument(EntityKind);

impl ValueEnum for KindArgument {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(EntityKind::Gate),
            Self(EntityKind::DynamicConfig),
            Self(EntityKind::Experiment),
            Self(EntityKind::Layer),
            Self(EntityKind::ParameterStore),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self.0 {
            EntityKind::Gate => ("gate", "A gate, segment or holdout"),
            EntityKind::DynamicConfig => ("config", "A dynamic config"),
            EntityKind::Experiment => ("experiment", "An experiment or autotune"),
            EntityKind::Layer => ("layer", "A layer"),
            EntityKind::ParameterStore => ("store", "A parameter store"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

fn parse_time(text: &str) -> Result<u64, String> {
    let date = || {
        let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        u64::try_from(time.timestamp_millis()).ok()
    };
    let expected = "expected a time such as 2026-01-31T12:00:00Z, or epoch milliseconds";
    text.parse().ok().or_else(date).ok_or(expected.to_owned())
}

/// Milliseconds.
fn parse_duration(text: &str) -> Result<u64, String> {
    let expected = || "expected a number with s, m, h or d, such as 90s or 1h".to_owned();
    let unit = text.chars().next_back().ok_or_else(expected)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(expected()),
    };
    let count: Option<u64> = text.strip_suffix(unit).and_then(|count| count.parse().ok());
    let ms = count.and_then(|count| count.checked_mul(seconds * 1_000));
    ms.filter(|ms| *ms > 0).ok_or_else(expected)
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
        for argument in [
            "--specs <FILE>",
            "--upstream <URL>",
            "--id-lists <FILE>",
            "--faults <FILE>",
            "--bind <HOST:PORT>",
            "--allow-host <NAME>",
            "--allow-origin <ORIGIN>",
        ] {
            assert!(help.contains(argument), "{help}");
        }
    }

    #[test]
    fn times_are_dates_or_milliseconds() {
        assert_eq!(parse_time("2026-01-01T00:00:00Z"), Ok(1_767_225_600_000));
        assert_eq!(parse_time("1767225600000"), Ok(1_767_225_600_000));
        for text in ["yesterday", "2026-01-01", "-5", "1900-01-01T00:00:00Z"] {
            assert!(parse_time(text).unwrap_err().contains("epoch"), "{text}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("90s"), Ok(90_000));
        assert_eq!(parse_duration("15m"), Ok(900_000));
        assert_eq!(parse_duration("1h"), Ok(3_600_000));
        assert_eq!(parse_duration("7d"), Ok(604_800_000));
        for text in [
            "",
            "h",
            "1",
            "0h",
            "-1h",
            "1.5h",
            "1w",
            "99999999999999999d",
            "1ä",
        ] {
            assert!(parse_duration(text).unwrap_err().contains("90s"), "{text}");
        }
    }

    #[test]
    fn explaining_needs_a_name_and_evaluating_does_not() {
        let parse = |command: &str, names: &[&str]| {
            let arguments = [
                "statsig-local",
                command,
                "--specs",
                "a.json",
                "--user",
                "{}",
            ];
            Cli::try_parse_from(arguments.iter().chain(names)).map(|cli| cli.command.is_some())
        };
        assert!(parse("eval", &[]).is_ok_and(|is_command| is_command));
        assert!(parse("explain", &["a", "b", "--kind", "gate"]).is_ok());
        assert!(
            parse("explain", &[])
                .unwrap_err()
                .to_string()
                .contains("<NAME>")
        );
        let error = parse("eval", &["--kind", "flag"]).unwrap_err().to_string();
        assert!(
            error.contains("gate, config, experiment, layer, store"),
            "{error}"
        );
    }

    #[test]
    fn serve_is_the_default_command() {
        for arguments in ["serve --specs a.json", "--specs a.json"] {
            let serve = parse(arguments).unwrap();
            assert_eq!(serve.specs, Some(PathBuf::from("a.json")));
            assert_eq!(serve.id_lists, None);
            assert_eq!(serve.bind, "127.0.0.1:8765");
        }
        let serve = parse("--specs a.json --id-lists b.json --bind 127.0.0.1:0").unwrap();
        assert_eq!(serve.id_lists, Some(PathBuf::from("b.json")));
        assert_eq!(serve.bind, "127.0.0.1:0");
    }

    #[test]
    fn specs_are_required_or_an_upstream() {
        let serve = parse("--upstream statsig").unwrap();
        assert_eq!(
            (serve.specs, serve.upstream.as_deref()),
            (None, Some("statsig"))
        );
        assert!(parse("--upstream statsig --specs a.json").is_err());
        for arguments in ["", "serve", "--bind 127.0.0.1:0"] {
            let error = parse(arguments).unwrap_err().to_string();
            assert!(error.contains("--specs <FILE>"), "{arguments}: {error}");
        }
    }
}
