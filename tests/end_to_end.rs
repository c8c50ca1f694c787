//! Tests the client against a local Statsig over real HTTP: specs, evaluations, exposures, and
//! faults.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::time::Duration;

use serde_json::json;
use statsig::{Event, Statsig, StatsigError, StatsigParams, StatsigUser};
use statsig_local::{Endpoint, Fault, LocalStatsig};
use statsig_tests::{local_options, specs};

const KEY: &str = "secret-end-to-end-0123456789";

#[derive(Debug, StatsigParams)]
#[statsig(config = "limits")]
struct Limits {
    #[statsig(default = 1)]
    max_items: u32,
}

async fn local() -> LocalStatsig {
    let specs = specs::with_gate("on", true).config("limits", |c| c.default("max_items", 25));
    LocalStatsig::builder()
        .specs_json(specs.to_json().expect("valid specs"))
        .start()
        .await
        .expect("a local Statsig")
}

fn client(local: &LocalStatsig) -> Statsig {
    let options = local_options()
        .specs_url(local.specs_url())
        .log_event_url(local.log_event_url())
        .environment("staging")
        .service_name("end-to-end")
        // Chance decides whether an event about a sync is sent.
        .disable_diagnostics(true)
        .build()
        .expect("valid options");
    Statsig::new(KEY, options)
}

#[tokio::test]
async fn decisions_come_from_the_served_specs_and_exposures_arrive() {
    let local = local().await;
    let statsig = client(&local);
    let details = statsig.initialize().await.expect("specs");
    assert!(details.is_config_spec_ready && details.source.to_string() == "Network");

    let user = StatsigUser::builder("alice")
        .private("card", "4111")
        .build();
    assert!(statsig.check_gate(&user, "on"));
    let limits = statsig.get_typed::<Limits>(&user);
    assert_eq!(limits.max_items, 25);
    statsig.log_event(&user, Event::new("checkout").value(19.5));
    let report = statsig.shutdown().await.expect("everything delivered");
    assert_eq!((report.stats.delivered, report.stats.pending), (3, 0));

    let events = local.events();
    let names: Vec<_> = events.iter().map(|event| event.name()).collect();
    assert_eq!(
        names,
        [
            "statsig::gate_exposure",
            "statsig::config_exposure",
            "checkout"
        ]
    );
    assert_eq!(
        events[0].json()["user"]["statsigEnvironment"],
        json!({"tier": "staging"})
    );
    assert!(
        events
            .iter()
            .all(|event| !event.json().to_string().contains("4111"))
    );

    let requests = local.requests();
    let specs_request = requests
        .iter()
        .find(|request| request.method() == "GET")
        .expect("a request");
    assert_eq!(specs_request.headers().get("statsig-api-key"), Some(KEY));
    assert_eq!(
        specs_request.headers().get("x-request-service"),
        Some("end-to-end")
    );
    let post = requests
        .iter()
        .find(|request| request.method() == "POST")
        .expect("a post");
    assert_eq!(post.headers().get("statsig-event-count"), Some("3"));
    assert_eq!(post.headers().get("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_first_request_that_fails_is_a_clear_error_and_a_refresh_heals() {
    let faults = [
        ("a status", Fault::status(500)),
        ("a refusal", Fault::status(403)),
        ("a dropped connection", Fault::drop_connection()),
        ("a truncated body", Fault::truncate()),
        ("a corrupt body", Fault::corrupt()),
    ];
    for (what, fault) in faults {
        let local = local().await;
        local
            .inject(Endpoint::Specs, fault.times(1))
            .expect("a fault");
        let statsig = client(&local);
        let error = statsig.initialize().await.expect_err(what);
        assert!(
            matches!(error, StatsigError::NoSpecs { .. }),
            "{what}: {error:?}"
        );
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains(KEY) && !text.contains("0123456789"),
            "{what}: {text}"
        );
        assert!(
            !statsig.check_gate(&StatsigUser::with_user_id("u"), "on"),
            "{what}"
        );

        statsig.refresh().await.expect(what);
        assert!(
            statsig.check_gate(&StatsigUser::with_user_id("u"), "on"),
            "{what}"
        );
        statsig.shutdown().await.expect(what);
    }
}

#[tokio::test]
async fn an_edited_gate_is_picked_up_by_the_next_sync() {
    let local = local().await;
    let statsig = client(&local);
    statsig.initialize().await.expect("specs");
    let user = StatsigUser::with_user_id("u");
    assert!(statsig.check_gate(&user, "on"));

    local
        .set_specs_json(specs::one_gate("on", false).to_string())
        .expect("valid specs");
    statsig.refresh().await.expect("new specs");
    assert!(!statsig.check_gate(&user, "on"));
    statsig.shutdown().await.expect("a shutdown");
}

#[tokio::test]
async fn events_survive_a_service_that_fails_once() {
    let local = local().await;
    let statsig = client(&local);
    statsig.initialize().await.expect("specs");
    local
        .inject(Endpoint::LogEvent, Fault::status(503).times(1))
        .expect("a fault");
    statsig.log_event(&StatsigUser::with_user_id("u"), Event::new("bought"));
    let account = statsig.flush_events().await.expect("a flush");
    assert_eq!((account.delivered, account.pending), (0, 1));
    let report = statsig.shutdown().await.expect("a second attempt");
    assert_eq!((report.stats.delivered, report.stats.pending), (1, 0));
    assert_eq!(local.events().len(), 1);
}

#[tokio::test]
async fn two_clients_in_one_process_do_not_touch_each_other() {
    let (one, other) = (local().await, local().await);
    let clients = [client(&one), client(&other)];
    for statsig in &clients {
        statsig.initialize().await.expect("specs");
    }
    other
        .set_specs_json(specs::one_gate("on", false).to_string())
        .expect("valid specs");
    clients[1].refresh().await.expect("new specs");
    let user = StatsigUser::with_user_id("u");
    assert!(clients[0].check_gate(&user, "on"));
    assert!(!clients[1].check_gate(&user, "on"));
    clients[1].shutdown().await.expect("a shutdown");
    assert_eq!(other.events().len(), 1);
    assert!(one.events().is_empty());
    let limit = Duration::from_secs(3);
    let report = clients[0]
        .shutdown_with_timeout(limit)
        .await
        .expect("a shutdown");
    assert_eq!(report.stats.delivered, 1);
}

#[tokio::test]
async fn a_forward_proxy_says_which_lists_a_user_is_in() {
    let specs = specs::id_list_gate(5, "employees");
    let local = LocalStatsig::builder()
        .specs_json(specs.to_string())
        .id_list("employees", ["alice"])
        .forward_proxy(true)
        .start()
        .await
        .expect("a local Statsig");
    let statsig = client(&local);
    statsig.initialize().await.expect("specs");
    for (id, is_employee) in [("alice", true), ("bob", false)] {
        let user = StatsigUser::with_user_id(id);
        let user = statsig.enrich(user, Duration::from_secs(20)).await;
        let gate = statsig.get_feature_gate(&user.expect("an answer"), "in_list");
        let reason = gate.details.reason.to_string();
        assert_eq!(
            (gate.value, &*reason),
            (is_employee, "Network:Recognized:IdListEnriched"),
            "{id}"
        );
    }
    local
        .inject(Endpoint::UserEnrichment, Fault::status(500).times(1))
        .expect("a fault");
    let user = StatsigUser::with_user_id("alice");
    let user = statsig.enrich(user, Duration::from_secs(20)).await;
    assert_eq!(
        user.expect("a second answer")
            .is_in_id_list("employees", "alice"),
        Some(true)
    );
}
