//! Hostile answers for specs.

use statsig::{FeatureGateEvaluationOptions, Statsig, StatsigUser};
use statsig_tests::specs;

use super::log::Log;
use super::server::{Answer, Route, Server, json};
use super::specs_rows::ROWS;
use super::{KEY, MEMORY_BOUND, Memory, TURN, assert_discreet, limit, lines, options};

/// The result of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    /// The specs stay the same. `refresh` and a warning contain this text.
    Refused(&'static str),
    /// The specs stay the same, and there is no failure.
    Ignored,
    /// The client uses the specs without their broken parts.
    Used,
}

/// An answer, and its expected result.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) answer: fn() -> Answer,
    pub(crate) outcome: Outcome,
}

/// Specs of this time. Everybody passes the gate `on`, or nobody does.
pub(crate) fn good(time: u64, passes: bool) -> Answer {
    json(specs::at(time, passes).to_string())
}

fn check(statsig: &Statsig) -> (bool, String) {
    let options = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
    let user = StatsigUser::with_user_id("a-user");
    let gate = statsig.get_feature_gate_with_options(&user, "on", options);
    (gate.value, gate.details.reason.to_string())
}

#[tokio::test]
async fn whatever_comes_in_place_of_specs_good_ones_stay_and_better_ones_are_used() {
    let _turn = TURN.lock().await;
    assert!(ROWS.len() >= 60, "{}", ROWS.len());
    let mut failures = Vec::new();
    for row in ROWS {
        let faced = tokio::task::LocalSet::new();
        let faced = faced.run_until(async { tokio::task::spawn_local(face(row)).await });
        if let Err(failure) = faced.await {
            failures.push(format!("{}: {failure}", row.name));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A client with good specs gets the answer, and then better specs.
async fn face(row: &'static Row) {
    let name = row.name;
    let answer = (row.answer)();
    let server = Server::start().await;
    server.set(Route::Specs, good(1_000, true));
    let log = Log::start();
    let says_late = matches!(row.outcome, Outcome::Refused(says) if says.starts_with("within"));
    let options = options(&server)
        .specs_request_timeout(limit(says_late))
        .disable_all_logging(true)
        .build()
        .unwrap();
    let statsig = Statsig::new(KEY, options);
    statsig.initialize().await.unwrap();
    assert_eq!(check(&statsig), (true, "Network:Recognized".to_owned()));

    server.set(Route::Specs, answer);
    let memory = Memory::watch();
    let outcome = statsig.refresh().await;
    memory.assert_bounded(name, MEMORY_BOUND);
    let told = log.text();
    let warnings = lines(&told, "WARN");
    match row.outcome {
        Outcome::Refused(says) => {
            let error = outcome.expect_err(name);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(says), "{name}: {shown}");
            assert_discreet(name, &shown);
            assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
            assert!(warnings[0].contains(says), "{name}: {warnings:?}");
            assert!(check(&statsig).0, "{name}");
        }
        Outcome::Ignored => {
            outcome.expect(name);
            assert!(check(&statsig).0, "{name}");
        }
        Outcome::Used => {
            outcome.expect(name);
            assert!(!check(&statsig).0, "{name}");
        }
    }
    assert_eq!(check(&statsig).1, "Network:Recognized", "{name}");

    server.set(Route::Specs, good(3_000, false));
    // The refresh may join a running sync.
    while statsig.specs_status().lcut != 3_000 {
        statsig.refresh().await.expect(name);
    }
    assert_eq!(check(&statsig), (false, "Network:Recognized".to_owned()));
    statsig.shutdown().await.expect(name);
    assert_discreet(name, &log.text());
}
