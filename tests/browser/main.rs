//! The official JavaScript client in a real browser, started from our client initialize responses.
//!
//! `tests/browser/run` installs the client and runs this. Without it, the tests print "skipped".

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking, and say what they found"
)]

mod answers;
mod chromium;
mod example;
mod exposures;
mod service;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use statsig::StatsigUser;
use statsig::client_init::{ClientInitResponseFormat, ClientInitResponseOptions, HashAlgorithm};
use statsig::testing::OfflineClient;
use statsig_local::{Endpoint, LocalStatsig};
use statsig_tests::conformance::{Conformance, conclude};
use statsig_tests::tally::Tally;

use crate::answers::Names;
use crate::chromium::Browser;
use crate::service::Service;

/// Every n-th recorded user. Fewer for large specs.
const STRIDE: usize = 9;
const STRIDE_OF_LARGE: usize = 60;
const LARGE: usize = 300_000;

/// The responses that client SDKs can read: they look names up as text and as djb2.
const FORMATS: [(ClientInitResponseFormat, HashAlgorithm); 4] = [
    (ClientInitResponseFormat::V1, HashAlgorithm::None),
    (ClientInitResponseFormat::V1, HashAlgorithm::Djb2),
    (ClientInitResponseFormat::V2, HashAlgorithm::Djb2),
    (ClientInitResponseFormat::InitV2, HashAlgorithm::Djb2),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_starts_without_a_request_and_answers_and_exposes_as_the_server() {
    let Some((javascript, program)) = chromium::find() else {
        println!("browser: skipped, tests/browser/run installs what it needs");
        return;
    };
    let shoppers = ["premium", "free"].into_iter().flat_map(|plan| {
        let shopper = move |id| {
            StatsigUser::builder(format!("u-{id}"))
                .custom("plan", plan)
                .build()
        };
        (0..10).map(shopper)
    });
    let promo = OfflineClient::new(include_str!("../../examples/promo/specs.json"), None).unwrap();
    let shoppers: Vec<_> = shoppers.collect();
    let mut sum = compare("promo", &promo, &shoppers, &javascript, program).await;

    let data = Conformance::find();
    let mut seen = BTreeSet::new();
    for case in data.cases("gcir") {
        if case.is_binary() || !seen.insert(case.spec.clone()) {
            continue;
        }
        let specs = data.text(&case.spec);
        let stride = if specs.len() < LARGE {
            STRIDE
        } else {
            STRIDE_OF_LARGE
        };
        let users = data.users().iter().step_by(stride);
        let users: Vec<_> = users.map(|(_, user)| user.clone()).collect();
        let client = data.client(&case, &specs);
        sum.merge(&compare(case.spec_name(), &client, &users, &javascript, program).await);
    }
    conclude("browser", &sum);
}

/// Compares a browser with a client on the server, for every user and format.
async fn compare(
    specs: &str,
    client: &OfflineClient,
    users: &[StatsigUser],
    javascript: &Path,
    program: &str,
) -> Tally {
    let service = Service::bind().await;
    let local = LocalStatsig::builder().allowed_origin(service.origin());
    let local = local.start().await.unwrap();
    let names = Names::of(client, users);
    let mut cases = Vec::new();
    for (number, user) in users.iter().enumerate() {
        for (place, (format, hash)) in FORMATS.into_iter().enumerate() {
            let options = ClientInitResponseOptions::new()
                .hash_algorithm(hash)
                .response_format(format);
            cases.push(json!({
                "key": key(number, place),
                "values": client.get_client_init_response_as_string_with_options(user, &options),
                "api": local.client_api_url(),
                "logs": hash == HashAlgorithm::None,
            }));
        }
    }
    let work = json!({ "cases": cases, "names": names.to_json() });
    let policy = format!(
        "default-src 'none'; script-src 'self' 'unsafe-inline'; connect-src 'self' {}",
        local.url()
    );
    let address = service.origin().to_owned();
    let reported = service.serve(&work, policy, javascript);
    let browser = Browser::open(program, &[], &address, Stdio::null());
    let report = reported.await;
    drop(browser);

    assert_eq!(report.get("problem"), None, "{report}");
    assert_eq!(report["toInitialize"], json!([]), "requests to initialise");
    let posts = format!("{}/rgstr", local.client_api_url());
    let strange =
        |url: &&Value| **url != json!(posts) && **url != json!(format!("{address}/report"));
    let requests = report["requests"].as_array().unwrap();
    assert_eq!(requests.iter().find(strange), None);
    let requests = local.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.endpoint() == Some(Endpoint::LogEvent))
    );

    let answers = report["answers"].as_array().unwrap();
    assert_eq!(answers.len(), cases.len());
    let events = local.events();
    let mut tally = Tally::default();
    for (number, user) in users.iter().enumerate() {
        let server = client.fresh();
        let expected = names.answers(&server, user);
        for (place, (format, hash)) in FORMATS.into_iter().enumerate() {
            let found = &answers[number * FORMATS.len() + place];
            let what = format!("{specs}, user {number}, {format:?}, {hash:?}");
            answers::compare(&what, format, &expected, found, &mut tally);
        }
        let logged = exposures::of_session(&events, &key(number, 0));
        let what = format!("{specs}, user {number}, exposures");
        exposures::compare(&what, &names, &server.take_events(), &logged, &mut tally);
    }
    local.shutdown().await;
    println!("browser: {specs}, {} users: {tally}", users.len());
    tally
}

fn key(user: usize, format: usize) -> String {
    format!("client-{user}-{format}")
}
