//! Every public error says what went wrong and what to do, hides the SDK key, and keeps its source.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use statsig::client_init::{ClientInitResponseFormat, HashAlgorithm};
use statsig::country::CountryTable;
use statsig::event_logging::EventLoggingError;
use statsig::log_lines::StatsigLogLineLevel;
use statsig::offline::OfflineClient;
use statsig::sources::{DataStoreError, FetchError};
use statsig::storage::FilePersistentStorage;
use statsig::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock};
use statsig::transport::TransportError;
use statsig::{Statsig, StatsigError, StatsigOptions, StatsigParams, StatsigUser};
use statsig_tests::specs;

const KEY: &str = "secret-0123456789abcdef";
const LIMIT: Duration = Duration::from_secs(3);

/// The error and its causes.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let source = |error: &&'a (dyn Error + 'static)| {
        let error = *error;
        error.source()
    };
    std::iter::successors(Some(error), source).collect()
}

/// The error behind all others, if it is of this type.
fn root_of<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error)
        .last()
        .and_then(|error| error.downcast_ref::<E>())
}

/// Checks the rules for every error, and returns its text.
fn text_of(error: &(dyn Error + 'static)) -> String {
    for error in chain(error) {
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.is_empty());
            assert!(!text.contains("0123456789"), "{text}");
        }
    }
    let text = error.to_string();
    assert!(
        !text.ends_with('.') && text.chars().count() < 2_000,
        "{text}"
    );
    text
}

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionRefused)
}

#[test]
fn errors_of_transports_and_adapters() {
    let cases: Vec<(Box<dyn Error>, &str)> = vec![
        (
            Box::new(TransportError::TimedOut { limit: LIMIT }),
            "expected a response within 3000 ms, found none",
        ),
        (
            Box::new(TransportError::connection(refused())),
            "the connection failed: connection refused",
        ),
        (
            Box::new(TransportError::connection(format!("{KEY} broke"))),
            "the connection failed: secret-01234***** broke",
        ),
        (
            Box::new(TransportError::Html { status: 200 }),
            "expected an answer of the service, found a page of HTML (status 200); check the URL in \
             the options, or log in to the network",
        ),
        (
            Box::new(TransportError::TooLarge { limit: 5 }),
            "expected a response of at most 5 bytes, found more",
        ),
        (
            Box::new(TransportError::encoding("expected gzip")),
            "the response cannot be decompressed: expected gzip",
        ),
        (
            Box::new(TransportError::unusable("no scheme")),
            "the request cannot be sent: no scheme",
        ),
        (
            Box::new(FetchError::NetworkDisabled),
            "the network is disabled by option",
        ),
        (
            Box::new(FetchError::from(TransportError::connection(refused()))),
            "the connection failed: connection refused",
        ),
        (
            Box::new(FetchError::status(401)),
            "expected a success status, found 401; check the SDK key",
        ),
        (
            Box::new(FetchError::from(DataStoreError::failed(refused()))),
            "the data store failed: connection refused",
        ),
        (
            Box::new(FetchError::NothingStored),
            "expected specs in the data store, found none",
        ),
        (
            Box::new(FetchError::TimedOut { limit: LIMIT }),
            "expected specs within 3000 ms, found none",
        ),
        (Box::new(FetchError::unreadable("no JSON")), "no JSON"),
        (Box::new(FetchError::stream("broken")), "broken"),
        (
            Box::new(FetchError::Abandoned),
            "the specs adapter ended without an answer",
        ),
        (Box::new(FetchError::other(refused())), "connection refused"),
        (
            Box::new(DataStoreError::BytesNotImplemented),
            "the data store keeps text only",
        ),
        (
            Box::new(EventLoggingError::temporary(refused())),
            "the events could not be sent now: connection refused",
        ),
        (
            Box::new(EventLoggingError::temporary(TransportError::connection(
                refused(),
            ))),
            "the events could not be sent now: the connection failed: connection refused",
        ),
        (
            Box::new(EventLoggingError::TooLarge),
            "the batch is too large",
        ),
        (
            Box::new(EventLoggingError::malformed("no name")),
            "an event in the batch is malformed: no name",
        ),
        (
            Box::new(EventLoggingError::refused("status 403")),
            "the events were refused: status 403",
        ),
    ];
    for (error, expected) in cases {
        assert_eq!(text_of(&*error), expected);
    }
}

#[test]
fn an_error_keeps_what_caused_it() {
    for error in [
        Box::new(TransportError::connection(refused())) as Box<dyn Error>,
        Box::new(FetchError::other(refused())),
        Box::new(FetchError::from(TransportError::connection(refused()))),
        Box::new(FetchError::from(DataStoreError::failed(refused()))),
        Box::new(EventLoggingError::temporary(TransportError::connection(
            refused(),
        ))),
    ] {
        let root = root_of::<io::Error>(&*error);
        let kind = root.expect("the error of the operating system").kind();
        assert_eq!(kind, io::ErrorKind::ConnectionRefused, "{error}");
    }
}

#[test]
fn errors_of_values_that_callers_give() {
    let options = StatsigOptions::builder().specs_url(format!("nonsense {KEY}"));
    let option = options.build().unwrap_err();
    let text = text_of(&option);
    assert!(
        text.starts_with("option `specs_url`: expected a URL"),
        "{text}"
    );
    let invalid = text_of(&StatsigError::from(option));
    assert!(invalid.starts_with("invalid options: option"), "{invalid}");

    let table = "1.0.0.0,nonsense,DE\n".as_bytes();
    let cases: Vec<(Box<dyn Error>, &str)> = vec![
        (
            Box::new("loud".parse::<StatsigLogLineLevel>().unwrap_err()),
            "expected one of trace, debug, log, info, warn, error, found `loud`",
        ),
        (
            Box::new("v9".parse::<ClientInitResponseFormat>().unwrap_err()),
            "expected one of v1, v2, init_v2, found `v9`",
        ),
        (
            Box::new("md5".parse::<HashAlgorithm>().unwrap_err()),
            "expected one of none, djb2, sha256, found `md5`",
        ),
        (
            Box::new(CountryTable::from_csv(table).err().unwrap()),
            "line 1: expected `first address,last address,country`, found",
        ),
        (
            Box::new(OfflineClient::new("nonsense", StatsigOptions::default()).unwrap_err()),
            "expected dcs-v2 specs: ",
        ),
        (
            Box::new(OfflineClient::new(" ", StatsigOptions::default()).unwrap_err()),
            "expected specs as JSON, found an empty body",
        ),
    ];
    for (error, expected) in cases {
        let text = text_of(&*error);
        assert!(text.starts_with(expected), "{text}");
    }

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sticky.json");
    std::fs::write(&path, "nonsense").unwrap();
    let corrupt = FilePersistentStorage::open(&path).unwrap_err();
    let text = text_of(&corrupt);
    assert!(text.contains("repair the file, or move it away"), "{text}");
    assert!(root_of::<serde_json::Error>(&corrupt).is_some());
    let unreadable = FilePersistentStorage::open(directory.path()).unwrap_err();
    let text = text_of(&unreadable);
    assert!(text.contains("check path and permissions"), "{text}");
    assert!(root_of::<io::Error>(&unreadable).is_some(), "{text}");
    let malformed = OfflineClient::new("nonsense", StatsigOptions::default()).unwrap_err();
    assert!(root_of::<serde_json::Error>(&malformed).is_some());
}

#[derive(Debug, StatsigParams)]
#[statsig(experiment = "no_such_experiment")]
struct Unknown {
    #[statsig(default = 1)]
    limit: i64,
}

#[test]
fn errors_of_typed_parameters() {
    let client = OfflineClient::new(specs::at(1, true).to_string(), StatsigOptions::default());
    let user = StatsigUser::with_user_id("a-user");
    let error = client.unwrap().try_get_typed::<Unknown>(&user).unwrap_err();
    let text = text_of(&error);
    assert!(text.contains("Unknown: expected experiment"), "{text}");
}

fn client(network: &Arc<ScriptedTransport>) -> Statsig {
    let clock = Arc::new(SimulatedClock::new());
    let options = StatsigOptions::builder()
        .transport(network.clone())
        .clock(clock);
    Statsig::new(KEY, options.build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn errors_of_clients_answer_what_callers_branch_on() {
    let start = async |answer: Answer| {
        let network = Arc::new(ScriptedTransport::new());
        network.always(Endpoint::Specs, answer);
        let statsig = client(&network);
        let error = statsig.initialize().await.unwrap_err();
        statsig.shutdown().await.unwrap();
        error
    };
    let unauthorized = start(Answer::status(401)).await;
    assert_eq!(
        text_of(&unauthorized),
        "expected specs to start with, found none (expected a success status, found 401; check the \
         SDK key); evaluations serve fallbacks, and syncing continues in the background"
    );
    assert!(unauthorized.is_unauthorized() && !unauthorized.is_timeout());

    let timed_out = start(Answer::hang()).await;
    assert!(text_of(&timed_out).contains("expected a response within"));
    assert!(timed_out.is_timeout() && !timed_out.is_unauthorized());

    let broken = start(Answer::refuse_connection()).await;
    assert!(text_of(&broken).contains("the connection failed"));
    assert!(!broken.is_timeout() && !broken.is_unauthorized());

    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::at(1, true).to_string());
    let statsig = client(&network);
    let uninitialized = statsig.refresh().await.unwrap_err();
    assert_eq!(
        text_of(&uninitialized),
        "expected an initialised client; call `initialize` first"
    );
    statsig.initialize().await.unwrap();
    network.always(Endpoint::Specs, Answer::status(403));
    let stale = statsig.refresh().await.unwrap_err();
    assert!(matches!(stale, StatsigError::SyncFailed { .. }), "{stale}");
    assert!(text_of(&stale).ends_with("the ones in use stay in use"));
    assert!(stale.is_unauthorized());
    statsig.shutdown().await.unwrap();
    let ended = statsig.refresh().await.unwrap_err();
    assert_eq!(
        text_of(&ended),
        "the client has been shut down; `initialize` starts it again"
    );
}

#[test]
fn errors_of_clients_in_the_wrong_place_say_where_to_call() {
    for (error, expected) in [
        (StatsigError::NoRuntime, "call it from async code"),
        (StatsigError::NoTimers, "build it with `enable_all`"),
        (StatsigError::RuntimeGone, "call `initialize` again"),
        (
            StatsigError::InsideRuntime,
            "await the method without `_blocking`",
        ),
        (StatsigError::Forked, "use `Statsig::after_fork`"),
        (StatsigError::SharedInstanceExists, "use `Statsig::shared`"),
        (StatsigError::InitTimeout { limit: LIMIT }, "within 3000 ms"),
        (
            StatsigError::Interrupted { during: "flushing" },
            "try again",
        ),
    ] {
        let text = text_of(&error);
        assert!(text.contains(expected), "{text}");
    }
    assert!(StatsigError::InitTimeout { limit: LIMIT }.is_timeout());
}
