//! Tests every fault of HTTP on loopback. Checks the log, the result of `initialize`, that good
//! specs stay in use, that the client recovers, and that the SDK key appears nowhere.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod certificates;
mod log;
mod proxy;
mod server;

use std::time::Duration;

use statsig::testing::OfflineClient;
use statsig::{FeatureGateEvaluationOptions, Statsig, StatsigOptionsBuilder, StatsigUser};
use statsig_tests::clock::FixedClock;
use statsig_tests::{local_options, specs};

use self::log::Log;
use self::server::{Behaviour, Server, gzipped, ok, response};

const KEY: &str = "secret-faults-0123456789";
/// The part of the key that must not appear anywhere.
const SECRET: &str = "0123456789";
const MAX_SPECS_BYTES: usize = 200_000;

fn options(base: &str) -> StatsigOptionsBuilder {
    local_options()
        .specs_url(format!("{base}/v2/download_config_specs"))
        // Even a busy machine does not reach this limit.
        .init_timeout(Duration::from_secs(60))
        .specs_request_timeout(Duration::from_secs(60))
        // Syncs happen only on request.
        .specs_sync_interval(Duration::from_secs(3_600))
        .max_specs_bytes(MAX_SPECS_BYTES)
        .disable_all_logging(true)
}

fn client(options: StatsigOptionsBuilder) -> Statsig {
    Statsig::new(KEY, options.build().unwrap())
}

/// Specs of this time. If the time is odd, everybody passes the gate `on`.
fn good(time: u64) -> Behaviour {
    let json = specs::at(time, time % 2 == 1).to_string();
    Behaviour::Answer(ok(
        "content-type: application/json\r\ncontent-encoding: gzip\r\n",
        &gzipped(json.as_bytes()),
    ))
}

fn check(statsig: &Statsig) -> (bool, String) {
    let options = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    let user = StatsigUser::with_user_id("a-user");
    let gate = statsig.get_feature_gate_with_options(&user, "on", options);
    (gate.value, gate.details.reason.to_string())
}

/// Exposes a client with specs and a client without specs to a fault. Both must report `says`.
async fn endure(
    server: &mut Server,
    clients: [Statsig; 2],
    cause: impl AsyncFnOnce(&mut Server),
    says: &str,
    heal: impl AsyncFnOnce(&mut Server),
) {
    let log = Log::start();
    let [with_specs, without] = clients;
    let details = with_specs.initialize().await.unwrap();
    assert!(details.is_config_spec_ready, "{details:?}");
    assert_eq!(check(&with_specs), (true, "Network:Recognized".to_owned()));

    cause(server).await;
    let sync_error = with_specs.refresh().await.unwrap_err();
    assert!(sync_error.to_string().contains(says), "{sync_error}");
    assert_eq!(check(&with_specs), (true, "Network:Recognized".to_owned()));
    let start_error = without.initialize().await.unwrap_err();
    assert!(start_error.to_string().contains(says), "{start_error}");
    let details = without.get_initialize_details().unwrap();
    assert!(
        details.init_success && !details.is_config_spec_ready,
        "{details:?}"
    );
    assert_eq!(check(&without), (false, "NoValues".to_owned()));

    heal(server).await;
    for statsig in [&with_specs, &without] {
        statsig.refresh().await.unwrap();
        assert_eq!(check(statsig), (false, "Network:Recognized".to_owned()));
        statsig.shutdown().await.unwrap();
    }

    let log = log.text();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains(" WARN ")).collect();
    assert_eq!(warnings.len(), 2, "one for each client: {log}");
    for (warning, what) in warnings.iter().zip([
        "specs sync failed, the specs in use stay in use",
        "specs sync failed, and there are no specs yet: evaluations serve fallbacks until one succeeds",
    ]) {
        assert!(warning.contains(what), "{warning}");
        assert!(warning.contains(says), "{warning}");
    }
    assert!(log.contains("specs sync works again"), "{log}");
    let shown = format!(
        "{log} {sync_error} {sync_error:?} {start_error} {start_error:?} {details:?} {with_specs:?}"
    );
    assert!(!shown.contains(SECRET), "{shown}");
}

/// The same for a fault in the answer to a plain request.
async fn endure_answer(fault: Behaviour, says: &str) {
    let mut server = Server::start(good(1));
    let base = format!("http://{}", server.address());
    let clients = [client(options(&base)), client(options(&base))];
    let cause = async |server: &mut Server| server.behave(fault);
    let heal = async |server: &mut Server| server.behave(good(2));
    endure(&mut server, clients, cause, says, heal).await;
    let request = &server.requests()[0];
    assert!(
        request.contains(&format!("/{KEY}.json HTTP/1.1")),
        "{request}"
    );
}

#[tokio::test]
async fn a_refused_connection() {
    // The client with specs got them from another source.
    let mut refusing = Server::refusing(good(2));
    let start = Server::start(good(1));
    let list = [&start, &refusing].map(|server| {
        let url = format!("http://{}/v2/download_config_specs", server.address());
        statsig::sources::SpecAdapterConfig::network_http_at(url)
    });
    let base = format!("http://{}", refusing.address());
    let with_specs =
        client(options(&base).spec_adapters_config([list[1].clone(), list[0].clone()]));
    let log = Log::start();
    with_specs.initialize().await.unwrap();
    assert_eq!(check(&with_specs).1, "Network:Recognized");
    let without = client(options(&base));
    let errors = [
        with_specs.refresh().await.unwrap_err(),
        without.initialize().await.unwrap_err(),
    ];
    for error in &errors {
        assert!(error.to_string().contains("Connection refused"), "{error}");
    }
    assert_eq!(check(&with_specs), (true, "Network:Recognized".to_owned()));
    refusing.open();
    for statsig in [with_specs, without] {
        statsig.refresh().await.unwrap();
        assert_eq!(check(&statsig), (false, "Network:Recognized".to_owned()));
        statsig.shutdown().await.unwrap();
    }
    let shown = format!("{} {errors:?}", log.text());
    assert!(
        shown.contains("specs sync failed") && !shown.contains(SECRET),
        "{shown}"
    );
}

#[tokio::test]
async fn a_connection_that_is_reset_in_the_middle_of_the_body() {
    let mut half = ok("", specs::at(5, false).to_string().as_bytes());
    half.truncate(half.len() / 2);
    endure_answer(Behaviour::Reset(half), "the connection failed").await;
}

#[tokio::test]
async fn a_connection_that_is_reset_without_an_answer() {
    endure_answer(Behaviour::Reset(Vec::new()), "the connection failed").await;
}

#[tokio::test]
async fn silence_in_the_middle_of_the_body() {
    let limit = Duration::from_millis(500);
    let mut half = ok("", specs::at(5, false).to_string().as_bytes());
    half.truncate(half.len() / 2);
    let server = Server::start(good(1));
    let base = format!("http://{}", server.address());
    let log = Log::start();
    let with_specs = client(options(&base).specs_request_timeout(limit));
    with_specs.initialize().await.unwrap();
    server.behave(Behaviour::Stall(half));
    let error = with_specs.refresh().await.unwrap_err();
    assert!(error.to_string().contains("within 500 ms"), "{error}");
    assert_eq!(check(&with_specs), (true, "Network:Recognized".to_owned()));
    let without = client(options(&base).init_timeout(limit));
    let start_error = without.initialize().await.unwrap_err();
    assert!(
        start_error.to_string().contains("within 500 ms"),
        "{start_error}"
    );
    assert!(!check(&without).0);

    server.behave(good(2));
    for statsig in [with_specs, without] {
        // The refresh may join a running sync, or a busy machine may delay it.
        while statsig.refresh().await.is_err() {}
        assert_eq!(check(&statsig), (false, "Network:Recognized".to_owned()));
        statsig.shutdown().await.unwrap();
    }
    let shown = format!("{} {error:?} {start_error:?}", log.text());
    assert!(
        shown.contains("specs sync failed, the specs in use stay in use"),
        "{shown}"
    );
    assert!(!shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn statuses_other_than_success() {
    for (status, says) in [
        ("500 Internal Server Error", "found 500"),
        ("429 Too Many Requests", "found 429"),
        ("304 Not Modified", "found 304"),
        ("401 Unauthorized", "found 401; check the SDK key"),
        ("404 Not Found", "found 404; check the specs URL"),
    ] {
        let body: &[u8] = if status.starts_with("304") {
            b""
        } else {
            b"no secret-0123456789 here"
        };
        endure_answer(Behaviour::Answer(response(status, "", body)), says).await;
    }
}

#[tokio::test]
async fn successes_without_specs() {
    let no_content = b"HTTP/1.1 204 No Content\r\n\r\n".to_vec();
    let says = "expected specs as JSON, found an empty body";
    endure_answer(Behaviour::Answer(no_content), says).await;
    endure_answer(Behaviour::Answer(ok("", b"")), says).await;
    let html = ok(
        "content-type: text/html\r\n",
        b"<html><body>Please sign in</body></html>",
    );
    endure_answer(Behaviour::Answer(html), "found a page of HTML").await;
}

#[tokio::test]
async fn bodies_that_are_not_encoded_as_they_say() {
    let json = specs::at(5, false).to_string();
    let plain = ok("content-encoding: gzip\r\n", json.as_bytes());
    endure_answer(
        Behaviour::Answer(plain),
        "expected a body in gzip, found a broken one",
    )
    .await;
    let unknown = ok("content-encoding: statsig-br\r\n", json.as_bytes());
    endure_answer(Behaviour::Answer(unknown), "found statsig-br").await;
    let mut cut = gzipped(json.as_bytes());
    cut.truncate(cut.len() / 2);
    let cut = ok("content-encoding: gzip\r\n", &cut);
    endure_answer(
        Behaviour::Answer(cut),
        "expected a body in gzip, found a broken one",
    )
    .await;
}

#[tokio::test]
async fn a_body_that_blows_up_when_it_is_decompressed() {
    let bomb = gzipped(&vec![b' '; 100_000_000]);
    assert!(bomb.len() < MAX_SPECS_BYTES);
    let says = format!("expected a response of at most {MAX_SPECS_BYTES} bytes, found more");
    let bomb = ok("content-encoding: gzip\r\n", &bomb);
    endure_answer(Behaviour::Answer(bomb), &says).await;
}

#[tokio::test]
async fn clocks_that_disagree_by_decades() {
    for now_ms in [0, 4_102_444_800_000] {
        let log = Log::start();
        let json = specs::at(1, true).to_string();
        let long_ago = "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
        let server = Server::start(Behaviour::Answer(ok(long_ago, json.as_bytes())));
        let base = format!("http://{}", server.address());
        let statsig = client(options(&base).clock(std::sync::Arc::new(FixedClock(now_ms))));
        statsig.initialize().await.unwrap();
        assert_eq!(check(&statsig), (true, "Network:Recognized".to_owned()));
        assert_eq!(statsig.specs_status().received_at, Some(now_ms));
        let request = &server.requests()[0];
        assert!(
            request.contains(&format!("statsig-client-time: {now_ms}\r\n")),
            "{request}"
        );
        server.behave(good(2));
        statsig.refresh().await.unwrap();
        assert_eq!(check(&statsig), (false, "Network:Recognized".to_owned()));
        statsig.shutdown().await.unwrap();
        assert!(!log.text().contains(" WARN ") && !log.text().contains(SECRET));
    }
}

#[test]
fn a_thousand_malformed_gates_are_a_few_lines_in_the_log() {
    let log = Log::start();
    let mut specs = specs::at(1, true);
    for number in 0..1_000 {
        specs["feature_gates"][format!("secret-{SECRET}-{number}")] = number.into();
    }
    let statsig = OfflineClient::new(specs.to_string(), None).unwrap();
    assert!(statsig.check_gate(&StatsigUser::with_user_id("u"), "on"));
    let log = log.text();
    let named = log.matches("left out a malformed entity").count();
    assert_eq!(named, 20);
    assert!(log.contains("more=980"), "{log}");
    assert!(!log.contains(SECRET));
}
