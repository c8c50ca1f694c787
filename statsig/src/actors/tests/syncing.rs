use super::*;
use crate::error::StatsigError;
use crate::results::SpecsSource;
use crate::sources::{BootstrapSpecs, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use crate::transport::BoxFuture;

#[tokio::test(start_paused = true)]
async fn an_hour_of_polling_is_one_request_each_interval() {
    let lab = Lab::start().await;
    sleep(secs(3_600) + secs(5)).await;
    let expected: Vec<u64> = (0..=360).map(|n| n * 10).collect();
    assert_eq!(lab.fetch_seconds(), expected);
    assert_eq!(lab.specs_time(), 1);
    assert_eq!(lab.source(), "Network");
}

#[tokio::test(start_paused = true)]
async fn requests_carry_what_the_protocol_asks_for() {
    let lab = Lab::start_with(|options| options.service_name("shop")).await;
    sleep(secs(15)).await;
    let requests = lab.network.requests(Endpoint::Specs);
    let [first, second] = &requests[..] else {
        panic!("expected two requests, found {}", requests.len());
    };
    let base = format!("https://api.statsigcdn.com/v2/download_config_specs/{KEY}.json");
    assert_eq!(first.request.url, base);
    assert_eq!(second.request.url, format!("{base}?sinceTime=1"));
    let header = |wanted: &str| {
        let headers = second.request.headers.iter();
        headers
            .filter(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
            .collect::<Vec<_>>()
    };
    assert_eq!(header("statsig-api-key"), [KEY]);
    assert_eq!(header("statsig-sdk-type"), ["statsig-server-core"]);
    assert_eq!(header("x-request-service"), ["shop"]);
    assert_eq!(
        header("statsig-server-session-id"),
        [lab.shared.identity.session_id.as_str()]
    );
    let sent_at = SimulatedClock::START_MS + 10_000;
    assert_eq!(header("statsig-client-time"), [sent_at.to_string()]);
    assert!(header("statsig-supports-proto").is_empty());
}

#[tokio::test(start_paused = true)]
async fn new_specs_are_published_once_and_old_ones_never() {
    let lab = Lab::start().await;
    let received_at = || lab.shared.published.load().received_at.unwrap();
    assert_eq!(received_at(), SimulatedClock::START_MS);
    let generation = || lab.shared.published.load().generation;

    lab.network.serve_specs(specs(5));
    sleep(secs(15)).await;
    assert_eq!(lab.specs_time(), 5);
    assert_eq!(received_at(), SimulatedClock::START_MS + 10_000);

    let published = generation();
    lab.network.next(Endpoint::Specs, Answer::json(specs(3)));
    sleep(secs(100)).await;
    assert_eq!((lab.specs_time(), generation()), (5, published));
}

#[tokio::test(start_paused = true)]
async fn the_age_of_the_last_sync_grows_only_while_syncs_fail() {
    let lab = Lab::start().await;
    let age = || lab.shared.sync_age_ms().unwrap() / 1_000;
    sleep(secs(3_605)).await;
    assert_eq!(age(), 5, "unchanged specs count");
    lab.network.always(Endpoint::Specs, Answer::status(503));
    sleep(secs(600)).await;
    assert_eq!(age(), 605);
    assert_eq!(
        new_shared(&lab.network, |options| options).sync_age_ms(),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_payload_again_publishes_nothing() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Specs, Answer::json(specs(1)));
    sleep(secs(15)).await;
    let generation = lab.shared.published.load().generation;
    sleep(secs(600)).await;
    assert_eq!(lab.shared.published.load().generation, generation);
    lab.network.always(Endpoint::Specs, Answer::json(specs(2)));
    sleep(secs(10)).await;
    assert_eq!(lab.specs_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_last_reader_of_old_specs_does_not_pay_for_dropping_them() {
    let lab = Lab::start().await;
    let pinned = lab.shared.published.load_full();
    let is_there = {
        let pinned = Arc::downgrade(&pinned);
        move || pinned.strong_count() > 0
    };
    for time in [5, 6] {
        lab.network.serve_specs(specs(time));
        sleep(secs(15)).await;
    }
    assert_eq!(lab.specs_time(), 6);
    drop(pinned);
    assert!(is_there(), "the reader dropped them");
    sleep(secs(11)).await;
    assert!(!is_there(), "nobody dropped them");
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_service_change_nothing_but_the_requests() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Specs, Answer::status(503));
    for _ in 0..60 {
        sleep(secs(10)).await;
        assert_eq!(lab.specs_time(), 1);
        assert_eq!(lab.source(), "Network");
    }
    // Four attempts each interval of 10 s and the pauses between them: gentle, and steady.
    let attempts = lab.fetch_seconds().len();
    assert!((190..=230).contains(&attempts), "{attempts} requests");

    lab.network.recover(Endpoint::Specs);
    lab.network.serve_specs(specs(2));
    sleep(secs(10) + secs(2)).await;
    assert_eq!(lab.specs_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_background_sync_has_four_attempts_with_growing_pauses() {
    let lab = Lab::start().await;
    lab.network
        .always(Endpoint::Specs, Answer::refuse_connection());
    sleep(secs(15)).await;
    let times: Vec<u128> = lab
        .network
        .requests(Endpoint::Specs)
        .iter()
        .skip(1)
        .map(|request| request.at.as_millis())
        .collect();
    let pauses: Vec<u128> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses.len(), 3, "{times:?}");
    for (pause, shortest) in pauses.iter().zip([200, 400, 800]) {
        let longest = shortest + shortest / 4 + 2;
        assert!((shortest..=longest).contains(pause), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_not_asked_again_within_a_sync() {
    let lab = Lab::start().await;
    lab.network.always(Endpoint::Specs, Answer::status(403));
    sleep(secs(35)).await;
    assert_eq!(lab.fetch_seconds(), [0, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn bad_specs_never_replace_good_ones() {
    let lab = Lab::start().await;
    let bad = [
        Answer::json("nonsense"),
        Answer::json(""),
        Answer::truncated(specs(9)),
        Answer::json(r#"{"has_updates":true}"#),
    ];
    sleep(secs(5)).await;
    for answer in bad {
        lab.network.next(Endpoint::Specs, answer);
        sleep(secs(10)).await;
        assert_eq!(lab.specs_time(), 1);
    }
    lab.network.serve_specs(specs(2));
    sleep(secs(10)).await;
    assert_eq!(lab.specs_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn specs_beyond_the_limit_are_refused() {
    let lab = Lab::start_with(|options| options.max_specs_bytes(1_000)).await;
    let mut big = specs(2);
    big.push_str(&" ".repeat(1_001 - big.len()));
    lab.network.serve_specs(big.clone());
    sleep(secs(15)).await;
    assert_eq!(lab.specs_time(), 1);
    big.pop();
    lab.network.serve_specs(big);
    sleep(secs(10)).await;
    assert_eq!(lab.specs_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_says_so_and_recovers_within_an_interval() {
    let network = Arc::new(ScriptedTransport::new());
    network.always(Endpoint::Specs, Answer::status(500));
    let lab = Lab::start_on(network, |options| options).await;
    assert_eq!(lab.source(), "Loading");
    let error = lab.handle.first_sync().await.unwrap_err();
    assert!(
        matches!(&error, StatsigError::NoSpecs { source, .. } if source.to_string().contains("500")),
        "{error}"
    );
    assert_eq!(lab.source(), "NoValues");
    assert_eq!(lab.fetch_seconds(), [0]);

    lab.network.recover(Endpoint::Specs);
    lab.network.serve_specs(specs(4));
    sleep(secs(11)).await;
    assert_eq!((lab.specs_time(), lab.source()), (4, "Network".to_owned()));
    lab.handle.first_sync().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_first_request_is_given_up_after_three_seconds() {
    let network = Arc::new(ScriptedTransport::new());
    network.always(Endpoint::Specs, Answer::hang());
    let lab = Lab::start_on(network, |options| options).await;
    let error = lab.handle.first_sync().await.unwrap_err();
    assert!(matches!(error, StatsigError::NoSpecs { .. }), "{error}");
    let waited = lab.shared.clock.now_ms() - SimulatedClock::START_MS;
    assert!((3_000..3_100).contains(&waited), "{waited}");
    assert!(!format!("{error:?}").contains("0123456789"));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_the_caller_does_not_cut_off_the_sync() {
    let network = Arc::new(ScriptedTransport::new());
    network.next(Endpoint::Specs, Answer::json(specs(1)).after(secs(2)));
    let lab = Lab::start_on(network, |options| options).await;
    let gave_up = tokio::time::timeout(secs(1), lab.handle.first_sync()).await;
    assert!(gave_up.is_err());
    sleep(Duration::from_millis(1_100)).await;
    assert_eq!(lab.specs_time(), 1);
}

#[tokio::test(start_paused = true)]
async fn refreshes_at_the_same_time_share_one_request() {
    let lab = Lab::start().await;
    lab.network
        .next(Endpoint::Specs, Answer::json(specs(7)).after(secs(1)));
    let callers: Vec<_> = (0..5)
        .map(|_| {
            let handle = lab.handle.clone();
            tokio::spawn(async move { handle.refresh().await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(lab.network.requests(Endpoint::Specs).len(), 2);
    assert_eq!(lab.specs_time(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_says_why() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Specs, Answer::status(404));
    let error = lab.handle.refresh().await.unwrap_err();
    assert!(
        matches!(&error, StatsigError::SyncFailed { source, .. } if source.to_string().contains("404")),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn more_callers_than_may_wait_take_turns() {
    let lab = Lab::start().await;
    let callers: Vec<_> = (0..300)
        .map(|_| {
            let handle = lab.handle.clone();
            tokio::spawn(async move { handle.refresh().await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn statsig_itself_is_asked_when_the_own_endpoint_fails() {
    let network = Arc::new(ScriptedTransport::new());
    network.next(Endpoint::Specs, Answer::status(500));
    network.serve_specs(specs(1));
    let lab = Lab::start_on(network, |options| {
        options
            .specs_url("https://proxy.internal/v1/download_config_specs")
            .fallback_to_statsig_api(true)
    })
    .await;
    lab.handle.first_sync().await.unwrap();
    assert_eq!(lab.source(), "Network");
    let snapshot = lab.shared.published.load_full();
    assert_eq!(
        snapshot.source_api.as_deref(),
        Some("https://api.statsigcdn.com/v2")
    );
    let requests = lab.network.requests(Endpoint::Specs);
    assert!(
        requests[0]
            .request
            .url
            .starts_with("https://proxy.internal/v1/")
    );
    assert!(
        requests[1]
            .request
            .url
            .starts_with("https://api.statsigcdn.com/v2/")
    );

    // A bad payload from the own endpoint counts as a failure, too.
    lab.network.next(Endpoint::Specs, Answer::json("nonsense"));
    lab.network.serve_specs(specs(2));
    lab.handle.refresh().await.unwrap();
    assert_eq!(lab.specs_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn in_the_background_the_fallback_is_asked_at_every_fifth_failure() {
    let lab = Lab::start_with(|options| {
        options
            .specs_url("https://proxy.internal/specs")
            .fallback_to_statsig_api(true)
    })
    .await;
    lab.network.always(Endpoint::Specs, Answer::status(403));
    sleep(secs(105)).await;
    let fallbacks: Vec<u64> = lab
        .network
        .requests(Endpoint::Specs)
        .iter()
        .filter(|request| request.request.url.contains("statsigcdn"))
        .map(|request| request.at.as_secs())
        .collect();
    assert_eq!(fallbacks, [50, 100]);
}

#[tokio::test(start_paused = true)]
async fn bootstrap_specs_need_no_network_and_are_replaced_at_once() {
    let bootstrap = Arc::new(BootstrapSpecs::new(specs(1)));
    let lab = Lab::start_with(|options| options.specs_adapter(bootstrap.clone())).await;
    assert_eq!(
        (lab.specs_time(), lab.source()),
        (1, "Bootstrap".to_owned())
    );
    sleep(secs(3_600)).await;
    assert!(lab.network.requests(Endpoint::Specs).is_empty());

    bootstrap.set_data(specs(2));
    lab.settle().await;
    assert_eq!(lab.specs_time(), 2);

    for time in 3..100 {
        bootstrap.set_data(specs(time));
    }
    lab.settle().await;
    assert_eq!(lab.specs_time(), 99);
}

#[tokio::test(start_paused = true)]
async fn with_the_network_disabled_nothing_is_sent() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1));
    let lab = Lab::start_on(network, |options| options.disable_network(true)).await;
    lab.handle.first_sync().await.unwrap();
    assert_eq!(lab.source(), "NoValues");
    lab.handle.refresh().await.unwrap_err();
    lab.record(25);
    lab.shared.events.non_exposed.add(7, || "a_gate".into());
    lab.handle.flush().await.unwrap();
    sleep(secs(3_600)).await;
    assert_eq!(lab.stats().dropped.network_disabled, 26);
    let report = lab.handle.shutdown(secs(3)).await;
    assert_eq!((report.stats.pending, report.timed_out), (0, false));
    assert!(lab.network.requests(Endpoint::Specs).is_empty());
    assert!(lab.network.requests(Endpoint::Events).is_empty());
}

/// Has specs from somewhere else, and notes when it is stopped.
#[derive(Debug, Default)]
struct Relay(std::sync::atomic::AtomicU32);

impl SpecsAdapter for Relay {
    fn source(&self) -> SpecsSource {
        SpecsSource::Adapter("Relay".into())
    }

    fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        Box::pin(async {
            let mut payload = SpecsPayload::new(specs(1));
            payload.source = Some(SpecsSource::Network);
            Ok(payload)
        })
    }

    fn on_stop(&self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_may_name_its_own_source_and_the_adapter_is_stopped_once() {
    let relay = Arc::new(Relay::default());
    let stops = || relay.0.load(std::sync::atomic::Ordering::SeqCst);
    let lab = Lab::start_with(|options| options.specs_adapter(relay.clone())).await;
    assert_eq!(lab.source(), "Network");
    assert_eq!(stops(), 0);
    lab.handle.shutdown(secs(3)).await;
    drop(lab);
    sleep(secs(1)).await;
    assert_eq!(stops(), 1);
}
