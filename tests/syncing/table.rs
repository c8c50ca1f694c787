//! A table of network scripts, with the expected requests, values and reasons.

use statsig::testing::{Answer, Endpoint};
use statsig::{StatsigOptionsBuilder, StatsigUser};
use statsig_tests::specs;

use super::{Lab, OWN_URL, pass};

/// One script, and its expected results.
struct Row {
    name: &'static str,
    options: fn(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    /// The answers to the first requests. Later requests get specs of time 9, in which the gate
    /// fails.
    script: fn() -> Vec<Answer>,
    /// The result of `initialize_with_details`: success, whether there are specs, and a part of the
    /// failure.
    starts: (bool, bool, Option<&'static str>),
    /// The times of requests until `seconds` have passed, in whole seconds.
    requests: &'static [u64],
    seconds: f64,
    /// The gate's value, the reason, and the time of the specs at a second.
    checks: &'static [(f64, bool, &'static str, u64)],
}

const NETWORK: &str = "Network:Recognized";

fn plain(options: StatsigOptionsBuilder) -> StatsigOptionsBuilder {
    options
}

fn own_url(options: StatsigOptionsBuilder) -> StatsigOptionsBuilder {
    options.specs_url(OWN_URL).fallback_to_statsig_api(true)
}

fn full(time: u64, passes: bool) -> Answer {
    Answer::json(specs::at(time, passes).to_string())
}

fn with_checksum(time: u64, passes: bool, checksum: &str) -> Answer {
    Answer::json(specs::with_checksum(time, passes, checksum).to_string())
}

fn no_updates() -> Answer {
    Answer::json(r#"{"has_updates":false}"#)
}

const ROWS: &[Row] = &[
    Row {
        name: "a service that answers is asked at every interval",
        options: plain,
        script: || vec![full(1, true), no_updates(), no_updates()],
        starts: (true, true, None),
        requests: &[0, 10, 20, 30],
        seconds: 35.0,
        checks: &[
            (1.0, true, NETWORK, 1),
            (25.0, true, NETWORK, 1),
            (31.0, false, NETWORK, 9),
        ],
    },
    Row {
        name: "the interval may be as short as a second",
        options: |options| options.specs_sync_interval(std::time::Duration::from_secs(1)),
        script: || vec![full(1, true), no_updates(), no_updates()],
        starts: (true, true, None),
        requests: &[0, 1, 2, 3, 4],
        seconds: 4.5,
        checks: &[(2.5, true, NETWORK, 1), (3.5, false, NETWORK, 9)],
    },
    Row {
        name: "a start that fails is not repeated before the interval has passed",
        options: plain,
        script: || vec![Answer::status(500)],
        starts: (true, false, Some("found 500")),
        requests: &[0, 10],
        seconds: 15.0,
        checks: &[(1.0, false, "NoValues", 0), (11.0, false, NETWORK, 9)],
    },
    Row {
        name: "a refused connection at the start",
        options: plain,
        script: || vec![Answer::refuse_connection()],
        starts: (true, false, Some("connection")),
        requests: &[0, 10],
        seconds: 15.0,
        checks: &[(9.0, false, "NoValues", 0), (11.0, false, NETWORK, 9)],
    },
    Row {
        name: "the first request has three seconds",
        options: plain,
        script: || vec![Answer::hang()],
        starts: (true, false, Some("within 3000 ms")),
        requests: &[0, 13],
        seconds: 15.0,
        checks: &[(4.0, false, "NoValues", 0), (14.0, false, NETWORK, 9)],
    },
    Row {
        name: "a limit of initialisation is that of the first request, too",
        options: |options| options.init_timeout(std::time::Duration::from_secs(1)),
        script: || vec![Answer::hang()],
        starts: (false, false, Some("within 1000 ms")),
        requests: &[0, 11],
        seconds: 15.0,
        checks: &[(2.0, false, "NoValues", 0), (12.0, false, NETWORK, 9)],
    },
    Row {
        name: "without waiting at all, specs come when they come",
        options: |options| options.init_timeout(std::time::Duration::ZERO),
        script: || vec![full(1, true).after(std::time::Duration::from_secs(5))],
        starts: (false, false, Some("within 0 ms")),
        requests: &[0, 15],
        seconds: 16.0,
        checks: &[
            (4.0, false, "Loading:Unrecognized", 0),
            (6.0, true, NETWORK, 1),
        ],
    },
    Row {
        name: "HTML in place of specs",
        options: plain,
        script: || vec![Answer::response(200, "<html>sign in</html>")],
        starts: (true, false, Some("expected dcs-v2 specs")),
        requests: &[0, 10],
        seconds: 15.0,
        checks: &[(1.0, false, "NoValues", 0), (11.0, false, NETWORK, 9)],
    },
    Row {
        name: "a refused key is asked once in an interval",
        options: plain,
        script: || vec![full(1, true), Answer::status(403)],
        starts: (true, true, None),
        requests: &[0, 10, 20],
        seconds: 25.0,
        checks: &[(15.0, true, NETWORK, 1), (21.0, false, NETWORK, 9)],
    },
    Row {
        name: "a service that is away is asked four times in an interval",
        options: plain,
        script: || {
            let away = || Answer::status(503);
            vec![full(1, true), away(), away(), away(), away()]
        },
        starts: (true, true, None),
        requests: &[0, 10, 10, 10, 11, 21],
        seconds: 24.0,
        checks: &[(13.0, true, NETWORK, 1), (23.0, false, NETWORK, 9)],
    },
    Row {
        name: "a second attempt that succeeds ends the round",
        options: plain,
        script: || vec![full(1, true), Answer::hang()],
        starts: (true, true, None),
        requests: &[0, 10, 20],
        seconds: 25.0,
        checks: &[(19.0, true, NETWORK, 1), (21.0, false, NETWORK, 9)],
    },
    Row {
        name: "too many requests is a reason to wait, and specs stay",
        options: plain,
        script: || vec![full(1, true), Answer::status(429), no_updates()],
        starts: (true, true, None),
        requests: &[0, 10, 20, 30],
        seconds: 35.0,
        checks: &[(25.0, true, NETWORK, 1), (31.0, false, NETWORK, 9)],
    },
    Row {
        name: "a body that stops in the middle",
        options: plain,
        script: || {
            vec![
                full(1, true),
                Answer::truncated(specs::at(5, false).to_string()),
            ]
        },
        starts: (true, true, None),
        requests: &[0, 10, 20],
        seconds: 25.0,
        checks: &[(15.0, true, NETWORK, 1), (21.0, false, NETWORK, 9)],
    },
    Row {
        name: "a specs URL of one's own that fails at the start gives way to Statsig's at once",
        options: own_url,
        script: || vec![Answer::status(500), full(1, true), no_updates()],
        starts: (true, true, None),
        requests: &[0, 0, 10],
        seconds: 15.0,
        checks: &[(1.0, true, NETWORK, 1)],
    },
    Row {
        name: "the same when what it sends is no specs",
        options: own_url,
        script: || vec![Answer::json("nonsense"), full(1, true), no_updates()],
        starts: (true, true, None),
        requests: &[0, 0, 10],
        seconds: 15.0,
        checks: &[(1.0, true, NETWORK, 1)],
    },
    Row {
        name: "without the option there is no fallback",
        options: |options| options.specs_url(OWN_URL),
        script: || vec![Answer::status(500)],
        starts: (true, false, Some("found 500")),
        requests: &[0, 10],
        seconds: 15.0,
        checks: &[(1.0, false, "NoValues", 0)],
    },
    Row {
        name: "Statsig's own URL has no fallback",
        options: |options| options.fallback_to_statsig_api(true),
        script: || vec![Answer::status(500)],
        starts: (true, false, Some("found 500")),
        requests: &[0, 10],
        seconds: 15.0,
        checks: &[(1.0, false, "NoValues", 0)],
    },
    Row {
        name: "blank URLs mean the default, so there is no fallback either",
        options: |options| options.specs_url(" NULL ").fallback_to_statsig_api(true),
        script: || vec![Answer::status(500)],
        starts: (true, false, Some("found 500")),
        requests: &[0, 10],
        seconds: 15.0,
        checks: &[(1.0, false, "NoValues", 0)],
    },
    Row {
        name: "a disabled network is no failure",
        options: |options| options.disable_network(true),
        script: Vec::new,
        starts: (true, false, None),
        requests: &[],
        seconds: 60.0,
        checks: &[(1.0, false, "NoValues", 0), (59.0, false, "NoValues", 0)],
    },
    Row {
        name: "a first answer without specs is a success without specs",
        options: plain,
        script: || vec![no_updates()],
        starts: (true, false, None),
        requests: &[0, 10],
        seconds: 15.0,
        checks: &[
            (1.0, false, "Loading:Unrecognized", 0),
            (11.0, false, NETWORK, 9),
        ],
    },
    Row {
        name: "older specs are ignored, and so are the same by their checksum",
        options: plain,
        script: || {
            vec![
                with_checksum(5, true, "a"),
                full(4, false),
                with_checksum(6, false, "a"),
            ]
        },
        starts: (true, true, None),
        requests: &[0, 10, 20, 30],
        seconds: 35.0,
        checks: &[
            (15.0, true, NETWORK, 5),
            (25.0, true, NETWORK, 5),
            (31.0, false, NETWORK, 9),
        ],
    },
    Row {
        name: "redirections of the service are statuses like others",
        options: plain,
        script: || {
            vec![
                full(1, true),
                Answer::status(304),
                Answer::status(302),
                no_updates(),
            ]
        },
        starts: (true, true, None),
        requests: &[0, 10, 10, 10, 20],
        seconds: 25.0,
        checks: &[(15.0, true, NETWORK, 1), (22.0, false, NETWORK, 9)],
    },
];

#[tokio::test(start_paused = true)]
async fn every_script_has_the_requests_and_answers_that_it_should() {
    for row in ROWS {
        let lab = Lab::new(row.options);
        lab.network.serve_specs(specs::at(9, false).to_string());
        for answer in (row.script)() {
            lab.network.next(Endpoint::Specs, answer);
        }
        let start = tokio::time::Instant::now();
        let details = lab.statsig.initialize_with_details().await.unwrap();
        let (is_success, has_specs, failure) = row.starts;
        assert_eq!(
            (details.init_success, details.is_config_spec_ready),
            (is_success, has_specs),
            "{}: {details:?}",
            row.name
        );
        let told = details.failure_details.map(|error| error.to_string());
        match (failure, &told) {
            (None, None) => {}
            (Some(part), Some(told)) => assert!(told.contains(part), "{}: {told}", row.name),
            _ => panic!("{}: expected {failure:?}, found {told:?}", row.name),
        }
        for (second, value, reason, lcut) in row.checks {
            pass(second - start.elapsed().as_secs_f64()).await;
            let (found, why) = lab.check();
            assert_eq!(
                (found, why.as_str(), lab.lcut()),
                (*value, *reason, *lcut),
                "{} at {second} s",
                row.name
            );
        }
        pass(row.seconds - start.elapsed().as_secs_f64()).await;
        assert_eq!(lab.requests(), row.requests, "{}", row.name);
        assert!(
            !lab.statsig
                .check_gate(&StatsigUser::with_user_id("u"), "no such gate")
        );
        lab.statsig.shutdown().await.unwrap();
    }
}

#[test]
fn an_interval_below_a_second_is_refused() {
    let options = statsig::StatsigOptions::builder()
        .specs_sync_interval(std::time::Duration::from_millis(999));
    let error = options.build().unwrap_err();
    assert_eq!(error.option, "specs_sync_interval");
}
