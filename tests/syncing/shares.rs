//! A source that hangs, is slow or sends garbage does not use up the time of the others.

use std::sync::Arc;
use std::time::Duration;

use statsig::sources::{FileSpecs, SpecAdapterConfig};
use statsig::testing::{Answer, Endpoint, ScriptedTransport};
use statsig::{InitializeDetails, SpecsSource, StatsigOptionsBuilder, StatsigUser};
use statsig_tests::specs;
use tokio::time::Instant;

use super::stores::MemoryStore;
use super::{Lab, OWN_URL, pass};

fn data_store() -> SpecsSource {
    SpecsSource::Adapter("DataStore".into())
}

fn slow(delay_ms: u64, specs: impl ToString) -> MemoryStore {
    MemoryStore {
        delay: Duration::from_millis(delay_ms),
        ..MemoryStore::holding(specs)
    }
}

fn hanging() -> MemoryStore {
    MemoryStore {
        hangs: true.into(),
        ..MemoryStore::default()
    }
}

fn good(time: u64) -> Answer {
    Answer::json(specs::at(time, true).to_string())
}

async fn start(
    set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    answers: impl IntoIterator<Item = Answer>,
) -> (Lab, InitializeDetails, Duration) {
    let lab = Lab::new(set);
    lab.network.always(Endpoint::Specs, Answer::hang());
    for answer in answers {
        lab.network.next(Endpoint::Specs, answer);
    }
    let started = Instant::now();
    let details = lab.statsig.initialize_with_details().await.unwrap();
    (lab, details, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_does_not_spend_the_start_of_a_client_whose_network_is_healthy() {
    for limit in [None, Some(3_000), Some(300)] {
        let with_store = |options: StatsigOptionsBuilder| {
            let options = options.data_store(Arc::new(hanging()));
            match limit {
                Some(limit) => options.init_timeout(Duration::from_millis(limit)),
                None => options,
            }
        };
        let answer = good(1).after(Duration::from_millis(100));
        let (lab, details, took) = start(with_store, [answer]).await;
        assert!(details.init_success && details.is_config_spec_ready);
        assert_eq!(details.source, SpecsSource::Network);
        assert!(took < Duration::from_millis(700), "{limit:?}: {took:?}");
        assert_eq!(lab.check(), (true, "Network:Recognized".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_still_starts_a_client_whose_network_is_away() {
    for answer in [Answer::hang(), Answer::status(503)] {
        let store = Arc::new(slow(2_000, specs::at(1, true)));
        let (_, details, took) = start(|options| options.data_store(store), [answer]).await;
        assert_eq!(details.source, data_store());
        assert!(took < Duration::from_millis(2_100), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_from_a_slow_store_does_not_end_the_wait_for_the_network() {
    let store = Arc::new(slow(700, "half of a spe"));
    let answer = good(1).after(Duration::from_millis(600));
    let (_, details, took) = start(|options| options.data_store(store), [answer]).await;
    assert_eq!(details.source, SpecsSource::Network);
    assert!(took < Duration::from_millis(1_200), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_answers_in_time_leaves_the_network_alone() {
    let store = Arc::new(slow(400, specs::at(1, true)));
    let (lab, details, _) = start(|options| options.data_store(store), []).await;
    assert_eq!(details.source, data_store());
    assert!(lab.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn when_both_the_slow_store_and_the_network_fail_both_reasons_are_reported() {
    let store = Arc::new(slow(1_000, "half of a spe"));
    let (_, details, _) = start(
        |options| options.data_store(store),
        [Answer::status(503).after(Duration::from_millis(100))],
    )
    .await;
    assert!(!details.is_config_spec_ready);
    let failure = details.failure_details.unwrap().to_string();
    assert!(failure.contains("found 503"), "{failure}");
    assert!(
        failure.contains("EOF while parsing") || failure.contains("expected value"),
        "{failure}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_network_that_hangs_leaves_time_for_its_fallback_and_for_a_file() {
    let limited = |options: StatsigOptionsBuilder| options.init_timeout(Duration::from_secs(3));
    let with_fallback = |options| {
        limited(options)
            .specs_url(OWN_URL)
            .fallback_to_statsig_api(true)
    };
    let (lab, details, _) = start(with_fallback, [Answer::hang(), good(1)]).await;
    assert!(details.init_success && details.is_config_spec_ready);
    assert_eq!(lab.urls().len(), 2);

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("specs.json");
    std::fs::write(&file, specs::at(1, true).to_string()).unwrap();
    let with_file = |options| {
        limited(options).spec_adapters_config([
            SpecAdapterConfig::network_http(),
            SpecAdapterConfig::adapter(FileSpecs::new(&file)),
        ])
    };
    let lab = Lab::new(with_file);
    lab.network.next(Endpoint::Specs, Answer::hang());
    lab.network.serve_specs(specs::at(2, true).to_string());
    let details = lab.statsig.initialize().await.unwrap();
    assert!(details.init_success && details.is_config_spec_ready);
    // Another source was faster than the one that keeps specs fresh. So the client asks that one at
    // once, not an interval later.
    pass(1.0).await;
    assert_eq!(lab.lcut(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_does_not_hold_up_id_lists_that_the_network_has() {
    for limit_ms in [3_000, 300] {
        id_lists_despite_a_hanging_store(Duration::from_millis(limit_ms)).await;
    }
}

async fn id_lists_despite_a_hanging_store(limit: Duration) {
    let store = Arc::new(MemoryStore {
        keeps_id_lists: true,
        polls_id_lists: Some(false),
        ..hanging()
    });
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::id_list_gate(1, "a_list").to_string());
    network.set_id_list_file("a_list", "+Z/hEKLio\n");
    let lab = Lab::on(network, |options| {
        options
            .data_store(store)
            .enable_id_lists(true)
            .init_timeout(limit)
    });
    let details = lab.statsig.initialize().await.unwrap();
    assert_eq!(details.is_id_list_ready, Some(true));
    assert!(details.duration < Duration::from_secs(1), "{details:?}");
    let user = StatsigUser::with_user_id("a-user");
    assert!(lab.statsig.check_gate(&user, "in_list"));
}
